/// Compares what the senders confirmed, what the log holds and what the readers saw.
///
/// Every line has a number of its own, so each tried one may be in the log at most once, each confirmed one must be, and
/// those of one sender stand there in rising order, whether they were confirmed or not.
struct TortureChecker: Sendable {
  private let evidence: TortureEvidence
  private var verdict = TortureVerdict()

  private init(_ evidence: TortureEvidence) {
    self.evidence = evidence
  }

  static func verdict(on evidence: TortureEvidence) -> TortureVerdict {
    var checker = TortureChecker(evidence)
    checker.checkOffsets(of: "the log", evidence.log)
    let stored = checker.checkLines()
    checker.checkConfirmations(against: stored)
    for (name, reader) in evidence.readers.sorted(by: { $0.key < $1.key }) {
      checker.checkOffsets(of: name, reader)
      checker.checkEntries(of: name, reader)
    }
    return checker.verdict
  }

  /// Each offset once, rising, without holes from 1 to the last.
  private mutating func checkOffsets(of name: String, _ reader: TortureEvidence.Reader) {
    var seen: Set<UInt64> = []
    var highest: UInt64 = 0
    for entry in reader.entries {
      if !seen.insert(entry.offset).inserted {
        verdict.doubled += 1
        verdict.find("\(name) has offset \(entry.offset) twice")
      } else if entry.offset < highest {
        verdict.reordered += 1
        verdict.find("\(name) has offset \(entry.offset) behind \(highest)")
      }
      highest = max(highest, entry.offset)
    }
    for missing in Self.missing(from: seen, upTo: evidence.last, reported: reader.gaps) {
      verdict.unreported += 1
      verdict.find("\(name) lacks the offsets \(missing.lowerBound) to \(missing.upperBound)")
    }
  }

  /// The ranges within 1...last that are neither seen nor reported.
  private static func missing(
    from seen: Set<UInt64>, upTo last: UInt64, reported: [ClosedRange<UInt64>]
  ) -> [ClosedRange<UInt64>] {
    guard last > 0 else { return [] }
    var ranges: [ClosedRange<UInt64>] = []
    for offset in 1...last where !seen.contains(offset) {
      if reported.contains(where: { $0.contains(offset) }) { continue }
      if let range = ranges.last, range.upperBound + 1 == offset {
        ranges[ranges.count - 1] = range.lowerBound...offset
      } else {
        ranges.append(offset...offset)
      }
    }
    return ranges
  }

  /// What the log says of each sender's lines; returns the entry of each.
  private mutating func checkLines() -> [TortureLine: TortureEvidence.Entry] {
    var stored: [TortureLine: TortureEvidence.Entry] = [:]
    var newest: [Int: Int] = [:]
    for entry in evidence.log.entries {
      guard let line = TortureLine(parsing: entry.text),
        line.number <= evidence.senders[line.sender]?.tried ?? 0
      else {
        verdict.differing += 1
        verdict.find("nobody said what is at offset \(entry.offset): \(entry.text.prefix(40))")
        continue
      }
      if let first = stored[line] {
        // The same offset twice is counted as such.
        if first.offset != entry.offset {
          verdict.doubled += 1
          verdict.find(
            "S\(line.sender) \(line.number) is stored at \(first.offset) and \(entry.offset)")
        }
        continue
      }
      stored[line] = entry
      if let before = newest[line.sender], before > line.number {
        verdict.reordered += 1
        verdict.find(
          "S\(line.sender) \(line.number) is stored at \(entry.offset), behind number \(before)")
      }
      newest[line.sender] = max(newest[line.sender] ?? 0, line.number)
    }
    return stored
  }

  /// Each confirmed line is in the log, where it was said to be.
  private mutating func checkConfirmations(against stored: [TortureLine: TortureEvidence.Entry]) {
    for (number, sender) in evidence.senders.sorted(by: { $0.key < $1.key }) {
      for line in sender.confirmed.sorted() {
        let entry = stored[TortureLine(sender: number, number: line)]
        if entry == nil, !sender.failed.contains(line) || sender.offsets[line] != nil {
          verdict.lost += 1
          verdict.find("S\(number) \(line) was confirmed and is not in the log")
        }
        if let entry, let offset = sender.offsets[line], offset != entry.offset {
          verdict.differing += 1
          verdict.find("S\(number) \(line) is at \(entry.offset), and was said to be at \(offset)")
        }
      }
    }
  }

  /// Each entry is the log's.
  private mutating func checkEntries(of name: String, _ reader: TortureEvidence.Reader) {
    let log = Dictionary(evidence.log.entries.map { ($0.offset, $0) }) { first, _ in first }
    for entry in reader.entries where log[entry.offset] != entry {
      verdict.differing += 1
      verdict.find("\(name) saw something else at offset \(entry.offset) than the log holds")
    }
  }
}
