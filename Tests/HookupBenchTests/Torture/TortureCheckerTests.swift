import Testing

@testable import hookup_bench

@Suite struct TortureCheckerTests {
  /// Two senders with three lines each, all confirmed and stored, and one reader that saw it all.
  private static var evidence: TortureEvidence {
    var evidence = TortureEvidence()
    for sender in 1...2 {
      evidence.senders[sender] = .init(
        tried: 3, confirmed: [1, 2, 3], offsets: [3: UInt64(sender) + 4])
    }
    let lines = [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
    evidence.log.entries = lines.enumerated().map { index, line in
      entry(UInt64(index + 1), TortureLine(sender: line.0, number: line.1))
    }
    evidence.last = 6
    evidence.readers["reader"] = evidence.log
    return evidence
  }

  private static func entry(_ offset: UInt64, _ line: TortureLine) -> TortureEvidence.Entry {
    .init(offset: offset, id: "\(line.sender)-\(line.number)", text: line.text)
  }

  /// The verdict's numbers after `change`, without the sentences.
  private static func verdict(_ change: (inout TortureEvidence) -> Void) -> TortureVerdict {
    var evidence = evidence
    change(&evidence)
    var verdict = TortureChecker.verdict(on: evidence)
    #expect(verdict.isClean == verdict.findings.isEmpty)
    verdict.findings = []
    return verdict
  }

  @Test func `a run in which all arrived is clean`() {
    #expect(Self.verdict { _ in } == TortureVerdict())
  }

  @Test func `a confirmed line that is not in the log is lost`() {
    let verdict = Self.verdict {
      $0.senders[2]?.tried = 4
      $0.senders[2]?.confirmed.insert(4)
    }
    #expect(verdict == TortureVerdict(lost: 1))
  }

  @Test func `a line that was tried and not confirmed may be missing, and may be there`() {
    #expect(Self.verdict { $0.senders[2]?.tried = 4 } == TortureVerdict())
    #expect(Self.verdict { $0.senders[2]?.confirmed.remove(2) } == TortureVerdict())
  }

  @Test func `a failure that was said is no loss, unless the line was said to be stored`() {
    let failed = Self.verdict {
      $0.senders[2] = .init(tried: 4, confirmed: [1, 2, 3, 4], failed: [4])
    }
    #expect(failed == TortureVerdict())
    let stored = Self.verdict {
      $0.senders[2] = .init(tried: 4, confirmed: [1, 2, 3, 4], failed: [4], offsets: [4: 7])
    }
    #expect(stored == TortureVerdict(lost: 1))
  }

  @Test func `a line that is in the log twice is doubled, confirmed or not`() {
    for confirmed in [[1, 2, 3], []] as [Set<Int>] {
      let verdict = Self.verdict {
        $0.senders[1]?.confirmed = confirmed
        $0.log.entries.append(Self.entry(7, TortureLine(sender: 1, number: 2)))
        $0.last = 7
        $0.readers["reader"] = $0.log
      }
      #expect(verdict == TortureVerdict(doubled: 1))
    }
  }

  @Test func `an entry that a reader saw twice is doubled`() {
    let verdict = Self.verdict { evidence in
      evidence.readers["reader"]?.entries.insert(evidence.log.entries[2], at: 4)
    }
    #expect(verdict == TortureVerdict(doubled: 1))
  }

  @Test func `a line behind a later one of its sender is reordered`() {
    let verdict = Self.verdict {
      $0.log.entries[0] = Self.entry(1, TortureLine(sender: 1, number: 2))
      $0.log.entries[2] = Self.entry(3, TortureLine(sender: 1, number: 1))
      $0.readers["reader"] = $0.log
    }
    #expect(verdict == TortureVerdict(reordered: 1))
  }

  @Test func `an entry that a reader saw behind a later one is reordered`() {
    let verdict = Self.verdict { $0.readers["reader"]?.entries.swapAt(2, 3) }
    #expect(verdict == TortureVerdict(reordered: 1))
  }

  @Test func `what a reader lacks is a range, unless it was told`() {
    let gone = Self.verdict { $0.readers["reader"]?.entries.removeSubrange(1...2) }
    #expect(gone == TortureVerdict(unreported: 1))
    let two = Self.verdict {
      $0.readers["reader"]?.entries.remove(at: 5)
      $0.readers["reader"]?.entries.remove(at: 2)
    }
    #expect(two == TortureVerdict(unreported: 2))
    let told = Self.verdict {
      $0.readers["reader"]?.entries.removeSubrange(1...2)
      $0.readers["reader"]?.gaps = [2...3]
    }
    #expect(told == TortureVerdict())
  }

  @Test func `a hole in the log itself is a range, and what stood there is lost`() {
    let verdict = Self.verdict {
      $0.log.entries.remove(at: 3)
      $0.readers["reader"] = $0.log
    }
    #expect(verdict == TortureVerdict(lost: 1, unreported: 2))
  }

  @Test func `what nobody said, or is not as it was said, differs`() {
    let foreign = Self.verdict {
      $0.log.entries.append(Self.entry(7, TortureLine(sender: 1, number: 4)))
      $0.last = 7
      $0.readers["reader"] = $0.log
    }
    #expect(foreign == TortureVerdict(differing: 1))
    let damaged = Self.verdict {
      $0.senders[2]?.confirmed.remove(3)
      $0.log.entries[5].text += "x"
      $0.readers["reader"] = $0.log
    }
    #expect(damaged == TortureVerdict(differing: 1))
  }

  @Test func `another entry at a reader than in the log differs, and so does another offset`() {
    #expect(
      Self.verdict { $0.readers["reader"]?.entries[4].id = "other" }
        == TortureVerdict(differing: 1))
    #expect(Self.verdict { $0.senders[1]?.offsets[2] = 5 } == TortureVerdict(differing: 1))
  }

  @Test func `a run without any message is not good`() {
    var result = TortureResult(settings: TortureSettings())
    result.count(TortureEvidence())
    #expect(result.verdict.isClean && !result.isGood)
    result.count(Self.evidence)
    #expect(result.isGood)
    result.verdict.lost = 1
    #expect(!result.isGood)
  }
}
