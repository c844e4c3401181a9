import Testing

@testable import HookupCore

@Suite struct JournalLossTests {
  @Test func `what is settled is not lost`() {
    #expect(JournalLoss.difference([], [1...2]) == [])
    #expect(JournalLoss.difference([1...9], []) == [1...9])
    #expect(JournalLoss.difference([1...9], [1...9]) == [])
    #expect(JournalLoss.difference([1...9], [3...4, 9...20]) == [1...2, 5...8])
    #expect(
      JournalLoss.difference([5...9, 20...30], [1...5, 8...22, 30...30]) == [6...7, 23...29])
    #expect(JournalLoss.difference([1...3, 4...6], [2...2]) == [1...1, 3...6])
    #expect(JournalLoss.difference([0...UInt64.max], [5...UInt64.max]) == [0...4])
    #expect(JournalLoss.difference([0...UInt64.max], [0...4]) == [5...UInt64.max])
  }

  @Test func `any ranges come to what sets of numbers come to`() {
    Fuzz.rounds(500, "lost ranges") { random, place in
      func some() -> [ClosedRange<UInt64>] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
          let low = UInt64.random(in: 0...40, using: &random)
          return low...UInt64.random(in: low...min(low + 12, 45), using: &random)
        }
      }
      let (ranges, others) = (some(), some())
      let found = JournalLoss.difference(ranges, others)
      let expected = Set(ranges.flatMap { $0 }).subtracting(others.flatMap { $0 })
      #expect(found.flatMap { $0 } == expected.sorted(), place)
      for (left, right) in zip(found, found.dropFirst()) {
        #expect(left.upperBound + 1 < right.lowerBound, place)
      }
    }
  }
}
