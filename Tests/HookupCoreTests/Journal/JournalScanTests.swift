import NIOCore
import Testing

@testable import HookupCore

@Suite struct JournalScanTests {
  private func scan(_ bytes: [UInt8], _ fixture: JournalFixture) -> JournalScan {
    bytes.withUnsafeBytes { JournalScan($0, name: fixture.name) }
  }

  private func threeGroups() -> JournalFixture {
    var fixture = JournalFixture()
    fixture.append([1, 2])
    fixture.append([3, 4, 5])
    fixture.append([6, 7, 8])
    return fixture
  }

  @Test func `what was written is found, and reserved zeros are its end`() {
    let fixture = threeGroups()
    for zeros in [0, 1, 7, 8, 100] {
      let scan = scan(fixture.bytes + [UInt8](repeating: 0, count: zeros), fixture)
      #expect(scan.verdict == .clean(end: fixture.count))
      #expect(scan.records.map(\.sequence) == Array(1...8))
      #expect(scan.strays.isEmpty)
    }
    #expect(scan([], fixture).verdict == .clean(end: 0))
  }

  @Test func `a cut write is torn, with the bytes that mean nothing`() throws {
    let fixture = threeGroups()
    let last = try #require(fixture.records[8])
    let scan = scan(Array(fixture.bytes[..<(last.upperBound - 3)]) + [0, 0, 0, 0], fixture)
    #expect(scan.verdict == .torn(at: last.lowerBound, bytes: last.count - 3))
    #expect(scan.records.map(\.sequence) == Array(1...7))
  }

  @Test func `damage is corrupt when a later record proves that it was durable`() throws {
    let fixture = threeGroups()
    let hit = try #require(fixture.records[4])
    var bytes = fixture.bytes
    bytes[hit.lowerBound + 20] ^= 1
    let scan = scan(bytes, fixture)
    #expect(
      scan.verdict == .corrupt(at: hit.lowerBound, bytes: fixture.count - hit.lowerBound))
    #expect(scan.records.map(\.sequence) == [1, 2, 3])
    #expect(scan.strays.map(\.sequence) == [5, 6, 7, 8])
    #expect(scan.highestSequence == 8)
  }

  @Test func `damage in the last group is torn: the medium may have written it out of order`()
    throws
  {
    let fixture = threeGroups()
    let hit = try #require(fixture.records[6])
    var bytes = fixture.bytes
    for position in hit { bytes[position] = 0 }
    let scan = scan(bytes, fixture)
    #expect(scan.verdict == .torn(at: hit.lowerBound, bytes: fixture.count - hit.lowerBound))
    #expect(scan.strays.map(\.sequence) == [7, 8])
  }

  @Test func `a damaged length does not hide what follows`() throws {
    let fixture = threeGroups()
    let hit = try #require(fixture.records[3])
    var bytes = fixture.bytes
    for (offset, value) in zip(0..<4, [255, 255, 255, 127] as [UInt8]) {
      bytes[hit.lowerBound + 4 + offset] = value
    }
    #expect(scan(bytes, fixture).strays.map(\.sequence) == [4, 5, 6, 7, 8])
  }

  @Test func `a number that does not rise ends the valid part`() {
    for second: UInt64 in [4, 5] {
      var fixture = JournalFixture()
      fixture.append([5])
      let end = fixture.count
      fixture.append([second])
      #expect(
        scan(fixture.bytes, fixture).verdict == .torn(at: end, bytes: fixture.count - end))
    }
    var low = JournalFixture(first: 10)
    low.append([9])
    #expect(scan(low.bytes, low).records.isEmpty)
  }

  @Test func `records inside a payload are not records`() {
    var inner = JournalFixture()
    inner.append([50, 51])
    var fixture = JournalFixture()
    fixture.append([1])
    let end = fixture.count
    var torn = ByteBuffer()
    var entry = JournalFixture.entry(2)
    entry.payload = ByteBuffer(bytes: inner.bytes + inner.bytes)
    JournalRecordCodec(name: fixture.name).write(
      entry, at: end, durable: end, into: &torn)
    let bytes = fixture.bytes + torn.readableBytesView.dropLast(1)
    let scan = scan(bytes, fixture)
    #expect(scan.verdict == .torn(at: end, bytes: bytes.count - end))
    #expect(scan.strays.isEmpty)
  }

  @Test func `a payload full of lures ends the search, not the program's time`() {
    // Each position that looks like a record asks for a checksum over the rest: 4,000 × 60 KB, cut short.
    let fixture = JournalFixture()
    let size = 112_000
    var bytes = fixture.bytes
    for position in stride(from: 0, to: size, by: 28) {
      var lure = ByteBuffer()
      lure.writeInteger(UInt32(0), endianness: .little)
      lure.writeInteger(UInt32(size - position - 28), endianness: .little)
      lure.writeInteger(UInt64(1), endianness: .little)
      lure.writeInteger(UInt64(9), endianness: .little)
      lure.writeInteger(UInt32.max, endianness: .little)
      bytes += lure.readableBytesView
    }
    let scan = scan(bytes, fixture)
    #expect(scan.gaveUp)
    #expect(scan.verdict == .torn(at: 56, bytes: size))
  }
}
