import Testing

@testable import HookupCore

/// Who meets a limit of the chat is told which, and how much it is. (Rates: ``ChatHubMachinePaceTests``; those of a room:
/// ``RoomStateRulesTests``; of connections and messages on the wire: the engine's tests.)
@Suite struct LimitSentenceTests {
  private let ops = ChatEventVectors.ops
  private let id = ChatEventVectors.id

  /// A hub with alice on 1 and bob on 2, and limits that are met soon.
  private func hub() throws -> HubHarness {
    var hub = HubHarness {
      $0.limits.textBytes = 11
      $0.limits.topicBytes = 12
      $0.limits.roomsPerConnection = 2
      $0.maximumOpenRooms = 3
      $0.readersPerRoom = 1
      $0.badCommands = 4
      $0.helloTimeout = .seconds(15)
      $0.connectionsPerClient = 1
    }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    return hub
  }

  /// The sentences of the refusals and closes among the actions.
  private func sentences(_ actions: [ChatHubAction]) -> [String] {
    actions.compactMap { action in
      switch action {
      case .send(.error(let refusal), _): refusal.message
      case .close(_, _, let reason): reason
      default: nil
      }
    }
  }

  private func words(_ count: Int) -> String { String(repeating: "w ", count: count) }

  @Test func `what is said`() throws {
    var hub = try hub()
    let long = String(repeating: "x", count: 13)
    for (act, limit) in [
      (RoomAct.say(long), "11"), (RoomAct(.me, text: long), "11"),
      (RoomAct(.edited, text: long, ref: 1), "11"), (.topic(long), "12"),
      (RoomAct(.departed, text: long), "12"), (RoomAct(.reacted, text: long, ref: 1), "64 bytes"),
      (RoomAct(.settings, settings: RoomSettings(about: long)), "12"),
    ] {
      let told = sentences(hub.receive(1, 1, .act(ops, id: id, act)))
      #expect(told.count == 1 && told[0].contains(limit), "\(told)")
    }
    #expect(sentences(hub.receive(1, 1, .away(long))).first?.contains("at most 12") == true)
  }

  @Test func `searches`() throws {
    var hub = try hub()
    for (query, limit) in [
      (ChatQuery(words: words(9)), "8 words"),
      (ChatQuery(words: String(repeating: "w", count: 257)), "256 bytes"),
      (ChatQuery(words: "w", skip: 1_001), "1000 hits"),
    ] {
      let told = sentences(hub.receive(1, 1, .search(query)))
      #expect(told.count == 1 && told[0].contains(limit), "\(told)")
    }
  }

  @Test func `rooms and their readers`() throws {
    var hub = try hub()
    _ = try hub.join(1, "a")
    _ = try hub.join(1, "b")
    #expect(sentences(try hub.join(1, "c")).first?.hasPrefix("2 rooms are joined") == true)
    #expect(sentences(try hub.join(2, "a")).first?.contains("has 1 readers") == true)
    _ = try hub.join(2, "c")
    #expect(sentences(try hub.join(2, "d")).first?.contains("has 3 rooms open") == true)
  }

  @Test func `connections, and what they say first`() throws {
    var hub = try hub()
    _ = hub.feed(.connected(.init(3), fallback: client(9)))
    hub.now = hub.now + .seconds(15)
    #expect(sentences(hub.feed(.timer)) == ["no hello within 15 s"])
    let nonsense = ChatHubEvent.received(
      .init(2), .init(1), .failure(ChatRefusal(.badCommand, "nonsense")))
    let told = (1...5).flatMap { _ in sentences(hub.feed(nonsense)) }
    #expect(told.last == "5 messages in a row were no commands")
    _ = hub.feed(.connected(.init(4), fallback: client(9)))
    let hello = ChatCommand.hello(nick: try Nick("alice"), client: client(1))
    #expect(sentences(hub.receive(4, 1, hello)) == ["this client has 1 newer connections"])
  }
}
