import HookupCore
import NIOCore

/// The part of ``FileOutbox`` that touches files: which segments there are, what is where, what is to be written.
///
/// `@unchecked Sendable`: whoever opens the outbox hands it to the writing thread and keeps no reference; from then on only
/// that thread uses it.
final class OutboxWriter: @unchecked Sendable {
  /// A file of the journal.
  struct Segment {
    let id: UInt32
    var name: JournalSegmentName
    var path: String
    /// Bytes of records and header; what is beyond is space reserved ahead.
    var used: Int
    /// Bytes known to be durable, at most `used`.
    var durable: Int
    /// The file's length.
    var allocated: Int
  }

  let directory: String
  let options: FileOutboxOptions
  let files: any FileLayer
  let lock: OpenFile
  let epoch: UInt64

  /// In order of age.
  var segments: [Segment]
  /// The last segment, open for writing; nil when the next append needs a new one.
  var file: OpenFile?
  var index: JournalIndex
  var nextSequence: UInt64
  var nextID: UInt32
  var cache: TailCache
  /// The file that was read last, unless it is ``file``.
  var reader: (id: UInt32, file: OpenFile)?
  /// A segment that holds confirmed entries which may not be durable and whose descriptor failed: what is
  /// unsettled from its durable length on must be written again before anything else.
  var unsafeSegment: UInt32?

  /// Settled, but the files do not say so yet.
  var unsavedSettled: [ClosedRange<UInt64>]
  var settleDeadline: MonotonicInstant?
  var syncDeadline: MonotonicInstant?
  var mergeNotBefore = MonotonicInstant.zero
  var needsCompaction = true

  var buffer = ByteBuffer()
  var staged: [(entry: OutboxEntry, location: JournalIndex.Location)] = []

  /// Space that is reserved ahead in one step, in bytes. Appending within reserved space makes fdatasync about 1.5
  /// times as fast, since the file's length does not change.
  static let reserveBytes = 1 << 20
  static let temporaryName = "outbox.temporary"

  init(
    directory: String, options: FileOutboxOptions, files: any FileLayer, lock: OpenFile,
    epoch: UInt64, segments: [Segment], file: OpenFile?, recovery: JournalRecovery
  ) {
    self.directory = directory
    self.options = options
    self.files = files
    self.lock = lock
    self.epoch = epoch
    self.segments = segments
    self.file = file
    index = recovery.index
    nextSequence = recovery.nextSequence
    nextID = UInt32(clamping: recovery.names.count) + 1
    unsavedSettled = recovery.settledToRepeat
    cache = TailCache(maximumBytes: options.cacheBytes)
    if !unsavedSettled.isEmpty { settleDeadline = .now + options.settleDelay }
  }

  var usedBytes: Int { segments.reduce(0) { $0 + $1.used } }

  // MARK: The thread

  private enum Work {
    case operations([FileOutbox.Operation])
    case close
  }

  func run(_ mailbox: Monitor<FileOutbox.Mailbox>) {
    while true {
      let deadline = [settleDeadline, syncDeadline].compactMap { $0 }.min()
      let work = mailbox.wait(until: deadline) { mailbox -> Work? in
        guard mailbox.operations.isEmpty else {
          defer {
            mailbox.operations = []
            mailbox.queuedBytes = 0
          }
          return .operations(mailbox.operations)
        }
        return mailbox.isClosing ? .close : nil
      }
      switch work {
      case .operations(let operations): perform(operations)
      case nil: break
      case .close:
        close(mailbox)
        return
      }
      attendToDeadlines()
      compactIfNeeded()
      let bytes = usedBytes
      mailbox.withLock { $0.fileBytes = bytes }
    }
  }

  private func close(_ mailbox: Monitor<FileOutbox.Mailbox>) {
    let result = finish()
    while true {
      var late: [FileOutbox.Operation] = []
      var closers: [FileOutbox.Completion] = []
      mailbox.withLock { mailbox in
        swap(&late, &mailbox.operations)
        swap(&closers, &mailbox.closers)
        if late.isEmpty, closers.isEmpty { mailbox.closed = result }
      }
      if late.isEmpty, closers.isEmpty { return }
      for case .refuse(let refuse) in late { refuse() }
      for closer in closers { closer(result) }
    }
  }

  /// Performs operations in order; appends that fit together share one write.
  private func perform(_ operations: [FileOutbox.Operation]) {
    var rest = operations[...]
    while !rest.isEmpty { rest = rest.dropFirst(performGroup(rest)) }
  }

  private enum Outcome {
    case staged(Int)
    case refused(HookupError)
    case none
  }

  /// - Returns: how many operations were performed, at least one.
  private func performGroup(_ operations: ArraySlice<FileOutbox.Operation>) -> Int {
    buffer.clear()
    staged.removeAll(keepingCapacity: true)
    var outcomes: [Outcome] = []
    var expected = nextSequence
    for operation in operations {
      guard case .append(let entries, _) = operation, !entries.isEmpty else {
        outcomes.append(.none)
        continue
      }
      if let refusal = OutboxAppendRule.refusal(of: entries, next: expected) {
        outcomes.append(.refused(refusal))
        continue
      }
      let bytes = entries.reduce(0) { $0 + JournalRecordCodec.encodedBytes(of: $1) }
      if staged.isEmpty {
        do throws(HookupError) {
          try prepareSegment(for: bytes)
          stageSettled()
        } catch {
          outcomes.append(.refused(error))
          continue
        }
      } else if !fits(bytes) {
        break
      }
      stage(entries)
      outcomes.append(.staged(entries.count))
      expected = (entries.last?.sequence ?? expected) + 1
    }
    let failure = staged.isEmpty ? nil : flush()
    complete(operations, outcomes, failure)
    // One large append does not keep its memory.
    if buffer.capacity > 4 << 20 { buffer = ByteBuffer() }
    return outcomes.count
  }

  private func fits(_ bytes: Int) -> Bool {
    let total = buffer.readableBytes + bytes
    guard total <= options.groupBytes, let segment = segments.last else { return false }
    return segment.used + total <= options.segmentBytes
  }

  private func stage(_ entries: [OutboxEntry]) {
    guard let segment = segments.last else { return }
    let codec = JournalRecordCodec(name: segment.name)
    // Taken out of the object while it grows, so that the loop does not check for exclusive access each time.
    var bytes = ByteBuffer()
    swap(&bytes, &buffer)
    defer { swap(&bytes, &buffer) }
    for entry in entries {
      let position = segment.used + bytes.readableBytes
      codec.write(entry, at: position, durable: segment.durable, into: &bytes)
      let location = JournalIndex.Location(
        segment: segment.id, offset: UInt32(clamping: position),
        payloadBytes: UInt32(clamping: entry.payload.readableBytes))
      staged.append((entry, location))
    }
  }

  private func complete(
    _ operations: ArraySlice<FileOutbox.Operation>, _ outcomes: [Outcome], _ failure: HookupError?
  ) {
    var taken = 0
    for (operation, outcome) in zip(operations, outcomes) {
      switch operation {
      case .append(_, let completion):
        switch outcome {
        case .none: completion(.success(()))
        case .refused(let error): completion(.failure(error))
        case .staged(let count):
          if failure == nil {
            Self.admit(staged[taken..<taken + count], &index, &cache, &nextSequence)
          }
          taken += count
          completion(failure.map { .failure($0) } ?? .success(()))
        }
      case .settle(let sequences): settle(sequences)
      case .read(let sequence, let maximumCount, let maximumBytes, let completion):
        completion(read(from: sequence, maximumCount, maximumBytes))
      case .refuse(let refuse): refuse()
      }
    }
    staged.removeAll(keepingCapacity: true)
  }

  /// Takes entries that are as durable as the options ask into the outbox.
  private static func admit(
    _ entries: ArraySlice<(entry: OutboxEntry, location: JournalIndex.Location)>,
    _ index: inout JournalIndex, _ cache: inout TailCache, _ nextSequence: inout UInt64
  ) {
    for (entry, location) in entries {
      index.append(entry.sequence, at: location)
      cache.append(entry)
      nextSequence = entry.sequence + 1
    }
  }

  private func settle(_ sequences: [UInt64]) {
    for sequence in sequences where index.settle(sequence) {
      cache.remove(sequence)
      if let last = unsavedSettled.last, last.upperBound + 1 == sequence {
        unsavedSettled[unsavedSettled.count - 1] = last.lowerBound...sequence
      } else {
        unsavedSettled.append(sequence...sequence)
      }
      needsCompaction = true
    }
    if !unsavedSettled.isEmpty, settleDeadline == nil {
      settleDeadline = .now + options.settleDelay
    }
  }
}
