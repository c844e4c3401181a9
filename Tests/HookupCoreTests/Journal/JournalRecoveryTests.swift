import NIOCore
import Testing

@testable import HookupCore

@Suite struct JournalRecoveryTests {
  private func small() -> JournalFixture {
    var fixture = JournalFixture()
    fixture.append([1, 2])
    fixture.settle(1...1)
    fixture.append([3])
    fixture.append([4, 5])
    return fixture
  }

  @Test func `a clean journal gives its unsettled entries and the next number`() throws {
    let fixture = small()
    let recovery = try JournalFixture.recover(fixture)
    #expect(recovery.sequences == [2, 3, 4, 5])
    #expect(recovery.nextSequence == 6)
    #expect(recovery.epoch == 7)
    #expect(recovery.verdicts == [.clean])
    #expect(recovery.segments[0].end == fixture.count)
    for sequence: UInt64 in 2...5 {
      #expect(
        JournalFixture.load(sequence, recovery, fixture.name, fixture.bytes)
          == JournalFixture.entry(sequence))
    }
    #expect(recovery.entries[3]?.ackTimeout == .milliseconds(300))
    #expect(recovery.entries[3]?.bytes == 2)
    #expect(recovery.lost == [])
  }

  @Test func `what is withdrawn is found, as long as it is not settled`() throws {
    var fixture = small()
    fixture.withdraw(1...2, 4...9)
    fixture.settle(2...2)
    let recovery = try JournalFixture.recover(fixture)
    #expect(recovery.sequences == [3, 4, 5])
    #expect(recovery.withdrawn == [4, 5])
    #expect(recovery.lost == [] && !recovery.needsNewEpoch)
  }

  @Test func `a segment begins with all that is withdrawn: what it does not name is not`() throws {
    var fixture = small()
    fixture.withdraw(2...2)
    fixture.withdraw(4...4)
    var next = JournalFixture(first: 6, settledBefore: 2)
    next.withdraw(2...2)
    next.append([6])
    let files = [(fixture.name, fixture.bytes), (next.name, next.bytes)]
    #expect(try JournalFixture.recover(files).withdrawn == [2])
    let empty = JournalFixture(first: 6, settledBefore: 2)
    #expect(try JournalFixture.recover([files[0], (empty.name, empty.bytes)]).withdrawn == [])
  }

  @Test func `a withdrawal that was cut off is none`() throws {
    var fixture = small()
    let before = fixture.count
    fixture.withdraw(4...4)
    for length in before..<fixture.count {
      let recovery = try JournalFixture.recover([(fixture.name, Array(fixture.bytes[..<length]))])
      #expect(recovery.withdrawn == [], "\(length)")
      #expect(recovery.sequences == [2, 3, 4, 5])
    }
  }

  @Test func `what a damaged segment says is withdrawn stays so`() throws {
    var fixture = small()
    fixture.withdraw(4...4)
    var next = JournalFixture(first: 6, settledBefore: 2)
    next.withdraw(2...2, 4...4)
    next.append([6])
    next.append([7])
    var bytes = next.bytes
    bytes[try #require(next.records[6]).lowerBound + 30] ^= 1
    let recovery = try JournalFixture.recover([(fixture.name, fixture.bytes), (next.name, bytes)])
    #expect(recovery.needsNewEpoch)
    #expect(recovery.withdrawn == [2, 4])
  }

  @Test func `an empty directory is a new outbox`() throws {
    let recovery = try JournalFixture.recover([])
    #expect(recovery.nextSequence == 1)
    #expect(recovery.epoch == nil)
    #expect(!recovery.needsNewEpoch)
    #expect(recovery.index.isEmpty)
  }

  @Test func `every truncation leaves a prefix`() throws {
    let fixture = small()
    let bytes = fixture.bytes
    let settledAt = try #require(fixture.records[2]).upperBound + 28 + 16
    for length in 0...bytes.count {
      let recovery = try JournalFixture.recover([(fixture.name, Array(bytes[..<length]))])
      guard length >= JournalSegmentHeader.encodedBytes else {
        #expect(
          recovery.verdicts == [
            .corrupt(at: 0, bytes: JournalSegmentHeader.encodedBytes, through: nil)
          ])
        continue
      }
      let whole = (1...5 as ClosedRange<UInt64>).filter {
        (fixture.records[$0]?.upperBound ?? .max) <= length
      }
      #expect(recovery.sequences == whole.filter { $0 > 1 || length < settledAt }, "\(length)")
      #expect(recovery.nextSequence == (whole.last ?? 0) + 1, "\(length)")
      #expect(!recovery.needsNewEpoch)
      let boundaries = fixture.records.values.map(\.upperBound) + [56, settledAt]
      #expect((recovery.verdicts == [.clean]) == boundaries.contains(length), "\(length)")
    }
  }

  @Test func `every single flipped bit is noticed, and no wrong message comes out`() throws {
    let fixture = small()
    let bytes = fixture.bytes + [0, 0]
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      let recovery = try JournalFixture.recover([(fixture.name, flipped)])
      #expect(recovery.verdicts != [.clean], "bit \(bit)")
      for sequence in recovery.sequences {
        let entry = JournalFixture.load(sequence, recovery, fixture.name, flipped)
        #expect(entry == JournalFixture.entry(sequence), "bit \(bit)")
      }
      // Numbers that may have been used are not used again; a torn last write never was.
      #expect(recovery.nextSequence >= 4, "bit \(bit)")
    }
  }

  @Test func `damage among durable records sets the file aside and starts a new epoch`() throws {
    let fixture = small()
    var bytes = fixture.bytes
    let hit = try #require(fixture.records[2]).lowerBound
    bytes[hit + 30] ^= 4
    var next = JournalFixture(first: 6)
    next.append([6, 7])
    let recovery = try JournalFixture.recover([(fixture.name, bytes), (next.name, next.bytes)])
    #expect(
      recovery.verdicts == [
        .corrupt(at: hit, bytes: fixture.count - hit, through: 5), .clean,
      ])
    #expect(recovery.sequences == [6, 7])
    #expect(recovery.nextSequence == 8)
    #expect(recovery.needsNewEpoch)
    #expect(recovery.epoch == nil)
    #expect(recovery.missing == [])
    // The first was settled; the others are gone.
    #expect(recovery.lost == [2...5])
  }

  @Test func `after damage in the last file no number it may have held is given again`() throws {
    let fixture = small()
    for hit in [10, 80] {
      var bytes = fixture.bytes
      bytes[hit] ^= 4
      let recovery = try JournalFixture.recover([(fixture.name, bytes)])
      guard case .corrupt(_, _, through: 5) = recovery.verdicts[0] else {
        Issue.record("\(recovery.verdicts)")
        continue
      }
      #expect(recovery.sequences == [])
      #expect(recovery.nextSequence > 6)
      #expect(recovery.needsNewEpoch)
      // Good records reach to the end: no number after them was given.
      #expect(recovery.lost == [2...5])
    }
  }

  @Test func `when the end cannot be read, all that may have been in it counts as lost`() throws {
    let fixture = small()
    var bytes = fixture.bytes
    bytes[80] ^= 4
    bytes[bytes.count - 1] ^= 4
    let recovery = try JournalFixture.recover([(fixture.name, bytes)])
    #expect(recovery.lost == [2...recovery.nextSequence - 1])
  }

  @Test func `a hole in front of a damaged file is told too`() throws {
    var first = JournalFixture()
    first.append([1, 2])
    var second = JournalFixture(first: 5)
    second.append([5])
    var bytes = second.bytes
    bytes[3] ^= 1
    var third = JournalFixture(first: 6)
    third.append([6])
    let recovery = try JournalFixture.recover([
      (first.name, first.bytes), (second.name, bytes), (third.name, third.bytes),
    ])
    #expect(recovery.missing == [3...4])
    #expect(recovery.lost == [3...5])
    #expect(recovery.sequences == [1, 2, 6])
  }

  @Test func `what later files settled is not lost`() throws {
    let fixture = small()
    var bytes = fixture.bytes
    bytes[80] ^= 4
    var next = JournalFixture(first: 6, settledBefore: 3)
    next.append([6])
    next.settle(4...4, 6...6)
    let recovery = try JournalFixture.recover([(fixture.name, bytes), (next.name, next.bytes)])
    #expect(recovery.lost == [3...3, 5...5])
    // A file that is gone is the same.
    var first = JournalFixture()
    first.append([1])
    var third = JournalFixture(first: 5)
    third.settle(3...3)
    #expect(try JournalFixture.recover(first, third).lost == [2...2, 4...4])
  }

  @Test func `what a damaged file settled in others stays settled, and is to be written again`()
    throws
  {
    var old = JournalFixture()
    old.append([1, 2, 3])
    var fixture = JournalFixture(first: 4)
    fixture.append([4])
    fixture.append([5])
    fixture.settle(2...2)
    fixture.append([6])
    var bytes = fixture.bytes
    bytes[JournalSegmentHeader.encodedBytes + 20] ^= 1
    let recovery = try JournalFixture.recover([(old.name, old.bytes), (fixture.name, bytes)])
    #expect(recovery.sequences == [1, 3])
    #expect(recovery.settledToRepeat == [2...2])
  }

  @Test
  func `a torn end with valid records after it is kept aside, and its numbers are not reused`()
    throws
  {
    let fixture = small()
    var bytes = fixture.bytes
    let hit = try #require(fixture.records[4]).lowerBound
    bytes[hit + 9] ^= 1
    let recovery = try JournalFixture.recover([(fixture.name, bytes)])
    #expect(
      recovery.verdicts == [.torn(at: hit, bytes: fixture.count - hit, keepsTail: true)])
    #expect(recovery.sequences == [2, 3])
    #expect(recovery.nextSequence > 6)
    #expect(recovery.needsNewEpoch)
    #expect(recovery.lost == [4...5])
    #expect(recovery.segments[0].end == hit)
  }

  @Test func `when messages were confirmed early, a torn end may have been sent`() throws {
    var fixture = JournalFixture(confirmsEarly: true)
    fixture.append([1, 2], isSynchronized: false)
    let cut = fixture.count
    fixture.append([3], isSynchronized: false)
    let bytes = Array(fixture.bytes.dropLast(1))
    let recovery = try JournalFixture.recover([(fixture.name, bytes)])
    #expect(
      recovery.verdicts == [.torn(at: cut, bytes: bytes.count - cut, keepsTail: true)])
    #expect(recovery.sequences == [1, 2])
    #expect(recovery.nextSequence > 3)
    #expect(recovery.needsNewEpoch)
  }

  @Test func `a missing file in the middle is told, with its numbers`() throws {
    var first = JournalFixture()
    first.append([1, 2])
    var third = JournalFixture(first: 10)
    third.append([10])
    let recovery = try JournalFixture.recover(first, third)
    #expect(recovery.missing == [3...9])
    #expect(recovery.lost == [3...9])
    #expect(recovery.sequences == [1, 2, 10])
    #expect(recovery.needsNewEpoch)
    // Unless they were settled before.
    var settled = JournalFixture(first: 10, settledBefore: 10)
    settled.append([10])
    #expect(try JournalFixture.recover(first, settled).missing == [])
    // Or the hole is in an epoch that ended then.
    var other = JournalFixture(epoch: 8, first: 10)
    other.append([10])
    #expect(try JournalFixture.recover(first, other).missing == [])
  }

  @Test func `an epoch's hole is told once: not when a later epoch has begun`() throws {
    var first = JournalFixture()
    first.append([1])
    let third = JournalFixture(first: 10)
    let fourth = JournalFixture(epoch: 8, first: 11)
    let recovery = try JournalFixture.recover(first, third, fourth)
    #expect(recovery.missing == [])
    #expect(recovery.epoch == 8)
    #expect(recovery.nextSequence == 11)
  }

  @Test func `a new epoch never begins at the number of a file that is there`() throws {
    // Recovery made a file of a new epoch; before it held a message, the older file was found damaged again.
    var first = JournalFixture()
    first.append([1, 2])
    let empty = JournalFixture(epoch: 8, first: 20)
    var bytes = first.bytes
    bytes[bytes.count - 10] ^= 1
    let recovery = try JournalFixture.recover([(first.name, bytes), (empty.name, empty.bytes)])
    #expect(!recovery.needsNewEpoch || recovery.nextSequence > 20)
    bytes[3] ^= 1
    let again = try JournalFixture.recover([(first.name, bytes), (empty.name, empty.bytes)])
    #expect(again.needsNewEpoch)
    #expect(again.nextSequence == 21)
  }

  @Test func `the end of an earlier file that lost its records is corrupt, not torn`() throws {
    var first = JournalFixture()
    first.append([1, 2])
    let next = JournalFixture(first: 3)
    let bytes = Array(first.bytes.dropLast(1))
    let recovery = try JournalFixture.recover([(first.name, bytes), (next.name, next.bytes)])
    guard case .corrupt = recovery.verdicts[0] else {
      Issue.record("\(recovery.verdicts)")
      return
    }
    #expect(recovery.needsNewEpoch)
  }

  @Test func `what failed in a file is void from the next file's first number on`() throws {
    var failed = JournalFixture()
    failed.append([1, 2])
    let cut = failed.count
    failed.append([3, 4], isSynchronized: false)
    var next = JournalFixture(first: 3)
    next.append([3])
    for drop in 0...(failed.count - cut) {
      let bytes = Array(failed.bytes.dropLast(drop))
      let recovery = try JournalFixture.recover([(failed.name, bytes), (next.name, next.bytes)])
      #expect(recovery.sequences == [1, 2, 3])
      #expect(recovery.index[3]?.segment == 2)
      #expect(recovery.nextSequence == 4)
      #expect(!recovery.needsNewEpoch)
    }
    // Writing failed before the file held anything: the next one has the same first number.
    let again = JournalFixture(first: 3, generation: 1)
    #expect(try JournalFixture.recover(failed, next, again).sequences == [1, 2])
  }

  @Test func `the next number comes from the last file, even an empty one`() throws {
    let recovery = try JournalFixture.recover(JournalFixture(first: 500, settledBefore: 500))
    #expect(recovery.nextSequence == 500)
    #expect(recovery.epoch == 7)
  }

  @Test func `files that a merge replaced are leftovers`() throws {
    var merged = JournalFixture(spanEnd: 20)
    merged.append([3, 12])
    var leftover = JournalFixture(first: 10)
    leftover.append([10, 11, 12])
    var next = JournalFixture(first: 20)
    next.append([20])
    let recovery = try JournalFixture.recover(merged, leftover, next)
    #expect(recovery.verdicts == [.clean, .superseded, .clean])
    #expect(recovery.sequences == [3, 12, 20])
    #expect(recovery.index[12]?.segment == 1)
    #expect(recovery.missing == [])
    #expect(recovery.nextSequence == 21)
    #expect(try JournalFixture.recover(merged).nextSequence == 20)
  }

  @Test func `a file of a later version is refused, and says how to go on`() throws {
    let fixture = small()
    var bytes = fixture.bytes
    bytes[8] = 9
    bytes[52] ^= 1
    let error = try #require(throws: HookupError.self) {
      try JournalFixture.recover([(fixture.name, bytes)])
    }
    #expect(error.code == .storage)
    #expect(error.message.contains("format version 9"))
    #expect(error.message.contains(fixture.name.description))
  }

  @Test func `a file under another's name is damaged`() throws {
    let fixture = small()
    let name = JournalSegmentName(epoch: 7, first: 2)
    let recovery = try JournalFixture.recover([(name, fixture.bytes)])
    guard case .corrupt(at: 0, _, through: nil) = recovery.verdicts[0] else {
      Issue.record("\(recovery.verdicts)")
      return
    }
  }

  @Test func `any bytes are safe`() throws {
    var random = RandomSource(seed: 3)
    for _ in 0..<300 {
      let count = Int.random(in: 0...400, using: &random)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if Bool.random(using: &random) { bytes = JournalFixture().bytes + bytes }
      let recovery = try JournalFixture.recover([(JournalFixture().name, bytes)])
      #expect(recovery.sequences == [])
    }
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `a random journal, cut at a random byte, gives what was whole`(_ seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var files = [JournalFixture()]
    var next: UInt64 = 1
    var lastFileStart: UInt64 = 1
    /// Settlements that the last file holds: where each ends, and what it settles.
    var settlements: [(end: Int, range: ClosedRange<UInt64>)] = []
    var unsettled: Set<UInt64> = []
    for _ in 0..<Int.random(in: 1...60, using: &random) {
      switch Int.random(in: 0..<8, using: &random) {
      case 0 where next > lastFileStart:
        for settlement in settlements { unsettled.subtract(settlement.range) }
        settlements = []
        files.append(JournalFixture(first: next, settledBefore: unsettled.min() ?? next))
        lastFileStart = next
      case 1...2 where next > 1:
        let low = UInt64.random(in: 1..<next, using: &random)
        let range = low...UInt64.random(in: low..<next, using: &random)
        files[files.count - 1].settle(range)
        settlements.append((files[files.count - 1].count, range))
      default:
        let count = UInt64.random(in: 1...4, using: &random)
        files[files.count - 1].append(next..<next + count)
        unsettled.formUnion(next..<next + count)
        next += count
      }
    }
    let last = files[files.count - 1]
    let cut = Int.random(in: JournalSegmentHeader.encodedBytes...last.count, using: &random)
    let whole = unsettled.filter { sequence in
      sequence < lastFileStart || (last.records[sequence]?.upperBound ?? .max) <= cut
    }
    let settled = settlements.filter { $0.end <= cut }
    let expected = whole.filter { sequence in
      !settled.contains { $0.range.contains(sequence) && ($0.end > 0) }
    }
    let recovery = try JournalFixture.recover(
      files.dropLast().map { ($0.name, $0.bytes) } + [(last.name, Array(last.bytes[..<cut]))])
    #expect(recovery.sequences == expected.sorted())
    #expect(recovery.lost == [])
    #expect(!recovery.needsNewEpoch)
    #expect(recovery.nextSequence == max(lastFileStart, (whole.max() ?? 0) + 1))
  }
}
