import NIOCore
import Testing

@testable import HookupCore

/// Any bytes in the files of an outbox: recovery does not trap, and what it gives was written.
@Suite struct JournalFuzzTests {
  /// A journal as an outbox would have left it.
  private struct Written {
    var files = [JournalFixture()]
    var given: UInt64 = 0
    var settled: Set<UInt64> = []

    init(using random: inout RandomSource) {
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where given > 0 && files[files.count - 1].name.first <= given:
          let lowest = (1...given + 1).first { !settled.contains($0) } ?? given + 1
          files.append(JournalFixture(first: given + 1, settledBefore: lowest))
        case 1...2 where given > 0:
          let low = UInt64.random(in: 1...given, using: &random)
          let range = low...UInt64.random(in: low...given, using: &random)
          files[files.count - 1].settle(range)
          settled.formUnion(range)
        default:
          let count = UInt64.random(in: 1...4, using: &random)
          files[files.count - 1].append(given + 1...given + count)
          given += count
        }
      }
    }

    var bytes: [(name: JournalSegmentName, bytes: [UInt8])] { files.map { ($0.name, $0.bytes) } }
  }

  /// What recovery gives is a part of what was written, in order and to the byte, and what it tells adds up.
  private func check(
    _ written: Written, _ files: [(name: JournalSegmentName, bytes: [UInt8])], _ place: Comment
  ) throws -> JournalRecovery? {
    let recovery: JournalRecovery
    do {
      recovery = try JournalFixture.recover(files)
    } catch let error as HookupError {
      #expect(error.code == .storage, place)
      return nil
    }
    let found = recovery.sequences
    #expect(found == Array(Set(found)).sorted(), place)
    #expect(found.allSatisfy { (1...written.given).contains($0) }, place)
    for sequence in found {
      let segment = recovery.index[sequence]?.segment
      let file = recovery.segments.first { $0.id == segment }
      let bytes = files.first { $0.name == file?.name }
      guard let bytes else {
        Issue.record(place)
        continue
      }
      let entry = JournalFixture.load(sequence, recovery, bytes.name, bytes.bytes)
      #expect(entry == JournalFixture.entry(sequence), place)
    }
    let lost = recovery.lost
    for (left, right) in zip(lost, lost.dropFirst()) {
      #expect(left.upperBound < right.lowerBound, place)
    }
    #expect(!found.contains { sequence in lost.contains { $0.contains(sequence) } }, place)
    #expect(lost.isEmpty || recovery.needsNewEpoch, place)
    #expect((lost.last?.upperBound ?? 0) < recovery.nextSequence, place)
    return recovery
  }

  @Test func `changed files give a part of what was written, in order, or are refused`() throws {
    var corrupt = 0
    var torn = 0
    try Fuzz.rounds(400, "outbox files") { random, place in
      let written = Written(using: &random)
      var files = written.bytes
      let hit = Int.random(in: 0..<files.count, using: &random)
      Fuzz.mutate(&files[hit].bytes, using: &random)
      // One between others: nothing tells that there was an older or a newer one.
      if files.count > 2, Int.random(in: 0..<4, using: &random) == 0 {
        files.remove(at: Int.random(in: 1..<files.count - 1, using: &random))
      }
      guard let recovery = try check(written, files, place) else { return }
      for verdict in recovery.verdicts {
        switch verdict {
        case .corrupt: corrupt += 1
        case .torn: torn += 1
        case .clean, .superseded: break
        }
      }
      // What is neither there nor settled is told, or was the end of the last file and left no trace.
      let kept = Set(recovery.sequences)
      var seen = recovery.nextSequence - 1
      if case .corrupt(_, _, let through?) = recovery.verdicts.last { seen = min(seen, through) }
      // Before a new epoch the number of the last file is passed over, whether or not it was given.
      if recovery.needsNewEpoch, files.map(\.name.first).max() == seen { seen -= 1 }
      let gone = (1...max(1, written.given)).filter { sequence in
        sequence <= seen && !kept.contains(sequence)
          && !written.settled.contains(sequence)
          && !recovery.lost.contains { $0.contains(sequence) }
      }
      #expect(
        gone == [] || written.given == 0,
        "\(gone) of \(written.given), \(recovery.verdicts), \(place)")
    }
    // The rounds reach what they are about.
    if corrupt + torn > 100 { #expect(corrupt > 10 && torn > 10) }
  }

  @Test func `torn only at the end, everything before the tear is there, and nothing is lost`()
    throws
  {
    try Fuzz.rounds(400, "torn outboxes") { random, place in
      let written = Written(using: &random)
      var files = written.bytes
      let last = written.files[files.count - 1]
      // The last group: what a crash may leave of it is any of its bytes, in any order.
      let from = last.count
      var fixture = last
      fixture.durable = from
      let group = written.given + 1...written.given + UInt64.random(in: 1...4, using: &random)
      fixture.append(group, isSynchronized: false)
      var bytes = Array(fixture.bytes[..<Int.random(in: from...fixture.count, using: &random)])
      for position in from..<bytes.count where Int.random(in: 0..<30, using: &random) == 0 {
        bytes[position] = 0
      }
      files[files.count - 1].bytes = bytes
      guard let recovery = try check(withMore(written, through: group.upperBound), files, place)
      else {
        Issue.record(place)
        return
      }
      let before = (1...max(1, written.given)).filter {
        $0 <= written.given && !written.settled.contains($0)
      }
      #expect(Array(recovery.sequences.prefix(before.count)) == before, place)
      let more = recovery.sequences.dropFirst(before.count)
      #expect(Array(more) == Array(group.prefix(more.count)), place)
      #expect(recovery.lost.allSatisfy { $0.lowerBound > written.given }, place)
      #expect(!recovery.verdicts.contains { if case .corrupt = $0 { true } else { false } }, place)
    }
  }

  private func withMore(_ written: Written, through last: UInt64) -> Written {
    var written = written
    written.given = last
    return written
  }
}
