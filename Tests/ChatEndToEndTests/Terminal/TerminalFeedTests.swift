import HookupCore
import HookupTUI
import Synchronization
import Testing

@testable import hookup_chat

private final class Counter: Sendable {
  private let state = Mutex(0)
  var count: Int { state.withLock { $0 } }
  func add() { state.withLock { $0 += 1 } }
}

@Suite struct LatestValueTests {
  @Test func `the newest value is taken, once`() {
    let slot = LatestValue<Int>(wake: {})
    #expect(slot.take() == nil)
    slot.publish(1)
    slot.publish(2)
    #expect(slot.take() == 2)
    #expect(slot.take() == nil)
  }

  @Test func `a burst wakes once`() {
    let wakes = Counter()
    let slot = LatestValue<Int>(wake: { wakes.add() })
    for value in 0..<100 { slot.publish(value) }
    #expect(wakes.count == 1)
    _ = slot.take()
    slot.publish(5)
    #expect(wakes.count == 2)
  }
}

@Suite(.timeLimit(.minutes(1))) struct BoundedQueueTests {
  @Test func `elements come out in order, at most as many as asked for`() async {
    let queue = BoundedQueue<Int>(capacity: 10, wake: {})
    for value in 0..<5 { #expect(await queue.send(value)) }
    #expect(queue.take(2) == [0, 1])
    #expect(queue.take(10) == [2, 3, 4])
    #expect(queue.take(10) == [])
  }

  @Test func `a burst wakes once`() async {
    let wakes = Counter()
    let queue = BoundedQueue<Int>(capacity: 10, wake: { wakes.add() })
    for value in 0..<5 { await queue.send(value) }
    #expect(wakes.count == 1)
    _ = queue.take(10)
    await queue.send(9)
    #expect(wakes.count == 2)
  }

  @Test
  func `a fast writer never has more than the capacity queued, and nothing is lost or reordered`()
    async
  {
    let queue = BoundedQueue<Int>(capacity: 4, wake: {})
    let writer = Task { for value in 0..<2_000 { await queue.send(value) } }
    var read: [Int] = []
    while read.count < 2_000 {
      #expect(queue.count <= 4)
      read += queue.take(3)
      await Task.yield()
    }
    await writer.value
    #expect(read == Array(0..<2_000))
  }

  @Test func `several writers keep their own order`() async {
    let queue = BoundedQueue<(writer: Int, value: Int)>(capacity: 3, wake: {})
    let read = await withTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask { for value in 0..<200 { await queue.send((writer, value)) } }
      }
      var read: [(writer: Int, value: Int)] = []
      while read.count < 800 {
        read += queue.take(2)
        await Task.yield()
      }
      return read
    }
    for writer in 0..<4 {
      #expect(read.filter { $0.writer == writer }.map(\.value) == Array(0..<200))
    }
  }

  @Test func `closing lets waiting writers go and refuses what comes later`() async {
    let queue = BoundedQueue<Int>(capacity: 1, wake: {})
    #expect(await queue.send(1))
    let writer = Task { await queue.send(2) }
    while !queue.hasWaitingWriters { await Task.yield() }
    queue.close()
    #expect(await writer.value == false)
    #expect(await queue.send(3) == false)
    #expect(queue.take(10) == [1])
  }

  @Test func `a cancelled writer gives up and its element is never seen`() async {
    let queue = BoundedQueue<Int>(capacity: 1, wake: {})
    await queue.send(1)
    let writer = Task { await queue.send(2) }
    while !queue.hasWaitingWriters { await Task.yield() }
    writer.cancel()
    #expect(await writer.value == false)
    #expect(queue.take(10) == [1])
    #expect(queue.take(10) == [])
    let early = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await queue.send(1)
      return await queue.send(2)
    }
    #expect(await early.value == false)
    #expect(queue.take(10) == [1])
  }
}

@Suite struct TerminalFeedTests {
  @Test func `updates come in order, then the newest of each state`() async throws {
    let feed = TerminalFeed(wake: {})
    var link = LinkStatus()
    feed.link.publish(link)
    link.state = .online
    feed.link.publish(link)
    await feed.chat.send(.notice("a"))
    await feed.chat.send(.notice("b"))
    #expect(feed.take(1) == [.chat(.notice("a")), .link(link)])
    #expect(feed.take(9) == [.chat(.notice("b"))])
    #expect(feed.take(9) == [])
  }

  @Test func `a page of older entries comes in line with the updates`() async throws {
    let feed = TerminalFeed(wake: {})
    let room = try RoomName("ops")
    await feed.chat.send(.notice("a"))
    let page = ChatPage(room: room, entries: [], isComplete: true, problem: "why")
    await feed.chat.send(.page(page))
    await feed.chat.send(.notice("b"))
    #expect(feed.take(9) == [.chat(.notice("a")), .chat(.page(page)), .chat(.notice("b"))])
  }
}

@Suite(.timeLimit(.minutes(1))) struct EffectQueueTests {
  @Test
  func `effects are carried out in order, one after the other, those that wait at the end too`()
    async throws
  {
    let queue = EffectQueue(wake: {})
    let rooms = try (0..<50).map { try RoomName("room\($0)") }
    for room in rooms { queue.append(.join(room)) }
    queue.close()
    let done = Mutex<[ScreenEffect]>([])
    await queue.perform { effect in
      await Task.yield()
      done.withLock { $0.append(effect) }
    }
    #expect(done.withLock { $0 } == rooms.map(ScreenEffect.join))
  }

  @Test func `there is no room beyond the limit, and one wake when there is again`() async {
    let wakes = Counter()
    let queue = EffectQueue(wake: { wakes.add() })
    for _ in 0..<(EffectQueue.maximumEffects - 1) { queue.append(.requestRooms) }
    #expect(queue.hasRoom)
    queue.append(.requestRooms)
    #expect(!queue.hasRoom)
    queue.append(.requestRooms)
    queue.close()
    await queue.perform { _ in }
    #expect(queue.hasRoom)
    #expect(wakes.count == 1)
  }
}
