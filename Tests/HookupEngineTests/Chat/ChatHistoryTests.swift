import HookupCore
import Synchronization
import Testing

@testable import HookupEngine

/// A chat client that keeps its rooms from one run to the next.
@Suite(.timeLimit(.minutes(1))) struct ChatHistoryTests {
  private let ops: RoomName
  private let nowhere = "ws://127.0.0.1:1/"

  init() throws { ops = try RoomName("ops") }

  /// Fills the room by way of a server.
  private func fill(
    _ store: MemoryChatStore, _ numbers: ClosedRange<Int>
  ) async throws {
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "bob") { client, updates in
        client.join(ops)
        _ = try await updates.next { $0.isJoined ? () : nil }
        try await client.say(contentsOf: numbers.map { "\($0)" }, in: ops)
        try await updates.untilSettled(client)
      }
    }
  }

  @Test func `what was read is there without a server, and only what is new comes, once`()
    async throws
  {
    let store = MemoryChatStore(id: "kept")
    let history = MemoryChatHistory()
    try await fill(store, 1...10)
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        let entries = try await updates.entries(10)
        #expect(entries.map(\.text) == (1...10).map { "\($0)" })
      }
    }
    try await withChatClient(nowhere, "alice", history: history) { [ops] client, updates in
      client.join(ops)
      let page = try await updates.next { $0.page }
      #expect(page.entries.map(\.text) == (1...10).map { "\($0)" } && page.isComplete)
    }
    try await fill(store, 11...12)
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        _ = try await updates.next { $0.page }
        let entries = try await updates.entries(2)
        #expect(entries.map(\.text) == ["11", "12"])
      }
    }
    #expect(await history.page(of: ops, before: nil, limit: 99).map(\.offset) == Array(1...12))
  }

  @Test func `scrolling back reads what is kept, then the server, whose pages are kept too`()
    async throws
  {
    let store = MemoryChatStore(id: "kept")
    let history = MemoryChatHistory()
    try await fill(store, 1...120)
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        let first = try await updates.entries(50)
        #expect(first.first?.offset == 71)
        client.fetchHistory(of: ops, before: 75)
        client.fetchHistory(of: ops, before: 75)
        let kept = try await updates.next { $0.page }
        #expect(kept.entries.map(\.offset) == [71, 72, 73, 74] && !kept.isComplete)
        client.fetchHistory(of: ops, before: 71)
        let fetched = try await updates.next { $0.page }
        #expect(fetched.entries.map(\.offset) == Array(1...70) && fetched.isComplete)
      }
    }
    try await withChatClient(nowhere, "alice", history: history) { [ops] client, updates in
      client.fetchHistory(of: ops, before: 50)
      let page = try await updates.next { $0.page }
      #expect(page.entries.map(\.offset) == Array(1...49) && page.isComplete)
      client.fetchHistory(of: try RoomName("dev"), before: 50)
      let none = try await updates.next { $0.page }
      #expect(none.entries == [] && none.problem?.contains("not connected") == true)
    }
  }

  @Test func `another server's store is told once, and the room starts over`() async throws {
    let history = MemoryChatHistory()
    let first = MemoryChatStore(id: "first")
    try await fill(first, 1...5)
    try await withChatServer(store: first) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        _ = try await updates.entries(5)
      }
    }
    let second = MemoryChatStore(id: "second")
    try await fill(second, 21...22)
    try await withChatServer(store: second) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        var rewound = 0
        let entry = try await updates.next { update -> RoomEntry? in
          if case .rewound(ops, after: 0) = update { rewound += 1 }
          if case .entry(let entry) = update { return entry }
          return nil
        }
        #expect(rewound == 1 && entry.offset == 1 && entry.text == "21")
        _ = try await updates.entries(1)
      }
    }
    #expect(await history.page(of: ops, before: nil, limit: 9).map(\.text) == ["21", "22"])
    #expect(await history.held() == ChatHeld(server: "second", rooms: [ops: 2]))
  }

  @Test func `a server that lost entries takes them back here too`() async throws {
    let history = MemoryChatHistory()
    history.take(.server("kept"))
    for offset in UInt64(1)...9 {
      history.take(
        .entry(
          RoomEntry(
            room: ops, offset: offset, id: try MessageID("m\(offset)"), from: try Nick("bob"),
            milliseconds: 0, text: "lost")))
    }
    let store = MemoryChatStore(id: "kept")
    try await fill(store, 1...2)
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        let entries = try await updates.entries(2)
        #expect(entries.map(\.text) == ["1", "2"])
      }
    }
    #expect(await history.page(of: ops, before: nil, limit: 99).map(\.text) == ["1", "2"])
  }

  @Test func `a history that is behind slows the reading of the server down`() async throws {
    let store = MemoryChatStore(id: "kept")
    try await fill(store, 1...40)
    let history = SlowHistory()
    try await withChatServer(store: store) { [ops] _, address in
      try await withChatClient(address.url, "alice", history: history) { client, updates in
        client.join(ops)
        try await history.stalled.next()
        #expect(history.taken == 3, "it is read no further")
        history.goOn()
        _ = try await updates.entries(40)
      }
    }
  }
}

/// Has room for two records until it is told to go on.
private final class SlowHistory: ChatHistory {
  private struct State {
    var taken = 0
    var goesOn = false
    var writers: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  /// The client waits.
  let stalled = Mailbox<Void>()

  var taken: Int { state.withLock { $0.taken } }

  func goOn() {
    let writers = state.withLock { state in
      state.goesOn = true
      return state.writers
    }
    for writer in writers { writer.resume() }
  }

  func held() async -> ChatHeld { ChatHeld() }
  func take(_ record: ChatRecord) { state.withLock { $0.taken += 1 } }

  func waitForRoom() async {
    await withCheckedContinuation { continuation in
      let passes = state.withLock { state in
        if state.goesOn || state.taken <= 2 { return true }
        state.writers.append(continuation)
        return false
      }
      if passes { continuation.resume() } else { stalled.put(()) }
    }
  }

  func page(of room: RoomName, before offset: UInt64?, limit: Int) async -> [RoomEntry] { [] }
  func close() async {}
}

extension ChatUpdate {
  fileprivate var page: ChatPage? { if case .page(let page) = self { page } else { nil } }
  fileprivate var isJoined: Bool { if case .joined = self { true } else { false } }
}
