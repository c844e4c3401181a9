/// Ranges of sequences that are lost.
enum JournalLoss {
  /// What lies in `ranges` and in none of `others`: in order, apart from one another. Both may come in any order and overlap.
  static func difference(
    _ ranges: [ClosedRange<UInt64>], _ others: [ClosedRange<UInt64>]
  ) -> [ClosedRange<UInt64>] {
    guard !ranges.isEmpty else { return [] }
    let others = union(others)
    var rest: [ClosedRange<UInt64>] = []
    var next = 0
    for range in union(ranges) {
      var from = range.lowerBound
      var isOver = false
      while next < others.count, others[next].upperBound < from { next += 1 }
      var cut = next
      while !isOver, cut < others.count, others[cut].lowerBound <= range.upperBound {
        if others[cut].lowerBound > from { rest.append(from...others[cut].lowerBound - 1) }
        isOver = others[cut].upperBound >= range.upperBound
        if !isOver { from = others[cut].upperBound + 1 }
        cut += 1
      }
      if !isOver { rest.append(from...range.upperBound) }
    }
    return rest
  }

  /// The same sequences as few ranges, in order.
  private static func union(_ ranges: [ClosedRange<UInt64>]) -> [ClosedRange<UInt64>] {
    var whole: [ClosedRange<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard let last = whole.last, range.lowerBound == 0 || range.lowerBound - 1 <= last.upperBound
      else {
        whole.append(range)
        continue
      }
      whole[whole.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
    }
    return whole
  }
}
