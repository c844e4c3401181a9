import Testing

@testable import HookupCore

@Suite struct PackedQueueTests {
  /// Two properties, one that is mostly alike.
  private struct Pair: PackedColumns {
    struct Value: Hashable {
      var own: Int
      var shared: Int
    }

    var own: Column<Int>
    var shared: Column<Int>

    init(_ value: Value) {
      own = Column(value.own)
      shared = Column(value.shared)
    }

    subscript(slot: Int) -> Value {
      get { Value(own: own[slot], shared: shared[slot]) }
      set {
        own[slot] = newValue.own
        shared[slot] = newValue.shared
      }
    }
  }

  private func pair(_ sequence: UInt64) -> Pair.Value {
    Pair.Value(own: Int(truncatingIfNeeded: sequence), shared: Int(sequence / 1_000))
  }

  private func filled(_ sequences: some Sequence<UInt64>) -> PackedQueue<Pair> {
    var queue = PackedQueue<Pair>()
    for sequence in sequences { queue.append(pair(sequence), at: sequence) }
    return queue
  }

  private func sequences(_ queue: PackedQueue<Pair>, from start: UInt64 = 0) -> [UInt64] {
    var found: [UInt64] = []
    queue.walk(from: start) { sequence, _ in
      found.append(sequence)
      return true
    }
    return found
  }

  @Test func `values come back in order, with holes in the numbers`() {
    let numbers: [UInt64] = [3, 63, 64, 127, 128, 100_000, .max - 1]
    let queue = filled(numbers)
    #expect(sequences(queue) == numbers)
    #expect(sequences(queue, from: 64) == [64, 127, 128, 100_000, .max - 1])
    #expect(sequences(queue, from: 129) == [100_000, .max - 1])
    #expect(sequences(queue, from: .max) == [])
    #expect(numbers.allSatisfy { queue[$0] == pair($0) })
    #expect(queue[4] == nil && queue[65] == nil && queue[5_000] == nil && queue[.max] == nil)
    #expect(queue.firstSequence == 3)
    #expect(queue.firstSequence(from: 65) == 127)
    #expect(queue.firstSequence(from: 129) == 100_000)
    #expect(queue.firstSequence(from: .max) == nil)
    #expect(queue.map(\.sequence) == numbers)
    #expect(queue.map(\.value) == numbers.map(pair))
  }

  @Test func `a number at or below the highest that is held is refused`() {
    var queue = filled([5, 70])
    let isTaken = [70, 69, 4].map { queue.append(pair($0), at: $0) }
    #expect(isTaken == [false, false, false])
    #expect(sequences(queue) == [5, 70])
    queue.remove(70)
    let isTakenNow = queue.append(pair(6), at: 6)
    #expect(isTakenNow)
    #expect(sequences(queue) == [5, 6])
  }

  @Test func `the walk stops when told`() {
    var seen = 0
    filled(1...200).walk(from: 60) { _, _ in
      seen += 1
      return seen < 9
    }
    #expect(seen == 9)
  }

  @Test func `a value changes only where there is one`() {
    var queue = filled([5, 6, 8])
    queue.remove(6)
    for sequence: UInt64 in 5...7 {
      queue.update(sequence) { columns, slot in columns.shared[slot] = 9 }
    }
    #expect(queue[5]?.shared == 9)
    #expect(queue[6] == nil && queue[7] == nil)
    #expect(queue[8] == pair(8))
  }

  @Test func `the last of a block keeps its value when all others go`() {
    var queue = filled(1...300)
    for sequence: UInt64 in 64...127 where sequence != 100 { queue.remove(sequence) }
    #expect(queue[100] == pair(100))
    #expect(sequences(queue, from: 64).prefix(2) == [100, 128])
    queue.removeAll(in: 0...99)
    #expect(queue.firstSequence == 100)
  }

  @Test func `removing the widest range costs what is there, and gives it in order`() {
    var queue = filled(1...200)
    var removed: [UInt64] = []
    queue.removeAll(in: 70...UInt64.max) { sequence, value in
      #expect(value == pair(sequence))
      removed.append(sequence)
    }
    #expect(removed == Array(70...200))
    #expect(sequences(queue) == Array(1...69))
    queue.removeAll(in: 0...UInt64.max)
    #expect(queue.isEmpty && queue.firstSequence == nil)
    let isTaken = queue.append(pair(3), at: 3)
    #expect(isTaken)
    #expect(queue.blockCounts == (all: 1, hollow: 0, found: 0))
  }

  @Test func `a copy does not change with its original`() {
    var queue = filled(1...300)
    let copy = queue
    queue.removeAll(in: 1...250)
    queue.update(260) { columns, slot in columns.own[slot] = 0 }
    #expect(sequences(copy) == Array(1...300))
    #expect(copy[260] == pair(260))
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `it does what a dictionary does`(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var queue = PackedQueue<Pair>()
    var model: [UInt64: Pair.Value] = [:]
    var next: UInt64 = 1
    // Some seeds leave many blocks empty in the middle, others none.
    let stride: UInt64 = [2, 10, 500][Int(seed % 3)]
    for _ in 0..<3_000 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<7:
        next += Bool.random(using: &random) ? 1 : UInt64.random(in: 1...stride, using: &random)
        queue.append(pair(next), at: next)
        model[next] = pair(next)
      case 7:
        if let first = queue.firstSequence {
          #expect(first == model.keys.min())
          let removed = queue.remove(first)
          #expect(removed == model.removeValue(forKey: first))
        }
      case 8..<10:
        let sequence = model.keys.randomElement(using: &random) ?? 1
        let removed = queue.remove(sequence)
        #expect(removed == model.removeValue(forKey: sequence))
      case 10:
        let sequence = UInt64.random(in: 1...next, using: &random)
        queue.update(sequence) { columns, slot in columns.shared[slot] += 1 }
        model[sequence]?.shared += 1
      default:
        let low = UInt64.random(in: 1...next, using: &random)
        let range = low...(low + UInt64.random(in: 0...30 * stride, using: &random))
        queue.removeAll(in: range)
        model = model.filter { !range.contains($0.key) }
      }
      #expect(queue.count == model.count)
      #expect(queue.blockCounts.hollow == queue.blockCounts.found)
      #expect(queue.firstSequence == model.keys.min())
    }
    #expect(sequences(queue) == model.keys.sorted())
    #expect(model.allSatisfy { queue[$0.key] == $0.value && queue.contains($0.key) })
  }

  @Test func `nearly all of many blocks may go, from the middle`() {
    var queue = filled(1...100_000)
    for sequence: UInt64 in 2..<100_000 where sequence % 9_000 != 0 { queue.remove(sequence) }
    let left: [UInt64] = [1] + (1...11).map { $0 * 9_000 } + [100_000]
    #expect(sequences(queue) == left)
    #expect(left.allSatisfy { queue[$0] == pair($0) })
    #expect(queue[50_000] == nil)
    // Those that hold something, and few more.
    #expect(queue.blockCounts.all < 200)
  }
}
