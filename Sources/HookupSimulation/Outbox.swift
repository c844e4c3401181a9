import HookupCore
import NIOCore

/// Where a sender keeps what is not settled. Feeds `stored` and `storeFailed` through its driver.
class Outbox {
  unowned let node: Node
  unowned var driver: SessionDriver?
  /// What is unsettled, by number.
  var bodies: [UInt64: UInt64] = [:]

  init(node: Node) { self.node = node }

  func append(_ sequence: UInt64, tag: UInt64, body: UInt64, _ world: World) {
    bodies[sequence] = body
    world.after(.microseconds(10), node) { world in
      self.driver?.feed(.stored(through: sequence), world)
    }
  }

  func settle(_ sequence: UInt64, _ world: World) { bodies[sequence] = nil }

  /// Notes durably that a message is withdrawn; feeds `withdrawalStored` or `withdrawalFailed`.
  func withdraw(_ sequence: UInt64, _ world: World) {
    world.after(.microseconds(10), node) { self.driver?.feed(.withdrawalStored(sequence), $0) }
  }

  final func load(from: UInt64, count: Int, through durable: UInt64) -> [UInt64] {
    guard from <= durable else { return [] }
    var found: [UInt64] = []
    for sequence in from...durable where bodies[sequence] != nil {
      found.append(sequence)
      if found.count == count { break }
    }
    return found
  }
}

/// The outbox in files, written and recovered with the product's own codec.
final class JournaledOutbox: Outbox {
  /// A segment is full at this size, bytes.
  static let segmentBytes = 600
  static let flags: UInt8 = 0
  private static let patience = Duration.milliseconds(200)

  struct Recovered {
    var nextSequence: UInt64 = 1
    var pending: [(sequence: UInt64, bytes: Int, ackTimeout: Duration?, tag: UInt64)] = []
    var withdrawn: Set<UInt64> = []
    /// The epoch of the files; changes when a number may be missing.
    var epoch: UInt64 = 0
    var isDamaged = false
  }

  private struct Segment {
    var name: JournalSegmentName
    var end: Int
    /// The numbers in it that are not settled.
    var held: Set<UInt64> = []
  }

  let prefix: String
  private var segments: [Segment] = []
  private var waiting: [OutboxEntry] = []
  private var withdrawing: [UInt64] = []
  /// The last segment says that these are withdrawn.
  private var withdrawn: Set<UInt64> = []
  private var isWriting = false
  private var settled: [ClosedRange<UInt64>] = []
  /// The next write goes to a new segment: an fsync has failed.
  private var mustRestart = false
  /// The highest number that was synced. A segment begins right behind it, so that what failed leaves no hole.
  private var lastSynced: UInt64 = 0
  private(set) var epoch: UInt64 = 0

  init(node: Node, prefix: String) {
    self.prefix = prefix
    super.init(node: node)
  }

  private func path(_ name: JournalSegmentName) -> String { prefix + name.description }

  /// What shares a write.
  private enum Batch {
    case entries([OutboxEntry])
    case withdrawals([UInt64])
  }

  // MARK: Writing

  override func append(_ sequence: UInt64, tag: UInt64, body: UInt64, _ world: World) {
    bodies[sequence] = body
    var payload = ByteBuffer()
    payload.writeInteger(body)
    waiting.append(
      OutboxEntry(
        sequence: sequence, flags: Self.flags, ackTimeoutMilliseconds: 0, tag: tag,
        payload: payload))
    write(world)
  }

  override func settle(_ sequence: UInt64, _ world: World) {
    guard bodies.removeValue(forKey: sequence) != nil else { return }
    settled.append(sequence...sequence)
    for index in segments.indices { segments[index].held.remove(sequence) }
    while segments.count > 1, let first = segments.first, first.held.isEmpty {
      node.disk.remove(path(first.name))
      segments.removeFirst()
    }
  }

  override func withdraw(_ sequence: UInt64, _ world: World) {
    withdrawing.append(sequence)
    if world.mutation == .withdrawBeforeDurable {
      world.after(.zero, node) { self.driver?.feed(.withdrawalStored(sequence), $0) }
    }
    write(world)
  }

  private func write(_ world: World) {
    guard !isWriting, !waiting.isEmpty || !withdrawing.isEmpty else { return }
    isWriting = true
    let batch: Batch
    if waiting.isEmpty {
      batch = .withdrawals(withdrawing)
      withdrawing = []
    } else {
      batch = .entries(waiting)
      if world.mutation == .transmitBeforeDurable, let last = waiting.last {
        world.after(.zero, node) { world in
          self.driver?.feed(.stored(through: last.sequence), world)
        }
      }
      waiting = []
    }
    if let last = segments.last, !mustRestart, last.end < Self.segmentBytes {
      put(batch, world)
    } else {
      begin(batch, world)
    }
  }

  /// A new segment first.
  private func begin(_ batch: Batch, _ world: World) {
    let first = lastSynced + 1
    var name = JournalSegmentName(epoch: epoch, first: first)
    if let last = segments.last?.name, last.first == first, last.epoch == epoch {
      name.generation = last.generation + 1
    }
    let header = JournalSegmentHeader(
      name: name, settledBefore: min(bodies.keys.min() ?? first, first))
    var buffer = ByteBuffer()
    header.write(into: &buffer)
    writeWithdrawn(name, into: &buffer)
    let end = buffer.readableBytes
    var fault: SimulatedDisk.Fault?
    world.io(
      node, "makes \(name)",
      effect: { _ in
        do throws(SimulatedDisk.Fault) {
          try self.node.disk.replace(self.path(name), with: Array(buffer.readableBytesView))
        } catch { fault = error }
      },
      then: { world in
        if let fault { return self.failed(batch, fault, world) }
        self.mustRestart = false
        self.segments.append(Segment(name: name, end: end))
        self.put(batch, world)
      })
  }

  /// A segment begins with all that is withdrawn.
  private func writeWithdrawn(_ name: JournalSegmentName, into buffer: inout ByteBuffer) {
    guard !withdrawn.isEmpty else { return }
    JournalRecordCodec(name: name).write(
      withdrawn: withdrawn.sorted().map { $0...$0 }, at: buffer.readableBytes,
      durable: buffer.readableBytes, into: &buffer)
  }

  private func put(_ batch: Batch, _ world: World) {
    guard var segment = segments.last else { return }
    let codec = JournalRecordCodec(name: segment.name)
    var buffer = ByteBuffer()
    let durable = segment.end
    if !settled.isEmpty {
      codec.write(settled: settled, at: segment.end, durable: durable, into: &buffer)
    }
    var entries: [OutboxEntry] = []
    switch batch {
    case .entries(let batch):
      entries = batch
      for entry in batch {
        codec.write(
          entry, at: segment.end + buffer.readableBytes, durable: durable, into: &buffer)
      }
    case .withdrawals(let sequences):
      codec.write(
        withdrawn: sequences.map { $0...$0 }, at: segment.end + buffer.readableBytes,
        durable: durable, into: &buffer)
    }
    let path = path(segment.name)
    var fault: SimulatedDisk.Fault?
    let written = settled
    world.io(
      node, "writes \(entries.count) to \(segment.name)",
      effect: { _ in
        do throws(SimulatedDisk.Fault) {
          try self.node.disk.append(buffer.readableBytesView, to: path)
        } catch { fault = error }
      },
      then: { world in
        if let fault { return self.failed(batch, fault, world) }
        segment.end += buffer.readableBytes
        segment.held.formUnion(entries.map(\.sequence).filter { self.bodies[$0] != nil })
        self.segments[self.segments.count - 1] = segment
        self.settled.removeFirst(written.count)
        self.sync(batch, settled: written, path, world)
      })
  }

  private func sync(
    _ batch: Batch, settled: [ClosedRange<UInt64>], _ path: String, _ world: World
  ) {
    var fault: SimulatedDisk.Fault?
    world.io(
      node, "syncs",
      effect: { world in
        do throws(SimulatedDisk.Fault) {
          try self.node.disk.sync(path)
        } catch {
          fault = error
          if world.mutation == .retryFsync {
            fault = nil
            try? self.node.disk.sync(path)
          }
        }
      },
      then: { world in
        if let fault { return self.failed(batch, fault, world) }
        self.isWriting = false
        self.withdrawn = self.withdrawn.filter { number in
          !settled.contains { $0.contains(number) }
        }
        self.synced(batch, world)
        self.write(world)
      })
  }

  private func synced(_ batch: Batch, _ world: World) {
    switch batch {
    case .entries(let entries):
      guard let last = entries.last?.sequence else { return }
      lastSynced = last
      if world.mutation != .transmitBeforeDurable { driver?.feed(.stored(through: last), world) }
    case .withdrawals(let sequences):
      withdrawn.formUnion(sequences)
      guard world.mutation != .withdrawBeforeDurable else { return }
      for sequence in sequences { driver?.feed(.withdrawalStored(sequence), world) }
    }
  }

  private func failed(_ batch: Batch, _ fault: SimulatedDisk.Fault, _ world: World) {
    world.note(node, "the disk: \(fault)")
    isWriting = false
    switch batch {
    case .entries(let entries): failed(entries, fault, world)
    case .withdrawals(let sequences):
      if fault != .full { mustRestart = true }
      for sequence in sequences {
        if let driver { world.oracle.notWithdrawn(sequence, by: driver) }
        driver?.feed(.withdrawalFailed(sequence), world)
      }
      write(world)
    }
  }

  private func failed(_ batch: [OutboxEntry], _ fault: SimulatedDisk.Fault, _ world: World) {
    let range = batch[0].sequence...batch[batch.count - 1].sequence
    if fault == .full {
      if world.mutation == .dropWhenFull {
        self.driver?.feed(.stored(through: range.upperBound), world)
        return write(world)
      }
      guard world.plan.failsWhenDiskFull else {
        // `send` waits until there is room.
        waiting = batch + waiting
        world.after(Self.patience, node) { self.write($0) }
        return
      }
    } else {
      mustRestart = true
    }
    for sequence in range { bodies[sequence] = nil }
    driver?.feed(
      .storeFailed(range, HookupError(.storage, "the disk failed: \(fault)")), world)
    write(world)
  }

  // MARK: Recovery

  /// What the files of one outbox say.
  private static func read(
    _ disk: SimulatedDisk, _ prefix: String, onError: (String) -> Void
  ) -> JournalRecovery {
    let names = disk.names.compactMap { name in
      name.hasPrefix(prefix) ? JournalSegmentName(String(name.dropFirst(prefix.count))) : nil
    }
    var recovery = JournalRecovery(names: names)
    for name in recovery.names {
      let path = prefix + name.description
      let bytes = disk[path]?.bytes ?? []
      do {
        try bytes.withUnsafeBytes { try recovery.add($0, path: path) }
      } catch {
        onError("recovery of \(name): \(error)")
      }
    }
    return recovery
  }

  /// What a process that opened the outbox with this prefix now would find in it: the files' epoch, and what is not settled.
  static func contents(
    of disk: SimulatedDisk, prefix: String
  ) -> (epoch: UInt64, bodies: [UInt64: UInt64]) {
    let recovery = read(disk, prefix) { _ in }
    var bodies: [UInt64: UInt64] = [:]
    for entry in recovery.entries {
      guard let location = recovery.index[entry.sequence] else { continue }
      bodies[entry.sequence] = body(location, recovery, disk, prefix)
    }
    return (recovery.epoch ?? 0, bodies)
  }

  /// Reads the files. Nil when the disk does not let it be put in order: try again later.
  func recover(_ world: World) -> Recovered? {
    let recovery = Self.read(node.disk, prefix) { world.oracle.violation($0) }
    for segment in recovery.segments {
      world.note(node, "finds \(segment.name): \(segment.verdict)")
    }
    var recovered = Recovered()
    recovered.nextSequence = recovery.nextSequence
    lastSynced = recovery.nextSequence - 1
    recovered.isDamaged = recovery.needsNewEpoch
    for entry in recovery.entries {
      guard let location = recovery.index[entry.sequence],
        let body = Self.body(location, recovery, node.disk, prefix)
      else {
        world.oracle.violation("recovery gave number \(entry.sequence), which cannot be read")
        continue
      }
      bodies[entry.sequence] = body
      recovered.pending.append((entry.sequence, entry.bytes, nil, entry.tag))
    }
    if world.mutation != .forgetWithdrawals { withdrawn = recovery.withdrawn }
    recovered.withdrawn = withdrawn
    epoch = recovery.epoch ?? max(1, world.random.next())
    recovered.epoch = epoch
    return settleFiles(recovery) ? recovered : nil
  }

  private static func body(
    _ location: JournalIndex.Location, _ recovery: JournalRecovery, _ disk: SimulatedDisk,
    _ prefix: String
  ) -> UInt64? {
    guard let segment = recovery.segments.first(where: { $0.id == location.segment }),
      let bytes = disk[prefix + segment.name.description]?.bytes
    else { return nil }
    return bytes.withUnsafeBytes { bytes in
      JournalRecordCodec(name: segment.name).read(bytes, at: Int(location.offset)).flatMap {
        $0.payload.count == 8
          ? UInt64(
            bigEndian: bytes.loadUnaligned(fromByteOffset: $0.payload.lowerBound, as: UInt64.self))
          : nil
      }
    }
  }

  /// Carries the verdicts out. False when the disk fails.
  private func settleFiles(_ recovery: JournalRecovery) -> Bool {
    settled = recovery.settledToRepeat
    var kept: [Segment] = []
    for segment in recovery.segments {
      switch segment.verdict {
      case .clean:
        // A file may have grown in length and not in content.
        node.disk.truncate(path(segment.name), to: segment.end)
      case .torn(let at, _, _): node.disk.truncate(path(segment.name), to: at)
      case .corrupt, .superseded: continue
      }
      let held = recovery.index.entries(in: segment.id).map(\.sequence)
      kept.append(Segment(name: segment.name, end: segment.end, held: Set(held)))
    }
    segments = kept
    if recovery.needsNewEpoch || kept.isEmpty {
      let name = JournalSegmentName(epoch: epoch, first: recovery.nextSequence)
      let header = JournalSegmentHeader(
        name: name, settledBefore: min(bodies.keys.min() ?? name.first, name.first))
      var buffer = ByteBuffer()
      header.write(into: &buffer)
      writeWithdrawn(name, into: &buffer)
      do throws(SimulatedDisk.Fault) {
        try node.disk.replace(path(name), with: Array(buffer.readableBytesView))
      } catch { return false }
      segments.append(Segment(name: name, end: buffer.readableBytes))
    }
    for segment in recovery.segments {
      switch segment.verdict {
      case .corrupt, .superseded: node.disk.remove(path(segment.name))
      case .clean, .torn: break
      }
    }
    return true
  }
}
