import NIOCore
import Testing

@testable import HookupCore

@Suite struct JournalRecordCodecTests {
  private let codec = JournalRecordCodec(name: JournalSegmentName(epoch: 7, first: 1))

  private func written(_ entry: OutboxEntry, at position: Int = 56, durable: Int = 56) -> [UInt8] {
    var buffer = ByteBuffer()
    codec.write(entry, at: position, durable: durable, into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private func read(
    _ bytes: [UInt8], at start: Int = 0, origin: Int = 56, _ codec: JournalRecordCodec? = nil
  ) -> JournalRecord? {
    bytes.withUnsafeBytes { (codec ?? self.codec).read($0, at: start, origin: origin) }
  }

  @Test(arguments: [0, 1, 100])
  func `a tag is kept beside the payload`(_ size: Int) throws {
    let entry = OutboxEntry(
      sequence: 5, flags: 255, ackTimeoutMilliseconds: 7, tag: 0xFEDC_BA98_7654_3210,
      payload: ByteBuffer(repeating: 9, count: size))
    let bytes = written(entry)
    #expect(bytes.count == JournalRecordCodec.encodedBytes(of: entry))
    let record = try #require(read(bytes))
    #expect(record.tag == entry.tag && record.flags == 255)
    #expect(ByteBuffer(bytes: bytes[record.payload]) == entry.payload)
  }

  @Test(arguments: [0, 1, 7, 8, 100, 70_000])
  func `an entry is read back as it was written`(_ size: Int) throws {
    let entry = OutboxEntry(
      sequence: 9_007_199_254_740_991, flags: 255, ackTimeoutMilliseconds: .max,
      payload: ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0) }))
    let bytes = written(entry)
    #expect(bytes.count == JournalRecordCodec.encodedBytes(of: entry))
    let record = try #require(read(bytes))
    #expect(
      record
        == JournalRecord(
          kind: .message, flags: 255, tag: 0, tagBytes: 0, sequence: 9_007_199_254_740_991,
          ackTimeoutMilliseconds: .max, durableBytes: 56, start: 0, payloadBytes: size))
    #expect(ByteBuffer(bytes: bytes[record.payload]) == entry.payload)
  }

  @Test func `settled ranges are read back, in several records when they are many`() {
    let ranges = (1...10_000).map { (number: UInt64) in number * 10...number * 10 + 3 }
    var buffer = ByteBuffer(string: "before")
    codec.write(settled: ranges, at: 200, durable: 56, into: &buffer)
    let bytes = Array(buffer.readableBytesView.dropFirst(6))
    var found: [ClosedRange<UInt64>] = []
    var counts: [Int] = []
    var position = 0
    while let record = read(bytes, at: position, origin: 200) {
      #expect(record.kind == .settled)
      let part = bytes.withUnsafeBytes { JournalRecordCodec.ranges(of: record, in: $0) }
      counts.append(part.count)
      found += part
      position = record.end
    }
    #expect(position == bytes.count)
    #expect(counts == [4_096, 4_096, 1_808])
    #expect(found == ranges)
  }

  @Test func `no byte or bit can change unseen, and no length is read past the end`() {
    let bytes = written(JournalFixture.entry(5))
    for length in 0..<bytes.count { #expect(read(Array(bytes[..<length])) == nil) }
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(read(flipped) == nil, "bit \(bit)")
    }
  }

  @Test func `a record elsewhere, or of another segment, is not one`() {
    let bytes = written(JournalFixture.entry(5))
    #expect(read(bytes) != nil)
    #expect(read(bytes, origin: 57) == nil)
    for name in [
      JournalSegmentName(epoch: 8, first: 1), JournalSegmentName(epoch: 7, first: 2),
      JournalSegmentName(epoch: 7, first: 1, generation: 1),
    ] {
      #expect(read(bytes, JournalRecordCodec(name: name)) == nil)
    }
  }

  @Test func `impossible fields are refused even with a good checksum`() {
    var zero = JournalFixture.entry(5)
    zero.sequence = 0
    #expect(read(written(zero)) == nil)
    zero.sequence = JournalSegmentName.sequenceLimit
    #expect(read(written(zero)) == nil)
    // Durable beyond where the record itself stands.
    #expect(read(written(JournalFixture.entry(5), durable: 57)) == nil)
    #expect(read(written(JournalFixture.entry(5)), at: -1) == nil)
    #expect(read(written(JournalFixture.entry(5)), at: 1_000) == nil)
  }

  @Test func `a range that ends before it begins is left out`() throws {
    var buffer = ByteBuffer()
    codec.write(settled: [3...4, 5...5], at: 56, durable: 56, into: &buffer)
    var bytes = Array(buffer.readableBytesView)
    let record = try #require(read(bytes))
    bytes[record.payload.lowerBound] = 200
    let ranges = bytes.withUnsafeBytes { JournalRecordCodec.ranges(of: record, in: $0) }
    #expect(ranges == [5...5])
  }
}
