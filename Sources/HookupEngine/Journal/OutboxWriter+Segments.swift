import HookupCore
import NIOCore

extension OutboxWriter {
  func path(_ name: String) -> String { "\(directory)/\(name)" }

  /// Makes sure that there is a segment to write to, with room for `bytes` more.
  func prepareSegment(for bytes: Int) throws(HookupError) {
    try rewriteUnsafeEntries()
    if file != nil, let segment = segments.last {
      let isEmpty = segment.used == JournalSegmentHeader.encodedBytes
      let settledBytes = unsavedSettled.count * 16 + JournalRecordCodec.headerBytes
      if isEmpty || segment.used + settledBytes + bytes <= options.segmentBytes { return }
      do throws(FileFailure) {
        try finishSegment()
      } catch {
        poison()
        throw error.asError
      }
    }
    try startSegment(first: nextSequence, copying: [])
  }

  /// Makes the last segment durable and lets go of it, so that the next one can begin.
  private func finishSegment() throws(FileFailure) {
    guard let file, let last = segments.indices.last else { return }
    if segments[last].durable < segments[last].used {
      try files.synchronize(file)
      segments[last].durable = segments[last].used
      syncDeadline = nil
    }
    // Only gives reserved space back: recovery takes zeros for the end.
    try? files.truncate(file, to: segments[last].used)
    segments[last].allocated = segments[last].used
    files.close(file)
    self.file = nil
  }

  /// Makes a segment, with copies of entries of older ones, and makes it the one to write to.
  func startSegment(
    first: UInt64, copying entries: [Located]
  ) throws(HookupError) {
    let rivals = segments.filter { $0.name.epoch == epoch && $0.name.first == first }
    let name = JournalSegmentName(
      epoch: epoch, first: first, generation: rivals.map { $0.name.generation + 1 }.max() ?? 0)
    let (segment, file, copies) = try makeSegment(
      JournalSegmentHeader(
        name: name, settledBefore: index.lowest ?? nextSequence,
        confirmsEarly: options.confirmsEarly), withdrawn: withdrawn, copying: entries)
    do throws(HookupError) {
      try naming { () throws(FileFailure) in try files.synchronizeDirectory(directory) }
    } catch {
      // The next attempt gives its file the same name, over this one.
      files.close(file)
      throw error
    }
    segments.append(segment)
    self.file = file
    for copy in copies { index.move(copy.sequence, to: copy.location) }
  }

  /// Writes a whole segment under a temporary name, makes it durable and gives it its name, in the place of a file that has it
  /// already. Nothing else changes; the caller makes the directory durable.
  /// - Parameter withdrawn: what the segment begins with.
  func makeSegment(
    _ header: JournalSegmentHeader, withdrawn: Set<UInt64> = [], copying entries: [Located]
  ) throws(HookupError) -> (segment: Segment, file: OpenFile, copies: [Located]) {
    let temporary = path(Self.temporaryName)
    var segment = Segment(
      id: nextID, name: header.name, path: path(header.name.description), used: 0, durable: 0,
      allocated: 0)
    var file = try naming { () throws(FileFailure) in
      try files.open(temporary, creating: true)
    }
    do throws(HookupError) {
      var bytes = ByteBuffer()
      header.write(into: &bytes)
      if !withdrawn.isEmpty {
        let position = bytes.readableBytes
        JournalRecordCodec(name: segment.name).write(
          withdrawn: withdrawn.sorted().map { $0...$0 }, at: position, durable: position,
          into: &bytes)
      }
      let copies = try write(bytes, entries, to: file, &segment)
      try naming { () throws(FileFailure) in
        try files.synchronize(file)
        try files.rename(temporary, to: segment.path)
      }
      segment.durable = segment.used
      nextID += 1
      file.path = segment.path
      return (segment, file, copies)
    } catch {
      files.close(file)
      try? files.remove(temporary)
      throw error
    }
  }

  /// Writes `bytes` and then copies of `entries` to a file that is being made, and takes note in `segment`.
  private func write(
    _ bytes: ByteBuffer, _ entries: [Located], to file: OpenFile, _ segment: inout Segment
  ) throws(HookupError) -> [Located] {
    var bytes = bytes
    var copies: [Located] = []
    copies.reserveCapacity(entries.count)
    let codec = JournalRecordCodec(name: segment.name)
    var rest = entries[...]
    repeat {
      let chunk = rest.prefix(256)
      rest = rest.dropFirst(chunk.count)
      var position = segment.used + bytes.readableBytes
      try load(chunk) { entry in
        // The file is durable as a whole before it gets its name.
        codec.write(entry, at: position, durable: position, into: &bytes)
        let location = JournalIndex.Location(
          segment: segment.id, offset: UInt32(clamping: position),
          payloadBytes: UInt32(clamping: JournalRecordCodec.bodyBytes(of: entry)))
        copies.append((entry.sequence, location))
        position += JournalRecordCodec.encodedBytes(of: entry)
      }
      reserve(file, &segment, bytes: bytes.readableBytes)
      try naming { () throws(FileFailure) in
        try writeBuffer(bytes, to: file, at: segment.used)
      }
      segment.used += bytes.readableBytes
      bytes.clear()
    } while !rest.isEmpty
    return copies
  }

  /// Takes space ahead. A help only: when the disk is full, the write itself will say so.
  func reserve(_ file: OpenFile, _ segment: inout Segment, bytes: Int) {
    let needed = segment.used + bytes
    guard needed > segment.allocated else { return }
    let target = max(
      needed, min(max(2 * segment.allocated, Self.reserveBytes), options.segmentBytes))
    do throws(FileFailure) {
      try files.reserve(file, bytes: target)
      segment.allocated = target
    } catch {
      segment.allocated = max(segment.allocated, needed)
    }
  }

  // MARK: Writing to the last segment

  /// Stages what is settled and not yet written down, in front of the group's entries.
  func stageSettled() {
    guard let segment = segments.last, file != nil, !unsavedSettled.isEmpty else { return }
    JournalRecordCodec(name: segment.name).write(
      settled: unsavedSettled, at: segment.used + buffer.readableBytes, durable: segment.durable,
      into: &buffer)
  }

  /// Writes what is staged, with everything in ``unsavedSettled``, and makes it as durable as the options ask.
  /// - Returns: nil, or why nothing of it counts.
  func flush(syncing: Bool = true) -> HookupError? {
    guard let file, let last = segments.indices.last else { return .outboxClosed }
    do throws(FileFailure) {
      reserve(file, &segments[last], bytes: buffer.readableBytes)
      try writeBuffer(buffer, to: file, at: segments[last].used)
      if options.sync == .commit, syncing { try files.synchronize(file) }
    } catch {
      poison()
      return error.asError
    }
    segments[last].used += buffer.readableBytes
    if options.sync == .commit, syncing { segments[last].durable = segments[last].used }
    if case .interval(let interval) = options.sync, syncDeadline == nil {
      syncDeadline = .now + interval
    }
    unsavedSettled.removeAll(keepingCapacity: true)
    // Now that the files say so.
    if !withdrawn.isEmpty { withdrawn = withdrawn.filter { index[$0] != nil } }
    settleDeadline = nil
    return nil
  }

  func writeBuffer(
    _ buffer: ByteBuffer, to file: OpenFile, at position: Int
  ) throws(FileFailure) {
    try buffer.withUnsafeReadableBytes { bytes throws(FileFailure) in
      try files.write(file, at: position, bytes)
    }
  }

  /// Gives the last segment up after a failed write or fdatasync: its descriptor is never synchronized
  /// again, later entries go to a new segment. What is durable in it stays good.
  func poison() {
    guard let file, let last = segments.indices.last else { return }
    // Removes what was not confirmed. If this fails too, the first sequence of the next segment makes it void.
    try? files.truncate(file, to: segments[last].used)
    segments[last].allocated = segments[last].used
    if options.confirmsEarly, segments[last].durable < segments[last].used {
      unsafeSegment = segments[last].id
    }
    files.close(file)
    self.file = nil
    syncDeadline = nil
  }

  /// Entries that were confirmed before they were durable, in a segment that then failed, are written again to a new one,
  /// from what the system still holds of them.
  func rewriteUnsafeEntries() throws(HookupError) {
    guard let id = unsafeSegment, let old = segments.first(where: { $0.id == id }) else { return }
    let entries = index.entries(in: id).filter { Int($0.location.offset) >= old.durable }
    try startSegment(first: entries.first?.sequence ?? nextSequence, copying: entries)
    unsafeSegment = nil
  }

  // MARK: Deadlines and the end

  func attendToDeadlines() {
    guard settleDeadline != nil || syncDeadline != nil else { return }
    let now = MonotonicInstant.now
    if let deadline = settleDeadline, deadline <= now, saveSettled() != nil {
      settleDeadline = now + .seconds(1)
    }
    if let deadline = syncDeadline, deadline <= now {
      syncDeadline = nil
      _ = synchronizeLast()
    }
  }

  /// Writes down what is settled, without an fdatasync of its own.
  private func saveSettled() -> HookupError? {
    settleDeadline = nil
    guard !unsavedSettled.isEmpty else { return nil }
    do throws(HookupError) {
      try prepareSegment(for: 0)
    } catch {
      return error
    }
    buffer.clear()
    stageSettled()
    return flush(syncing: false)
  }

  private func synchronizeLast() -> HookupError? {
    guard let file, let last = segments.indices.last,
      segments[last].durable < segments[last].used
    else { return nil }
    do throws(FileFailure) {
      try files.synchronize(file)
      segments[last].durable = segments[last].used
      return nil
    } catch {
      poison()
    }
    do throws(HookupError) {
      try rewriteUnsafeEntries()
      return nil
    } catch {
      return error
    }
  }

  /// Writes what is left, closes the files and gives the lock back.
  func finish() -> Result<Void, HookupError> {
    var failure = saveSettled()
    do throws(HookupError) {
      try rewriteUnsafeEntries()
    } catch {
      failure = failure ?? error
    }
    if options.sync != .os { failure = failure ?? synchronizeLast() }
    if let file, let last = segments.last {
      try? files.truncate(file, to: last.used)
      files.close(file)
    }
    if let reader { files.close(reader.file) }
    file = nil
    reader = nil
    files.close(lock)
    return failure.map { .failure($0) } ?? .success(())
  }
}
