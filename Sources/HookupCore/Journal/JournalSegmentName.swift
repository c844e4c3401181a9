/// The file name of a journal segment: `outbox-<epoch>-<first>.log`, or `outbox-<epoch>-<first>-<generation>.log`
/// for a segment that replaces one in which writing failed before it held anything.
///
/// The epoch is 16 hexadecimal digits; the first sequence 16 decimal digits, so that names of one epoch sort by age.
package struct JournalSegmentName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Sequences stay below this, so that they survive JSON numbers.
  package static let sequenceLimit: UInt64 = 1 << 53

  package var epoch: UInt64
  /// The lowest sequence the segment may hold, at least 1. An entry of an earlier segment from this one on is void.
  package var first: UInt64
  package var generation: UInt32

  package init(epoch: UInt64, first: UInt64, generation: UInt32 = 0) {
    self.epoch = epoch
    self.first = first
    self.generation = generation
  }

  /// Nil for a name that ``description`` would not give.
  package init?(_ text: String) {
    guard text.hasPrefix("outbox-"), text.hasSuffix(".log") else { return nil }
    let parts = text.dropFirst("outbox-".count).dropLast(".log".count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count),
      let epoch = UInt64(parts[0], radix: 16), let first = UInt64(parts[1]),
      (1..<Self.sequenceLimit).contains(first)
    else { return nil }
    var generation: UInt32 = 0
    if parts.count == 3 {
      guard let number = UInt32(parts[2]) else { return nil }
      generation = number
    }
    self.init(epoch: epoch, first: first, generation: generation)
    guard description == text else { return nil }
  }

  package var description: String {
    let digits = String(first)
    let padding = String(repeating: "0", count: max(0, 16 - digits.count))
    let suffix = generation == 0 ? "" : "-\(generation)"
    return "outbox-\(hex(epoch))-\(padding)\(digits)\(suffix).log"
  }

  /// By age.
  package static func < (left: JournalSegmentName, right: JournalSegmentName) -> Bool {
    (left.first, left.generation, left.epoch) < (right.first, right.generation, right.epoch)
  }
}
