import HookupCore
import Testing

@testable import HookupEngine

@Suite struct InboundQueueTests {
  @Test func `events come out in order, in batches of half the limit`() {
    var queue = InboundQueue<Int>(maximumCount: 4, maximumBytes: 100)
    for number in 1...5 { queue.append(number, bytes: 1) }
    #expect(queue.take() == [1, 2])
    #expect(queue.take() == [3, 4])
    #expect(queue.take() == [5])
    #expect(queue.take() == [])
    #expect(queue.isEmpty)
  }

  @Test func `it is full by count until what was taken is done with`() {
    var queue = InboundQueue<Int>(maximumCount: 2, maximumBytes: 100)
    queue.append(1, bytes: 1)
    #expect(!queue.isFull)
    queue.append(2, bytes: 1)
    #expect(queue.isFull)
    #expect(queue.take() == [1])
    // One is being dealt with, one waits.
    #expect(queue.isFull)
    #expect(queue.take() == [2])
    #expect(!queue.isFull)
  }

  @Test func `it is full by bytes`() {
    var queue = InboundQueue<Int>(maximumCount: 100, maximumBytes: 10)
    queue.append(1, bytes: 9)
    #expect(!queue.isFull)
    queue.append(2, bytes: 1)
    #expect(queue.isFull)
    #expect(queue.take() == [1])
    #expect(queue.take() == [2])
    #expect(!queue.isFull)
    // A message larger than the limit is held whole; alone it fills the queue.
    queue.append(3, bytes: 50)
    #expect(queue.isFull)
    #expect(queue.take() == [3])
    #expect(queue.take() == [])
    #expect(!queue.isFull)
  }

  @Test func `a limit of one still lets one through`() {
    var queue = InboundQueue<Int>(maximumCount: 1, maximumBytes: 1)
    queue.append(1, bytes: 0)
    #expect(queue.isFull)
    #expect(queue.take() == [1])
    #expect(queue.take() == [])
    #expect(!queue.isFull)
  }

  @Test func `a long backlog comes out whole while more goes in`() {
    var queue = InboundQueue<Int>(maximumCount: 64, maximumBytes: .max)
    var (next, expected) = (0, 0)
    for round in 0..<500 {
      for _ in 0..<(round < 250 ? 40 : 20) {
        queue.append(next, bytes: 3)
        next += 1
      }
      for number in queue.take() {
        #expect(number == expected)
        expected += 1
      }
    }
    while !queue.isEmpty { expected += queue.take().count }
    #expect(expected == next)
  }
}
