import Testing

@testable import HookupCore

@Suite struct JournalIndexTests {
  private func location(_ segment: UInt32, _ offset: UInt32, _ bytes: UInt32)
    -> JournalIndex
    .Location
  {
    JournalIndex.Location(segment: segment, offset: offset, payloadBytes: bytes)
  }

  private func filled() -> JournalIndex {
    var index = JournalIndex()
    for sequence: UInt64 in 1...6 {
      let segment: UInt32 = sequence <= 3 ? 1 : 2
      index.append(sequence, at: location(segment, UInt32(sequence) * 100, 10))
    }
    return index
  }

  @Test func `a segment's use counts what is unsettled, with record headers`() {
    var index = filled()
    #expect(index.usage(of: 1) == JournalIndex.Usage(entries: 3, bytes: 3 * 38))
    let wasThere = [index.settle(2), index.settle(2)]
    #expect(wasThere == [true, false])
    #expect(index.usage(of: 1) == JournalIndex.Usage(entries: 2, bytes: 2 * 38))
    index.settle(1...4)
    #expect(index.usage(of: 1) == JournalIndex.Usage())
    #expect(index.usage(of: 2).entries == 2)
    #expect(index.lowest == 5)
    index.settle(0...UInt64.max)
    #expect(index.isEmpty)
    #expect(index.lowest == nil)
  }

  @Test func `reading is bounded by count, and by bytes after the first`() {
    let index = filled()
    func read(_ from: UInt64, _ count: Int, _ bytes: Int) -> [UInt64] {
      index.entries(from: from, maximumCount: count, maximumBytes: bytes).map(\.sequence)
    }
    #expect(read(1, 10, 1_000) == [1, 2, 3, 4, 5, 6])
    #expect(read(3, 2, 1_000) == [3, 4])
    #expect(read(1, 10, 30) == [1, 2, 3])
    #expect(read(1, 10, 29) == [1, 2])
    #expect(read(1, 10, 0) == [1])
    #expect(read(1, 0, 1_000) == [])
    #expect(read(7, 10, 1_000) == [])
    #expect(index.entries(in: 2).map(\.sequence) == [4, 5, 6])
    #expect(index.entries(in: 9).isEmpty)
  }

  @Test func `an entry that moved counts for its new segment`() {
    var index = filled()
    index.move(1, to: location(3, 56, 10))
    index.move(99, to: location(3, 56, 10))
    #expect(index.usage(of: 1).entries == 2)
    #expect(index.usage(of: 3).entries == 1)
    #expect(index[1] == location(3, 56, 10))
    #expect(index.count == 6)
  }

  @Test func `a number is taken once`() {
    var index = filled()
    let isTaken = index.append(6, at: location(2, 0, 1))
    #expect(!isTaken)
    #expect(index.usage(of: 2).entries == 3)
  }

  @Test func `entries whose records follow one another are put in as one`() {
    var one = JournalIndex()
    var many = JournalIndex()
    var offset = 56
    let entries = (3...9).map { JournalFixture.entry($0) }
    one.append(entries, segment: 4, from: offset)
    for entry in entries {
      let bytes = entry.payload.readableBytes
      many.append(
        entry.sequence,
        at: .init(segment: 4, offset: UInt32(offset), payloadBytes: UInt32(bytes)))
      offset += JournalRecordCodec.headerBytes + bytes
    }
    for sequence: UInt64 in 0...12 { #expect(one[sequence] == many[sequence]) }
    #expect(one.usage(of: 4) == many.usage(of: 4))
    #expect(one.count == 7)
    // What is not above all that are held changes nothing.
    one.append(entries, segment: 5, from: 56)
    #expect(one.usage(of: 4) == many.usage(of: 4))
    #expect(one.usage(of: 5).entries == 0)
  }
}
