import HookupCore
import Testing

@Suite struct ChatHubMachineReadsTests {
  let ops = try! RoomName("ops")

  private func failure(_ command: String, room: RoomName?, id: MessageID? = nil) -> ChatEvent {
    .error(
      ChatRefusal(
        .storeFailed, "the server's store failed: this is sent again on the next connection",
        room: room, id: id, command: command))
  }

  private let closed = ChatHubAction.close(.init(1), code: 1013, reason: "the store failed")

  @Test func `a failed append is not acked and ends its connection, once`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.receive(1, 5, try hub.said("a"))
    _ = hub.receive(1, 6, try hub.said("b"))
    #expect(
      hub.feed(.appendFailed([.init(2), .init(3)])) == [
        send(failure("say", room: ops, id: ChatEventVectors.id), to: 1),
        settle(1, 5, acknowledge: false), closed,
      ])
    // The nick is free at once for the connection that follows.
    try hub.welcome(2, "alice")
    #expect(hub.receive(2, 5, .ping).count == 2)
  }

  @Test func `after a failure nothing more of that connection is stored`() throws {
    var hub = HubHarness { $0.appendingEntries = 1 }
    try hub.welcome(1, "alice")
    _ = hub.receive(1, 5, try hub.said("a"))
    #expect(hub.receive(1, 6, try hub.said("b")) == [])
    let actions = hub.feed(.appendFailed([.init(2)]))
    #expect(actions.last == closed)
    #expect(actions.count == 3)
  }

  @Test(
    arguments: [
      (ChatCommand.join(try! RoomName("ops"), since: nil), "join", "ops"),
      (.history(try! RoomName("ops"), .after(0), limit: nil), "history", "ops"),
      (.rooms(after: nil), "rooms", nil),
    ] as [(ChatCommand, String, String?)])
  func `a failed read is not acked and ends its connection`(
    command: ChatCommand, name: String, room: String?
  ) throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.receive(1, 5, command)
    #expect(
      hub.answer(2, .failed) == [
        send(failure(name, room: try room.map { try RoomName($0) }), to: 1),
        settle(1, 5, acknowledge: false), closed,
      ])
  }

  @Test func `a failed hello and a failed page end their connection`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    _ = hub.receive(1, 5, .hello(nick: try Nick("alice"), client: nil))
    #expect(hub.answer(1, .failed).last == closed)
    try hub.welcome(1, "alice")
    _ = try hub.join(1, since: 0, head: RoomHead(last: 1))
    #expect(hub.answer(4, .failed) == [closed])
  }

  @Test func `an answer of another kind is a failure, not a trap`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.receive(1, 5, .rooms(after: nil))
    #expect(hub.answer(2, .head(RoomHead())).last == closed)
  }

  // MARK: Search

  @Test(
    arguments: [
      (ChatQuery(words: ""), "bad_query"), (ChatQuery(words: " \n "), "bad_query"),
      (ChatQuery(words: "1 2 3 4 5 6 7 8 9"), "bad_query"),
      (ChatQuery(words: String(repeating: "x", count: 257)), "bad_query"),
      (ChatQuery(words: "x", skip: 1_001), "bad_query"),
      (ChatQuery(words: "1 2 3 4 5 6 7 8", skip: 1_000), nil),
    ] as [(ChatQuery, String?)])
  func `a search has so many words and bytes, and pages so far`(
    query: ChatQuery, code: String?
  ) throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(refusals(hub.receive(1, 5, .search(query))) == (code.map { [$0] } ?? []))
  }

  @Test func `a search is for the person who asks, a page at most`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9), address: "192.0.2.1"))
    try hub.greet(1, "alice")
    let room = try RoomName("@bob")
    let query = ChatQuery(words: "a  b*", room: room, skip: 20, limit: 900)
    let alice = try Nick("alice")
    let request = SearchRequest(
      reader: RoomReader(nick: alice, address: "192.0.2.1"), milliseconds: 0, words: ["a", "b*"],
      key: RoomKey(room, for: alice), skip: 20, limit: ChatQuery.maximumHits)
    #expect(hub.receive(1, 5, .search(query)) == [.read(.init(2), .search(request))])
    let refusal = RoomRefusal(.badQuery, "use other words")
    #expect(refusals(hub.answer(2, .refused(refusal))) == ["bad_query"])
  }
}
