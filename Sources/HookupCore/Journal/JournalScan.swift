/// What the bytes of one segment hold: the valid records from the start, and what to think of the first bad one.
package struct JournalScan: Sendable {
  package enum Verdict: Hashable, Sendable {
    /// Records up to `end`; after it nothing, or zeros of space reserved ahead.
    case clean(end: Int)
    /// A write that never became durable was cut off: `bytes` bytes from `at` on mean nothing.
    case torn(at: Int, bytes: Int)
    /// A record after `at` proves that what is bad at `at` was durable once.
    case corrupt(at: Int, bytes: Int)
  }

  package private(set) var records: [JournalRecord] = []
  /// Valid records after the first bad byte. When there are any, the tail may be worth keeping.
  package private(set) var strays: [JournalRecord] = []
  package private(set) var verdict = Verdict.clean(end: 0)
  /// Whether looking for strays was given up, because too many places looked like one.
  package private(set) var gaveUp = false

  /// The highest message sequence among ``records``, or one less than the segment's first.
  package private(set) var lastSequence: UInt64

  /// - Parameters:
  ///   - bytes: the whole file. What its header says is not looked at.
  ///   - name: decides the checksums.
  package init(_ bytes: UnsafeRawBufferPointer, name: JournalSegmentName) {
    lastSequence = name.first - 1
    let codec = JournalRecordCodec(name: name)
    var position = min(JournalSegmentHeader.encodedBytes, bytes.count)
    while let record = codec.read(bytes, at: position), isInOrder(record, after: lastSequence) {
      records.append(record)
      if record.kind == .message { lastSequence = record.sequence }
      position = record.end
    }
    let written = Self.endOfWritten(bytes, from: position)
    guard written > position else {
      verdict = .clean(end: position)
      return
    }
    findStrays(bytes, codec, from: position + 1)
    reachesEnd = (strays.last?.end ?? 0) >= written
    let wasDurable = strays.contains { $0.durableBytes > position }
    let bad = written - position
    verdict = wasDurable ? .corrupt(at: position, bytes: bad) : .torn(at: position, bytes: bad)
  }

  /// Whether the last good record, among ``strays`` too, is the last thing in the file.
  package private(set) var reachesEnd = true

  /// The highest message sequence that was seen anywhere.
  package var highestSequence: UInt64 {
    strays.last { $0.kind == .message }?.sequence ?? lastSequence
  }

  private func isInOrder(_ record: JournalRecord, after last: UInt64) -> Bool {
    record.kind != .message || record.sequence > last
  }

  private mutating func findStrays(
    _ bytes: UnsafeRawBufferPointer, _ codec: JournalRecordCodec, from start: Int
  ) {
    // A payload can be full of what looks like records until the checksum is taken: the search ends in time
    // proportional to the file.
    var budget = 16 * bytes.count + (1 << 20)
    var last = lastSequence
    var position = start
    while position < bytes.count {
      guard let record = codec.candidate(bytes, at: position), isInOrder(record, after: last)
      else {
        position += 1
        continue
      }
      budget -= record.end - record.start
      guard budget > 0 else {
        gaveUp = true
        return
      }
      guard codec.isValid(record, in: bytes) else {
        position += 1
        continue
      }
      strays.append(record)
      if record.kind == .message { last = record.sequence }
      position = record.end
    }
  }

  /// One past the last byte that is not zero; `start` when there is none from there on.
  private static func endOfWritten(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var end = bytes.count
    while end - start >= 8, bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0 {
      end -= 8
    }
    while end > start, bytes[end - 1] == 0 { end -= 1 }
    return end
  }
}
