import HookupCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ChatClientTests {
  private let ops: RoomName
  private let nowhere = "ws://127.0.0.1:1/"

  init() throws { ops = try RoomName("ops") }

  @Test func `a message is queued, sent, stored, and comes back as the room's entry`() async throws
  {
    try await withChatServer { [ops] _, address in
      try await withChatClient(address.url, "alice") { client, updates in
        client.join(ops)
        let snapshot = try await updates.next { $0.joined }
        #expect(snapshot.members.map(\.text) == ["alice"])
        #expect(snapshot.last == 0)
        let id = try await client.say("hello", in: ops)
        var states: [DeliveryState] = []
        let entry = try await updates.next { update -> RoomEntry? in
          if let own = update.own, own.id == id { states.append(own.state) }
          return update.entry
        }
        #expect(entry.id == id && entry.text == "hello" && entry.offset == 1)
        if states.last != .stored(offset: 1) {
          states.append(try await updates.next { $0.own?.state })
        }
        #expect(states.last == .stored(offset: 1))
        #expect(states.filter { $0 == .stored(offset: 1) }.count == 1)
        #expect(client.unsettledCount == 0)
      }
    }
  }

  @Test func `two people read the same, in the same order`() async throws {
    try await withChatServer { [ops] _, address in
      try await withChatClient(address.url, "alice") { alice, heardByAlice in
        alice.join(ops)
        _ = try await heardByAlice.next { $0.joined }
        try await withChatClient(address.url, "bob") { bob, heardByBob in
          bob.join(ops)
          _ = try await heardByBob.next { $0.joined }
          async let first: Void = sayNumbers(1...20, by: alice)
          async let second: Void = sayNumbers(101...120, by: bob)
          _ = try await (first, second)
          let atAlice = try await heardByAlice.entries(40)
          let atBob = try await heardByBob.entries(40)
          #expect(atAlice == atBob)
          #expect(atAlice.map(\.offset) == Array(1...40))
          let numbers = atAlice.compactMap { Int($0.text) }
          #expect(numbers.filter { $0 <= 20 } == Array(1...20))
          #expect(numbers.filter { $0 > 20 } == Array(101...120))
        }
      }
    }
  }

  private func sayNumbers(_ numbers: ClosedRange<Int>, by client: ChatClient) async throws {
    for number in numbers { try await client.say("\(number)", in: ops) }
  }

  @Test func `a server that goes and comes back gets everything once and in order`() async throws {
    let store = MemoryChatStore(id: "kept")
    let port = try await freePort()
    let place: @Sendable (inout ChatServerConfiguration) -> Void = { $0.server.port = port }
    try await withChatClient("ws://127.0.0.1:\(port)/", "alice") { [ops] client, updates in
      client.join(ops)
      try await withChatServer(store: store, configure: place) { _, _ in
        client.reconnect()
        _ = try await updates.next { $0.joined }
        for number in 1...10 { try await client.say("\(number)", in: ops) }
        _ = try await updates.entries(5)
      }
      for number in 11...20 { try await client.say("\(number)", in: ops) }
      try await withChatServer(store: store, configure: place) { _, _ in
        client.reconnect()
        let rest = try await updates.entries(15)
        #expect(rest.map(\.text) == (6...20).map(String.init))
        #expect(rest.map(\.offset) == Array(6...20))
        try await updates.untilSettled(client)
      }
      let head = try await store.head(of: RoomKey(ops, for: try Nick("alice")))
      #expect(head.last == 20)
    }
  }

  @Test func `what was said without a server is shown by the next run and sent`() async throws {
    try await withTemporaryDirectory { [ops, nowhere] directory in
      let texts = ["one", "two", "three"]
      let ids = try await withChatClient(nowhere, "alice", directory: directory) { client, _ in
        let said = try await client.say(contentsOf: texts, in: ops)
        return said.map(\.id)
      }
      try await withChatServer { _, address in
        try await withChatClient(address.url, "alice", directory: directory) { client, updates in
          var restored: [OwnMessage] = []
          while restored.count < 3 { restored.append(try await updates.next { $0.own }) }
          #expect(restored.map(\.id) == ids)
          #expect(restored.map(\.text) == texts)
          #expect(restored.map(\.sequence) == [1, 2, 3])
          #expect(restored.allSatisfy { $0.state == .buffered })
          client.join(ops)
          let entries = try await updates.entries(3)
          #expect(entries.map(\.id) == ids)
          try await updates.untilSettled(client)
        }
      }
    }
  }

  @Test func `what a message is and what it replies to is told, also by the next run`() async throws
  {
    try await withTemporaryDirectory { [ops, nowhere] directory in
      try await withChatClient(nowhere, "alice", directory: directory) { client, updates in
        try await client.say("waves", in: ops, as: .me, replyingTo: 7)
        let own = try await updates.next { $0.own }
        #expect(own.kind == .me && own.ref == 7)
      }
      try await withChatClient(nowhere, "alice", directory: directory) { _, updates in
        let own = try await updates.next { $0.own }
        #expect(own.kind == .me && own.ref == 7 && own.text == "waves")
      }
    }
  }

  @Test func `a text that the server refuses has failed, and the next one is stored`() async throws
  {
    try await withChatServer {
      $0.limits.textBytes = 10
    } body: { [ops] _, address in
      try await withChatClient(address.url, "alice") { client, updates in
        let long = try await client.say("longer than it may be", in: ops)
        let reason = try await updates.next { update -> String? in
          guard let own = update.own, own.id == long, case .failed(let reason) = own.state else {
            return nil
          }
          return reason
        }
        #expect(reason.contains("bad_text"))
        let short = try await client.say("short", in: ops)
        let offset = try await updates.next { $0.offset(of: short) }
        #expect(offset == 1)
        try await updates.untilSettled(client)
      }
    }
  }

  @Test func `a text that no server takes is not even queued`() async throws {
    try await withChatClient(nowhere, "alice") { [ops] client, updates in
      let empty = await #expect(throws: HookupError.self) { try await client.say("", in: ops) }
      #expect(empty?.code == .invalidArgument)
      let long = String(repeating: "é", count: 4_097)
      let outcomes = try await client.say(contentsOf: [long, "fits"], in: ops).map(\.outcome)
      let error = #expect(throws: HookupError.self) { try outcomes[0].get() }
      #expect(error?.code == .messageTooBig)
      #expect(try outcomes[1].get().sequence == 1)
      var failed: [String] = []
      while failed.count < 2 {
        failed.append(
          try await updates.next { update in
            guard let own = update.own, case .failed = own.state else { return nil }
            return own.text
          })
      }
      #expect(failed == ["", long])
      #expect(client.unsettledCount == 1)
      #expect(await client.snapshot().backlog.messages == 1)
    }
  }

  @Test func `a direct message reaches the other person, named after the sender`() async throws {
    try await withChatServer { _, address in
      let toBob = try RoomName("@bob")
      let toAlice = try RoomName("@alice")
      try await withChatClient(address.url, "alice") { alice, heardByAlice in
        try await withChatClient(address.url, "bob") { bob, heardByBob in
          _ = try await heardByBob.next { $0.welcomed }
          try await alice.say("psst", in: toBob)
          let entry = try await heardByBob.entries(1)[0]
          #expect(entry.room == toAlice && entry.from.text == "alice" && entry.text == "psst")
          try await bob.say("what?", in: toAlice)
          let both = try await heardByAlice.entries(2)
          #expect(both.map(\.text) == ["psst", "what?"])
          #expect(both.allSatisfy { $0.room == toBob })
        }
      }
    }
  }

  @Test func `a topic is an entry of the log, and newcomers are told it`() async throws {
    try await withChatServer { [ops] _, address in
      try await withChatClient(address.url, "alice") { alice, heardByAlice in
        alice.join(ops)
        try await alice.setTopic("deploys", of: ops)
        let entry = try await heardByAlice.entries(1)[0]
        #expect(entry.kind == .topic && entry.text == "deploys")
        try await withChatClient(address.url, "bob") { bob, heardByBob in
          bob.join(ops)
          #expect(try await heardByBob.next { $0.joined }.topic == "deploys")
          bob.requestMembers(of: ops)
          let members = try await heardByBob.next { update -> [Nick]? in
            if case .members(_, let nicks) = update { nicks } else { nil }
          }
          #expect(members.map(\.text) == ["alice", "bob"])
          bob.part(ops)
          _ = try await heardByBob.next { update -> RoomName? in
            if case .parted(let room) = update { room } else { nil }
          }
        }
      }
    }
  }

  @Test func `history begins where one left off, whatever its length`() async throws {
    try await withChatServer { [ops] _, address in
      try await withChatClient(address.url, "alice") { alice, heard in
        _ = try await alice.say(contentsOf: (1...230).map(String.init), in: ops)
        try await heard.untilSettled(alice)
      }
      try await withChatClient(address.url, "bob") { bob, heard in
        bob.join(ops, since: 10)
        let offsets = try await heard.entries(220).map(\.offset)
        #expect(offsets == Array(11...230))
      }
      try await withChatClient(address.url, "carol") { carol, heard in
        carol.join(ops)
        let offsets = try await heard.entries(50).map(\.offset)
        #expect(offsets == Array(181...230))
      }
    }
  }

  @Test func `another store behind the same address is said, and rooms start over`() async throws {
    let port = try await freePort()
    let place: @Sendable (inout ChatServerConfiguration) -> Void = { $0.server.port = port }
    try await withChatClient("ws://127.0.0.1:\(port)/", "alice") { [ops] client, updates in
      client.join(ops)
      for round in ["one", "two"] {
        try await withChatServer(store: MemoryChatStore(id: round), configure: place) { _, _ in
          client.reconnect()
          if round == "two" {
            _ = try await updates.next { $0.notice(containing: "another one") }
          }
          _ = try await updates.next { $0.joined }
          try await client.say(round, in: ops)
          let entry = try await updates.entries(1)[0]
          #expect(entry.text == round && entry.offset == 1)
          try await updates.untilSettled(client)
        }
      }
    }
  }

  @Test func `who only reads leaves the directory to whoever has it`() async throws {
    try await withTemporaryDirectory { [ops, nowhere] directory in
      try await withChatClient(nowhere, "alice", directory: directory) { writer, _ in
        try await writer.say("mine", in: ops)
        var configuration = ChatClient.Configuration(nick: try Nick("alice"), directory: directory)
        #expect(throws: HookupError.self) {
          _ = try ChatClient(nowhere, configuration: configuration, logger: .quiet)
        }
        configuration.onlyReads = true
        let reader = try ChatClient(nowhere, configuration: configuration, logger: .quiet)
        #expect(await reader.snapshot().backlog.messages == 0)
      }
    }
  }

  @Test func `it ends when it is closed, even when nobody reads what it tells`() async throws {
    try await withChatServer { [ops] _, address in
      var configuration = ChatClient.Configuration(nick: try Nick("alice"))
      configuration.maximumQueuedUpdates = 1
      let client = try ChatClient(address.url, configuration: configuration, logger: .quiet)
      client.join(ops)
      let running = Task { try await client.run() }
      // The second update is one too many: the client takes no more events.
      let bob = try await ChatPeer.welcome(address, "bob")
      _ = try await bob.join("ops")
      try bob.send(.members(ops))
      try await client.say("1", in: ops)
      _ = try await bob.nextEntry()
      client.close()
      try await running.value
    }
  }
}

/// What a chat client tells, for a test that takes what it is interested in.
///
/// `@unchecked Sendable`: one task of a test uses it at a time.
final class HeardUpdates: @unchecked Sendable {
  private var iterator: ChatUpdates.AsyncIterator

  init(_ updates: ChatUpdates) { iterator = updates.makeAsyncIterator() }

  func next<Value>(_ pick: (ChatUpdate) -> Value?) async throws -> Value {
    while let update = await iterator.next() {
      if let value = pick(update) { return value }
    }
    throw HookupError(.closed, "the client ended first")
  }

  func entries(_ count: Int) async throws -> [RoomEntry] {
    var entries: [RoomEntry] = []
    while entries.count < count { entries.append(try await next { $0.entry }) }
    return entries
  }

  /// Until every message of one's own is stored or failed.
  func untilSettled(_ client: ChatClient) async throws {
    while client.unsettledCount > 0 { _ = try await next { $0.own } }
  }
}

extension ChatUpdate {
  fileprivate var entry: RoomEntry? { if case .entry(let entry) = self { entry } else { nil } }
  fileprivate var own: OwnMessage? { if case .own(let own) = self { own } else { nil } }
  fileprivate var joined: RoomSnapshot? { if case .joined(let room) = self { room } else { nil } }
  fileprivate var welcomed: Nick? { if case .welcomed(let nick) = self { nick } else { nil } }

  fileprivate func offset(of id: MessageID) -> UInt64? {
    if let own, own.id == id, case .stored(let offset) = own.state { offset } else { nil }
  }

  fileprivate func notice(containing words: String) -> String? {
    if case .notice(let text) = self, text.contains(words) { text } else { nil }
  }
}

/// Runs a chat client while `body` runs, then closes it; its `run()` must return without an error.
func withChatClient<Result>(
  _ url: String, _ nick: String, directory: String? = nil, history: (any ChatHistory)? = nil,
  _ body: (ChatClient, HeardUpdates) async throws -> Result
) async throws -> Result {
  var configuration = ChatClient.Configuration(nick: try Nick(nick), directory: directory)
  configuration.client = .quick
  configuration.history = history
  let client = try ChatClient(url, configuration: configuration, logger: .quiet)
  let running = Task { try await client.run() }
  do {
    let result = try await body(client, HeardUpdates(client.updates))
    client.close()
    try await running.value
    return result
  } catch {
    running.cancel()
    _ = await running.result
    throw error
  }
}
