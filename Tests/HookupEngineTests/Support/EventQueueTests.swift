import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct EventQueueTests {
  private final class Counter: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func add() { state.withLock { $0 += 1 } }
  }

  private func contents(_ queue: EventQueue<Int>) async -> [Int] {
    queue.finish()
    var all: [Int] = []
    for await element in queue { all.append(element) }
    return all
  }

  @Test func `batches come out one by one, in order, and then the end`() async {
    let queue = EventQueue<Int>(limit: 10)
    #expect(queue.push([1, 2]))
    #expect(queue.push([]))
    #expect(queue.push([3]))
    #expect(await contents(queue) == [1, 2, 3])
    #expect(queue.push([4]), "after the end nobody is asked to pause")
    #expect(await contents(queue) == [])
  }

  @Test(.timeLimit(.minutes(1)))
  func `a producer that waits for room goes on when all is read, when told so, and at the end`()
    async
  {
    let queue = EventQueue<Int>(limit: 1)
    await queue.waitForRoom()
    queue.push([1, 2])
    let passed = Counter()
    let writer = Task {
      await queue.waitForRoom()
      passed.add()
    }
    var reader = queue.makeAsyncIterator()
    #expect(passed.count == 0)
    #expect(await reader.next() == 1)
    await writer.value
    #expect(await reader.next() == 2)

    queue.push([3, 4])
    let cancelled = Task { await queue.waitForRoom() }
    cancelled.cancel()
    await cancelled.value
    let released = Task { await queue.waitForRoom() }
    queue.stopHoldingWriters()
    await released.value

    let other = EventQueue<Int>(limit: 1)
    other.push([1, 2])
    let last = Task { await other.waitForRoom() }
    other.finish()
    await last.value
  }

  @Test func `beyond the limit the producer is asked to pause until all is read`() async {
    let room = Counter()
    let queue = EventQueue<Int>(limit: 2) { room.add() }
    #expect(queue.push([1, 2]))
    #expect(!queue.push([3]))
    #expect(!queue.push([4]), "what may not be dropped is taken all the same")
    var reader = queue.makeAsyncIterator()
    #expect(await reader.next() == 1)
    #expect(room.count == 1)
    #expect(queue.push([5]))
    var rest: [Int?] = []
    for _ in 0..<4 { rest.append(await reader.next()) }
    #expect(rest == [2, 3, 4, 5])
    #expect(room.count == 1, "nothing was over the limit again")
  }

  @Test func `bytes count like elements`() async {
    let room = Counter()
    let queue = EventQueue<Int>(limit: 100, maximumBytes: 10) { room.add() }
    #expect(queue.push([1], bytes: 10))
    #expect(!queue.push([2], bytes: 1))
    var reader = queue.makeAsyncIterator()
    _ = await reader.next()
    #expect(room.count == 1)
    #expect(queue.push([3], bytes: 10), "what was read does not count any more")
  }

  @Test func `without a reader, what may be dropped is dropped at the limit`() async {
    let queue = EventQueue<Int>(limit: 2)
    for number in 1...5 { #expect(queue.push([number], mayDrop: true)) }
    #expect(await contents(queue) == [1, 2])
  }

  @Test func `with a reader, what may be dropped is dropped at twice the limit`() async {
    let queue = EventQueue<Int>(limit: 2)
    queue.push([0])
    var reader = queue.makeAsyncIterator()
    #expect(await reader.next() == 0)
    for number in 1...9 { queue.push([number], mayDrop: true) }
    #expect(await contents(queue) == [1, 2, 3, 4])
  }

  @Test func `a reader that waits gets a batch of any size, and the producer goes on`() async throws
  {
    for _ in 0..<50 {
      let queue = EventQueue<Int>(limit: 1)
      let started = Mailbox<Void>()
      let reading = Task {
        started.put(())
        var all: [Int] = []
        for await element in queue {
          all.append(element)
          if all.count == 3 { break }
        }
        return all
      }
      try await started.next()
      queue.push([1, 2, 3])
      #expect(await reading.value == [1, 2, 3])
    }
  }

  @Test func `cancellation ends the wait`() async {
    let queue = EventQueue<Int>(limit: 1)
    let reading = Task {
      var reader = queue.makeAsyncIterator()
      return await reader.next()
    }
    reading.cancel()
    #expect(await reading.value == nil)
  }

  @Test func `the end wakes who waits, and of two readers one gets it at once`() async throws {
    let queue = EventQueue<Int>(limit: 1)
    let heard = Mailbox<Int?>()
    for _ in 0..<2 {
      Task {
        var reader = queue.makeAsyncIterator()
        heard.put(await reader.next())
      }
    }
    #expect(try await heard.next() == nil)
    queue.push([7])
    #expect(try await heard.next() == 7)
    let last = Task {
      var reader = queue.makeAsyncIterator()
      return await reader.next()
    }
    queue.finish()
    #expect(await last.value == nil)
  }
}
