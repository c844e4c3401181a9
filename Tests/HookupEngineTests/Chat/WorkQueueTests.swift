import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct WorkQueueTests {
  @Test func `work comes in order, as much at a time as is asked for`() async {
    let queue = WorkQueue<Int>()
    for number in 1...5 { queue.append(number) }
    #expect(await queue.next(maximumCount: 2) == [1, 2])
    #expect(await queue.next(maximumWeight: 8, weight: { $0 }) == [3, 4])
    #expect(await queue.next(maximumWeight: 1, weight: { $0 }) == [5])
  }

  @Test func `it ends when it is told to and everything is taken`() async {
    let queue = WorkQueue<Int>()
    queue.append(1)
    queue.finish()
    #expect(await queue.next() == [1])
    #expect(await queue.next() == nil)
  }

  @Test func `who waits is woken by work and by the end, and not by cancellation`() async {
    let queue = WorkQueue<Int>()
    let taker = Task {
      var taken: [Int] = []
      while let batch = await queue.next() { taken += batch }
      return taken
    }
    taker.cancel()
    for number in 1...1_000 { queue.append(number) }
    queue.finish()
    #expect(await taker.value == Array(1...1_000))
  }

  @Test func `what waits can be taken back`() async {
    let queue = WorkQueue<Int>()
    queue.append(1)
    #expect(queue.takeAll() == [1])
    queue.finish()
    #expect(await queue.next() == nil)
  }
}
