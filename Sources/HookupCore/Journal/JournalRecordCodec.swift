import NIOCore

/// Writes and reads the records of one segment. All integers are little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 0–3 | CRC-32C of all other bytes |
/// | 4–7 | payload length |
/// | 8 | kind |
/// | 9 | flags |
/// | 10 | bit 0: a tag stands before the payload |
/// | 11 | 0 |
/// | 12–15 | durable bytes |
/// | 16–23 | sequence |
/// | 24–27 | ack timeout, ms |
/// | 28–35 | the message's tag, if there is one |
/// | … | payload |
///
/// The payload length counts the tag.
///
/// A record's checksum starts from a seed made of the segment's name and the record's position, so bytes that were copied
/// from elsewhere, or that a payload carries, never pass for a record.
package struct JournalRecordCodec: Sendable {
  package static let headerBytes = 28
  /// One record's payload. A bound of sanity, far above any message limit.
  package static let maximumPayloadBytes = 64 << 20
  /// Ranges of one record's list; longer lists become several records.
  package static let maximumRangesInRecord = 4_096

  private let seed: UInt32

  package init(name: JournalSegmentName) {
    let parts = [
      name.epoch.littleEndian, name.first.littleEndian, UInt64(name.generation).littleEndian,
    ]
    seed = parts.withUnsafeBytes { CRC32C.checksum($0) }
  }

  static let tagBytes = 8

  /// Bytes that `entry` takes in a segment.
  package static func encodedBytes(of entry: OutboxEntry) -> Int {
    headerBytes + bodyBytes(of: entry)
  }

  /// Bytes of `entry` behind the record's header.
  package static func bodyBytes(of entry: OutboxEntry) -> Int {
    entry.payload.readableBytes + (entry.tag == 0 ? 0 : tagBytes)
  }

  // MARK: Writing

  /// Appends `entry` to `buffer`.
  /// - Parameters:
  ///   - position: where in the segment the record will stand, in bytes.
  ///   - durable: how many bytes of the segment are known to be durable.
  package func write(
    _ entry: OutboxEntry, at position: Int, durable: Int, into buffer: inout ByteBuffer
  ) {
    let payloadBytes = Self.bodyBytes(of: entry)
    let bytes = Self.headerBytes + payloadBytes
    let isTagged = entry.tag != 0
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { target in
      let record = UnsafeMutableRawBufferPointer(rebasing: target[..<bytes])
      setHeader(
        record, .message, flags: entry.flags, isTagged: isTagged, sequence: entry.sequence,
        ackTimeout: entry.ackTimeoutMilliseconds, payloadBytes: payloadBytes, durable: durable)
      if isTagged { record.set(entry.tag, at: Self.headerBytes) }
      let start = Self.headerBytes + (isTagged ? Self.tagBytes : 0)
      entry.payload.withUnsafeReadableBytes { payload in
        UnsafeMutableRawBufferPointer(rebasing: record[start...])
          .copyMemory(from: payload)
      }
      seal(record, at: position)
      return bytes
    }
  }

  /// Bytes that a list of `count` ranges takes in a segment.
  package static func encodedBytes(ofRanges count: Int) -> Int {
    let records = (count + maximumRangesInRecord - 1) / maximumRangesInRecord
    return records * headerBytes + count * 16
  }

  /// Appends as many `settled` records as `ranges` need.
  package func write(
    settled ranges: [ClosedRange<UInt64>], at position: Int, durable: Int,
    into buffer: inout ByteBuffer
  ) {
    write(.settled, of: ranges, at: position, durable: durable, into: &buffer)
  }

  /// Appends as many `withdrawn` records as `ranges` need.
  package func write(
    withdrawn ranges: [ClosedRange<UInt64>], at position: Int, durable: Int,
    into buffer: inout ByteBuffer
  ) {
    write(.withdrawn, of: ranges, at: position, durable: durable, into: &buffer)
  }

  private func write(
    _ kind: JournalRecord.Kind, of ranges: [ClosedRange<UInt64>], at position: Int, durable: Int,
    into buffer: inout ByteBuffer
  ) {
    var position = position
    var rest = ranges[...]
    while let first = rest.first {
      let part = rest.prefix(Self.maximumRangesInRecord)
      rest = rest.dropFirst(part.count)
      let bytes = Self.headerBytes + part.count * 16
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { target in
        let record = UnsafeMutableRawBufferPointer(rebasing: target[..<bytes])
        setHeader(
          record, kind, flags: 0, sequence: first.lowerBound, ackTimeout: 0,
          payloadBytes: part.count * 16, durable: durable)
        var offset = Self.headerBytes
        for range in part {
          record.set(range.lowerBound, at: offset)
          record.set(range.upperBound, at: offset + 8)
          offset += 16
        }
        seal(record, at: position)
        return bytes
      }
      position += bytes
    }
  }

  private func setHeader(
    _ record: UnsafeMutableRawBufferPointer, _ kind: JournalRecord.Kind, flags: UInt8,
    isTagged: Bool = false, sequence: UInt64, ackTimeout: UInt32, payloadBytes: Int, durable: Int
  ) {
    record.set(UInt32(clamping: payloadBytes), at: 4)
    record.set(UInt32(kind.rawValue) | UInt32(flags) << 8 | (isTagged ? 1 << 16 : 0), at: 8)
    record.set(UInt32(clamping: durable), at: 12)
    record.set(sequence, at: 16)
    record.set(ackTimeout, at: 24)
  }

  private func seal(_ record: UnsafeMutableRawBufferPointer, at position: Int) {
    record.set(checksum(of: UnsafeRawBufferPointer(record), at: position), at: 0)
  }

  /// The checksum of the record that is exactly `bytes` and starts at `position` of the segment.
  private func checksum(of bytes: UnsafeRawBufferPointer, at position: Int) -> UInt32 {
    CRC32C.checksum(
      UnsafeRawBufferPointer(rebasing: bytes[4...]),
      seed: seed ^ UInt32(truncatingIfNeeded: position))
  }

  // MARK: Reading

  /// The record that starts at `start` of `bytes`; nil when no valid one does. Any bytes are safe.
  /// - Parameter origin: where in the segment `bytes` begins.
  package func read(
    _ bytes: UnsafeRawBufferPointer, at start: Int, origin: Int = 0
  ) -> JournalRecord? {
    guard let record = candidate(bytes, at: start, origin: origin),
      isValid(record, in: bytes, origin: origin)
    else { return nil }
    return record
  }

  /// What would be the record at `start` if its checksum held: everything but the checksum has been looked at.
  package func candidate(
    _ bytes: UnsafeRawBufferPointer, at start: Int, origin: Int = 0
  ) -> JournalRecord? {
    guard start >= 0, bytes.count - start >= Self.headerBytes else { return nil }
    let length = Int(bytes.littleEndian(UInt32.self, at: start + 4))
    guard length <= Self.maximumPayloadBytes, length <= bytes.count - start - Self.headerBytes,
      let kind = JournalRecord.Kind(rawValue: bytes[start + 8])
    else { return nil }
    let isTagged = kind == .message && bytes[start + 10] & 1 == 1
    guard !isTagged || length >= Self.tagBytes else { return nil }
    let record = JournalRecord(
      kind: kind, flags: bytes[start + 9],
      tag: isTagged ? bytes.littleEndian(UInt64.self, at: start + Self.headerBytes) : 0,
      tagBytes: isTagged ? Self.tagBytes : 0,
      sequence: bytes.littleEndian(UInt64.self, at: start + 16),
      ackTimeoutMilliseconds: bytes.littleEndian(UInt32.self, at: start + 24),
      durableBytes: Int(bytes.littleEndian(UInt32.self, at: start + 12)), start: start,
      payloadBytes: length)
    guard (1..<JournalSegmentName.sequenceLimit).contains(record.sequence),
      record.durableBytes <= origin + start, kind == .message || (length > 0 && length % 16 == 0)
    else { return nil }
    return record
  }

  /// Whether a candidate's checksum holds.
  package func isValid(
    _ record: JournalRecord, in bytes: UnsafeRawBufferPointer, origin: Int = 0
  ) -> Bool {
    let whole = UnsafeRawBufferPointer(rebasing: bytes[record.start..<record.end])
    return checksum(of: whole, at: origin + record.start)
      == bytes.littleEndian(UInt32.self, at: record.start)
  }

  /// The ranges of a list of `bytes`; impossible ones are left out.
  package static func ranges(
    of record: JournalRecord, in bytes: UnsafeRawBufferPointer
  ) -> [ClosedRange<UInt64>] {
    guard record.kind != .message, record.end <= bytes.count else { return [] }
    return stride(from: record.payload.lowerBound, to: record.payload.upperBound - 15, by: 16)
      .compactMap { position in
        let first = bytes.littleEndian(UInt64.self, at: position)
        let last = bytes.littleEndian(UInt64.self, at: position + 8)
        return first <= last ? first...last : nil
      }
  }
}

extension UnsafeRawBufferPointer {
  /// The caller has checked that the bytes are there.
  package func littleEndian<Integer: FixedWidthInteger>(
    _ type: Integer.Type, at position: Int
  ) -> Integer {
    Integer(littleEndian: loadUnaligned(fromByteOffset: position, as: type))
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The caller has made sure that there is room.
  fileprivate func set<Integer: FixedWidthInteger>(_ value: Integer, at position: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: position, as: Integer.self)
  }
}
