import HookupCore
import NIOCore

extension OutboxWriter {
  typealias Located = (sequence: UInt64, location: JournalIndex.Location)

  /// Entries that lie close together are read in one go: at most this many bytes, unless one entry is larger.
  private static let readBytes = 1 << 20
  /// Settled records of up to this many bytes between two entries are read along.
  private static let skippedBytes = 64 << 10

  func read(
    from sequence: UInt64, _ maximumCount: Int, _ maximumBytes: Int
  ) -> Result<[OutboxEntry], HookupError> {
    let found = index.entries(
      from: sequence, maximumCount: maximumCount, maximumBytes: maximumBytes)
    var entries: [OutboxEntry] = []
    entries.reserveCapacity(found.count)
    var rest = found[...]
    while let next = rest.first {
      if let entry = cache[next.sequence] {
        entries.append(entry)
        rest.removeFirst()
        continue
      }
      let uncached = rest.prefix { cache[$0.sequence] == nil }
      do throws(HookupError) {
        try load(uncached) { entries.append($0) }
      } catch {
        return .failure(error)
      }
      rest = rest.dropFirst(uncached.count)
    }
    return .success(entries)
  }

  /// Reads entries from their files, in order.
  func load(
    _ entries: ArraySlice<Located>, _ body: (OutboxEntry) -> Void
  ) throws(HookupError) {
    var rest = entries
    while let first = rest.first {
      var end = first.location.end
      let run = rest.prefix { entry in
        guard entry.location.segment == first.location.segment,
          Int(entry.location.offset) - end <= Self.skippedBytes,
          entry.location.end - Int(first.location.offset) <= Self.readBytes
            || entry.sequence == first.sequence
        else { return false }
        end = entry.location.end
        return true
      }
      try loadRun(run, to: end, body)
      rest = rest.dropFirst(run.count)
    }
  }

  /// Reads entries of one segment with one call to the system.
  private func loadRun(
    _ run: ArraySlice<Located>, to end: Int, _ body: (OutboxEntry) -> Void
  ) throws(HookupError) {
    guard let first = run.first?.location,
      let segment = segments.first(where: { $0.id == first.segment })
    else { return }
    let origin = Int(first.offset)
    let bytes = try naming { () throws(FileFailure) in
      try readBytes(of: segment, from: origin, count: end - origin)
    }
    let codec = JournalRecordCodec(name: segment.name)
    for (sequence, location) in run {
      let start = Int(location.offset) - origin
      let record = bytes.withUnsafeReadableBytes { codec.read($0, at: start, origin: origin) }
      guard let record, record.kind == .message, record.sequence == sequence,
        let payload = bytes.getSlice(at: record.payload.lowerBound, length: record.payload.count)
      else {
        throw HookupError(
          .corrupt,
          "message \(sequence) in outbox file '\(segment.path)' was damaged at byte \(location.offset) after "
            + "it was opened: check the disk; opening the outbox again sets the file aside")
      }
      body(
        OutboxEntry(
          sequence: sequence, flags: record.flags,
          ackTimeoutMilliseconds: record.ackTimeoutMilliseconds, tag: record.tag, payload: payload))
    }
  }

  private func readBytes(
    of segment: Segment, from position: Int, count: Int
  ) throws(FileFailure) -> ByteBuffer {
    let file = try openForReading(segment)
    var bytes = ByteBuffer()
    var failure: FileFailure?
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      do throws(FileFailure) {
        return try files.read(
          file, at: position, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private func openForReading(_ segment: Segment) throws(FileFailure) -> OpenFile {
    if let file, segments.last?.id == segment.id { return file }
    if let reader, reader.id == segment.id { return reader.file }
    let file = try files.open(segment.path, creating: false)
    if let reader { files.close(reader.file) }
    reader = (segment.id, file)
    return file
  }

  /// Forgets the open file of a segment that goes.
  func forgetReader(of id: UInt32) {
    guard let reader, reader.id == id else { return }
    files.close(reader.file)
    self.reader = nil
  }
}

extension JournalIndex.Location {
  /// One past the record's last byte.
  var end: Int { Int(offset) + JournalRecordCodec.headerBytes + Int(payloadBytes) }
}
