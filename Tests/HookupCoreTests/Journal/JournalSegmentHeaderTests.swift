import NIOCore
import Testing

@testable import HookupCore

@Suite struct JournalSegmentHeaderTests {
  private let header = JournalSegmentHeader(
    name: JournalSegmentName(epoch: 0xDEAD_BEEF, first: 42, generation: 2), settledBefore: 40,
    spanEnd: 99, confirmsEarly: true)

  private func bytes(_ header: JournalSegmentHeader) -> [UInt8] {
    var buffer = ByteBuffer()
    header.write(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private func read(_ bytes: [UInt8]) -> JournalSegmentHeader.Reading {
    bytes.withUnsafeBytes { JournalSegmentHeader.read($0) }
  }

  @Test func `a header is read back as it was written`() {
    #expect(bytes(header).count == JournalSegmentHeader.encodedBytes)
    #expect(read(bytes(header)) == .header(header))
    #expect(read(bytes(header) + [1, 2, 3]) == .header(header))
  }

  @Test func `a cut or damaged header is damaged, at any byte and bit`() {
    let whole = bytes(header)
    for length in 0..<whole.count { #expect(read(Array(whole[..<length])) == .damaged) }
    for bit in 0..<whole.count * 8 {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(read(flipped) == .damaged, "bit \(bit)")
    }
  }

  @Test func `a later version is told from damage`() {
    var later = bytes(header)
    later[8] = 2
    later[52] ^= 0xFF
    #expect(read(later) == .unknownVersion(2))
    #expect(read(Array(later[..<12])) == .unknownVersion(2))
  }

  @Test func `numbers beyond the limit are damage, with whatever checksum`() {
    var wild = header
    wild.name.first = JournalSegmentName.sequenceLimit
    #expect(read(bytes(wild)) == .damaged)
    wild = header
    wild.name.first = 0
    #expect(read(bytes(wild)) == .damaged)
    wild = header
    wild.settledBefore = .max
    #expect(read(bytes(wild)) == .damaged)
    wild = header
    wild.spanEnd = .max
    #expect(read(bytes(wild)) == .damaged)
  }
}
