import NIOCore

/// What stands at the start of a segment file: which sequences it may hold, and what was known when it was made.
///
/// All integers are little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 0–7 | magic |
/// | 8–11 | version |
/// | 12–15 | bit 0: confirms early |
/// | 16–23 | epoch |
/// | 24–31 | first sequence |
/// | 32–39 | settled before |
/// | 40–47 | end of span |
/// | 48–51 | generation |
/// | 52–55 | CRC-32C of bytes 0–51 |
package struct JournalSegmentHeader: Hashable, Sendable {
  package static let encodedBytes = 56
  package static let version: UInt32 = 1
  private static let magic: UInt64 = 0x0A58_5442_4F4B_4F48  // "HOKOBTX\n"

  package var name: JournalSegmentName
  /// Every sequence below this one was settled when the segment was made.
  package var settledBefore: UInt64
  /// For a segment that was merged from several: the first sequence after the last of them; files whose first
  /// sequence lies below it are leftovers. Zero otherwise.
  package var spanEnd: UInt64
  /// Whether entries were confirmed before they were durable (fsync by interval or never). Then a tail that is torn
  /// may have held confirmed entries.
  package var confirmsEarly: Bool

  package init(
    name: JournalSegmentName, settledBefore: UInt64 = 1, spanEnd: UInt64 = 0,
    confirmsEarly: Bool = false
  ) {
    self.name = name
    self.settledBefore = settledBefore
    self.spanEnd = spanEnd
    self.confirmsEarly = confirmsEarly
  }
}

extension JournalSegmentHeader {
  package func write(into buffer: inout ByteBuffer) {
    let start = buffer.writerIndex
    buffer.writeInteger(Self.magic, endianness: .little)
    buffer.writeInteger(Self.version, endianness: .little)
    buffer.writeInteger(UInt32(confirmsEarly ? 1 : 0), endianness: .little)
    buffer.writeInteger(name.epoch, endianness: .little)
    buffer.writeInteger(name.first, endianness: .little)
    buffer.writeInteger(settledBefore, endianness: .little)
    buffer.writeInteger(spanEnd, endianness: .little)
    buffer.writeInteger(name.generation, endianness: .little)
    let checksum = buffer.withUnsafeReadableBytes { bytes in
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[(start - buffer.readerIndex)...]))
    }
    buffer.writeInteger(checksum, endianness: .little)
  }

  /// What the first bytes of a segment file turned out to be.
  package enum Reading: Hashable, Sendable {
    case header(JournalSegmentHeader)
    /// A version this program does not know: hands off.
    case unknownVersion(UInt32)
    case damaged
  }

  package static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
    guard bytes.count >= 12, bytes.littleEndian(UInt64.self, at: 0) == Self.magic
    else { return .damaged }
    let version = bytes.littleEndian(UInt32.self, at: 8)
    let isWhole = bytes.count >= Self.encodedBytes
    guard version == Self.version else {
      // A header that is whole but for its version number was hit by damage, not written by a later program.
      return isWhole && checksumHolds(bytes, version: Self.version)
        ? .damaged : .unknownVersion(version)
    }
    guard isWhole, checksumHolds(bytes, version: version) else { return .damaged }
    let header = JournalSegmentHeader(
      name: JournalSegmentName(
        epoch: bytes.littleEndian(UInt64.self, at: 16),
        first: bytes.littleEndian(UInt64.self, at: 24),
        generation: bytes.littleEndian(UInt32.self, at: 48)),
      settledBefore: bytes.littleEndian(UInt64.self, at: 32),
      spanEnd: bytes.littleEndian(UInt64.self, at: 40),
      confirmsEarly: bytes.littleEndian(UInt32.self, at: 12) & 1 == 1)
    let limit = JournalSegmentName.sequenceLimit
    guard (1..<limit).contains(header.name.first), header.settledBefore <= limit,
      header.spanEnd <= limit
    else { return .damaged }
    return .header(header)
  }

  private static func checksumHolds(_ bytes: UnsafeRawBufferPointer, version: UInt32) -> Bool {
    var checksum = CRC32C()
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<8]))
    withUnsafeBytes(of: version.littleEndian) { checksum.update($0) }
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[12..<52]))
    return checksum.value == bytes.littleEndian(UInt32.self, at: 52)
  }
}
