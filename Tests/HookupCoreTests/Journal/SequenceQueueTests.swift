import Testing

@testable import HookupCore

@Suite struct SequenceQueueTests {
  private func contents(_ queue: SequenceQueue<Int>, from start: UInt64 = 0) -> [UInt64] {
    var found: [UInt64] = []
    queue.walk(from: start) { sequence, _ in
      found.append(sequence)
      return true
    }
    return found
  }

  @Test func `values come back in order, with holes in the numbers`() {
    var queue = SequenceQueue<Int>()
    for sequence: UInt64 in [3, 4, 9, 20] { queue.append(Int(sequence), at: sequence) }
    #expect(contents(queue) == [3, 4, 9, 20])
    #expect(contents(queue, from: 5) == [9, 20])
    #expect(contents(queue, from: 21) == [])
    #expect(queue[9] == 9)
    #expect(queue[10] == nil)
    #expect(queue.first?.sequence == 3)
  }

  @Test func `a number at or below the last is refused`() {
    var queue = SequenceQueue<Int>()
    queue.append(1, at: 5)
    let isTaken = [5, 4].map { queue.append(2, at: $0) }
    #expect(isTaken == [false, false])
    #expect(queue.count == 1)
    #expect(queue[5] == 1)
  }

  @Test func `the walk stops when told`() {
    var queue = SequenceQueue<Int>()
    for sequence: UInt64 in 1...5 { queue.append(0, at: sequence) }
    var seen = 0
    queue.walk { _, _ in
      seen += 1
      return seen < 2
    }
    #expect(seen == 2)
  }

  @Test func `a value is replaced only where there is one`() {
    var queue = SequenceQueue<Int>()
    queue.append(1, at: 5)
    queue.append(1, at: 6)
    queue.append(1, at: 8)
    queue.remove(6)
    queue.replace(2, at: 5)
    queue.replace(2, at: 6)
    queue.replace(2, at: 7)
    #expect(queue[5] == 2)
    #expect(queue[6] == nil)
    #expect(queue.count == 2)
  }

  @Test func `removing the widest range costs what is there`() {
    var queue = SequenceQueue<Int>()
    for sequence: UInt64 in 1...5 { queue.append(Int(sequence), at: sequence) }
    var removed: [UInt64] = []
    queue.removeAll(in: 2...UInt64.max) { sequence, _ in removed.append(sequence) }
    #expect(removed == [2, 3, 4, 5])
    #expect(contents(queue) == [1])
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `it does what a dictionary does`(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var queue = SequenceQueue<Int>()
    var model: [UInt64: Int] = [:]
    var next: UInt64 = 1
    for step in 0..<2_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        next += Bool.random(using: &random) ? 1 : UInt64.random(in: 1...4, using: &random)
        queue.append(step, at: next)
        model[next] = step
      case 5:
        let first = model.keys.min()
        let removed = queue.removeFirst()
        #expect(removed == first.flatMap { model[$0] })
        if let first { model[first] = nil }
      case 6..<9:
        let sequence = UInt64.random(in: 1...next, using: &random)
        let removed = queue.remove(sequence)
        #expect(removed == model[sequence])
        model[sequence] = nil
      default:
        let low = UInt64.random(in: 1...next, using: &random)
        let range = low...(low + UInt64.random(in: 0...30, using: &random))
        queue.removeAll(in: range)
        for sequence in range { model[sequence] = nil }
      }
      #expect(queue.count == model.count)
    }
    #expect(contents(queue) == model.keys.sorted())
    #expect(model.allSatisfy { queue[$0.key] == $0.value })
  }
}
