import HookupCore
import Testing

@Suite struct ChatHubMachineCommandsTests {
  let ops = try! RoomName("ops")

  @Test func `a hello is answered with the welcome and the direct conversations, then acked`()
    throws
  {
    var hub = HubHarness()
    let nick = try Nick("alice")
    let direct = [RoomSummary(room: try RoomName("@bob"), last: 12)]
    #expect(hub.feed(.connected(.init(1), fallback: client(9))) == [])
    #expect(
      hub.receive(1, 5, .hello(nick: nick, client: client(1))) == [
        .read(.init(1), .person(nick, limit: 100))
      ])
    let welcome = ChatWelcome(
      nick: nick, server: "store-1", direct: direct, limits: ChatLimits())
    #expect(
      hub.answer(1, .person(PersonRecord(direct: direct))) == [
        send(.welcome(welcome), to: 1), settle(1, 5),
      ])
  }

  @Test func `before the hello nothing is done and nothing is acked`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    let refusal = ChatEvent.error(
      ChatRefusal(
        .helloFirst, "say hello first, and send this again after the welcome", command: "say"))
    #expect(
      hub.receive(1, 5, try hub.said("a")) == [
        send(refusal, to: 1), settle(1, 5, acknowledge: false),
      ])
    let bad = ChatRefusal(.badText, "no", id: ChatEventVectors.id, command: "say")
    #expect(
      hub.feed(.received(.init(1), .init(6), .failure(bad))) == [
        send(refusal, to: 1), settle(1, 6, acknowledge: false),
      ])
  }

  @Test func `a bad hello is refused, acked, and can be said again`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    let bad = ChatRefusal(.badNick, "no", command: "hello")
    #expect(
      hub.feed(.received(.init(1), .init(5), .failure(bad))) == [
        send(.error(bad), to: 1), settle(1, 5),
      ])
    let nick = try Nick("alice")
    #expect(
      hub.receive(1, 6, .hello(nick: nick, client: nil)) == [
        .read(.init(1), .person(nick, limit: 100))
      ])
  }

  @Test func `a second hello is refused`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let again = hub.receive(1, 5, .hello(nick: try Nick("bob"), client: nil))
    #expect(refusals(again) == ["already_welcome"])
    #expect(again.last == settle(1, 5))
  }

  @Test func `a nick of another live client is refused, whatever its case, and free when it left`()
    throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.feed(.connected(.init(2), fallback: client(8)))
    let hello = ChatCommand.hello(nick: try Nick("ALICE"), client: client(2))
    #expect(refusals(hub.receive(2, 5, hello)) == ["nick_in_use"])
    _ = hub.feed(.disconnected(.init(1)))
    #expect(hub.receive(2, 6, hello).count == 1)
  }

  @Test func `two bots without a client id are two clients`() throws {
    var hub = HubHarness()
    for key: UInt64 in 1...2 { _ = hub.feed(.connected(.init(key), fallback: client(0x10 + key))) }
    #expect(refusals(hub.receive(1, 5, .hello(nick: try Nick("bot"), client: nil))) == [])
    #expect(
      refusals(hub.receive(2, 5, .hello(nick: try Nick("bot"), client: nil))) == ["nick_in_use"])
  }

  @Test func `a client may have several connections, and is one person with them`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(3, "bob")
    _ = try hub.join(1)
    _ = try hub.join(3)
    _ = hub.feed(.connected(.init(2), fallback: client(8)))
    let nick = try Nick("alice")
    #expect(
      hub.receive(2, 5, .hello(nick: nick, client: client(1))) == [
        .read(.init(4), .person(nick, limit: 100))
      ])
    _ = hub.feed(.connected(.init(4), fallback: client(7)))
    let other = hub.receive(4, 5, .hello(nick: nick, client: client(4)))
    #expect(refusals(other) == ["nick_in_use"])
    #expect(hub.feed(.disconnected(.init(1))) == [send(.left(ops, nick), to: 3)])
    #expect(refusals(hub.receive(4, 6, .hello(nick: nick, client: client(4)))) == ["nick_in_use"])
    _ = hub.feed(.disconnected(.init(2)))
    #expect(refusals(hub.receive(4, 7, .hello(nick: nick, client: client(4)))) == [])
  }

  @Test func `people who read a room twice arrive once and leave once`() throws {
    var hub = HubHarness()
    try hub.welcome(3, "bob")
    _ = try hub.join(3)
    try hub.welcome(1, "alice", client: client(1))
    let nick = try Nick("alice")
    #expect(try hub.join(1).first == send(.arrived(ops, nick), to: 3))
    try hub.welcome(2, "alice", client: client(1))
    let second = try hub.join(2)
    guard case .send(.joined(let joined), to: _)? = second.first else {
      Issue.record("\(second)")
      return
    }
    #expect(joined.members == [try Nick("bob"), nick])
    #expect(hub.feed(.disconnected(.init(1))) == [])
    #expect(hub.feed(.disconnected(.init(2))) == [send(.left(ops, nick), to: 3)])
  }

  @Test func `one connection too many closes the oldest`() throws {
    var hub = HubHarness()
    for key: UInt64 in 1...8 { try hub.welcome(key, "alice", client: client(1)) }
    _ = hub.feed(.connected(.init(9), fallback: client(9)))
    let actions = hub.receive(9, 5, .hello(nick: try Nick("alice"), client: client(1)))
    #expect(
      actions.first == .close(.init(1), code: 4009, reason: "this client has 8 newer connections"))
  }

  @Test func `another nick of the same client closes the older connections and frees the old nick`()
    throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.feed(.connected(.init(2), fallback: client(8)))
    let actions = hub.receive(2, 5, .hello(nick: try Nick("eve"), client: client(1)))
    #expect(
      actions.first == .close(.init(1), code: 4009, reason: "this client goes by another nick now"))
    _ = hub.feed(.connected(.init(3), fallback: client(7)))
    let alice = hub.receive(3, 5, .hello(nick: try Nick("alice"), client: client(3)))
    #expect(refusals(alice) == [])
  }

  @Test func `what is said goes to the store under the sender's client`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let append = RoomAppend(
      key: RoomKey(ops, for: try Nick("alice")), kind: .said, id: ChatEventVectors.id,
      client: client(1), from: try Nick("alice"), text: "hi")
    #expect(hub.receive(1, 5, try hub.said("hi")) == [.append(.init(2), append)])
  }

  @Test(arguments: [
    (ChatCommand.say(try! RoomName("ops"), id: ChatEventVectors.id, text: ""), "bad_text"),
    (.say(try! RoomName("ops"), id: ChatEventVectors.id, text: "123456789"), "bad_text"),
    (.topic(try! RoomName("ops"), id: ChatEventVectors.id, text: "12345"), "bad_topic"),
    (.topic(try! RoomName("@bob"), id: ChatEventVectors.id, text: "1"), "bad_topic"),
  ])
  func `text out of bounds is refused with its id and acked`(
    command: ChatCommand, code: String
  ) throws {
    var hub = HubHarness {
      $0.limits.textBytes = 8
      $0.limits.topicBytes = 4
    }
    try hub.welcome(1, "alice")
    let actions = hub.receive(1, 5, command)
    #expect(refusals(actions) == [code])
    guard case .send(.error(let refusal), _) = actions.first else { return }
    #expect(refusal.id == ChatEventVectors.id && refusal.command == command.name)
    #expect(actions.last == settle(1, 5))
  }

  @Test func `a topic may be empty, and text may fill its bound`() throws {
    var hub = HubHarness { $0.limits.textBytes = 8 }
    try hub.welcome(1, "alice")
    #expect(hub.receive(1, 5, .topic(ops, id: ChatEventVectors.id, text: "")).count == 1)
    #expect(hub.receive(1, 6, try hub.said("12345678")).count == 1)
  }

  @Test func `members are those who read the room now, in the order in which they came`() throws {
    var hub = HubHarness { $0.limits.members = 2 }
    for (key, nick) in [(1, "carol"), (2, "alice"), (3, "bob")] as [(UInt64, String)] {
      try hub.welcome(key, nick)
      _ = try hub.join(key)
    }
    #expect(
      hub.receive(1, 5, .members(ops)) == [
        send(.members(ops, [try Nick("carol"), try Nick("alice")]), to: 1), settle(1, 5),
      ])
    #expect(
      hub.receive(1, 6, .members(try RoomName("empty"))) == [
        send(.members(try RoomName("empty"), []), to: 1), settle(1, 6),
      ])
  }

  @Test(arguments: [(nil, 200), (5, 5), (9_999, 200)] as [(Int?, Int)])
  func `a page of history is no longer than asked for and than allowed`(
    asked: Int?, entries: Int
  ) throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let request = RoomPageRequest(
      key: RoomKey(ops, for: try Nick("alice")), name: ops, position: .before(9),
      maximumEntries: entries, maximumBytes: 128 << 10)
    #expect(
      hub.receive(1, 5, .history(ops, .before(9), limit: asked)) == [
        .read(.init(2), .head(request.key))
      ])
    // Whether the room may be shown is in its head.
    #expect(hub.answer(2, .head(RoomHead(last: 9))) == [.read(.init(3), .page(request))])
    let page = RoomPage(entries: [entry(8, "x", from: "bob")], more: true)
    #expect(
      hub.answer(3, .page(page)) == [
        send(.history(ops, page.entries, more: true), to: 1), settle(1, 5),
      ])
  }

  @Test func `rooms are listed from the store`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(
      hub.receive(1, 5, .rooms(after: ops)) == [
        .read(.init(2), .rooms(after: ops, limit: 200, RoomReader(nick: try Nick("alice"))))
      ])
    let rooms = [RoomSummary(room: try RoomName("zoo"), last: 3)]
    #expect(
      hub.answer(2, .rooms(RoomListPage(rooms: rooms, more: false))) == [
        send(.rooms(rooms, more: false), to: 1), settle(1, 5),
      ])
  }
}
