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
}
