import HookupCore
import Testing

@Suite struct ChatHubMachineRoomsTests {
  let ops = try! RoomName("ops")
  let alice = try! Nick("alice")
  let bob = try! Nick("bob")

  private func joined(
    _ members: [Nick], last: UInt64, after: UInt64, first: UInt64 = 1, reset: Bool = false
  ) -> ChatEvent {
    .joined(
      ChatJoined(
        room: ops, topic: "", members: members, last: last, first: first, after: after,
        reset: reset))
  }

  @Test func `the first reader of a room has its head read`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let key = RoomKey(ops, for: alice)
    #expect(hub.receive(1, 5, .join(ops, since: nil)) == [.read(.init(2), .head(key))])
    let head = RoomHead(last: 2, first: 1, topic: "t", topicOffset: 1)
    let snapshot = ChatJoined(
      room: ops, topic: "t", members: [alice], last: 2, first: 1, after: 0, reset: false)
    let page = RoomPageRequest(
      key: key, name: ops, position: .after(0), maximumEntries: 100, maximumBytes: 128 << 10)
    #expect(
      hub.answer(2, .head(head)) == [
        send(.joined(snapshot), to: 1), settle(1, 5), .read(.init(3), .page(page)),
      ])
  }

  @Test func `the second reader needs no read, and the first one hears of it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    #expect(
      hub.receive(2, 5, .join(ops, since: 0)) == [
        send(.arrived(ops, bob), to: 1),
        send(joined([alice, bob], last: 0, after: 0), to: 2), settle(2, 5),
      ])
  }

  @Test(
    arguments: [
      (since: nil, last: 0, first: 1, after: 0, reset: false),
      (since: nil, last: 50, first: 1, after: 0, reset: false),
      (since: nil, last: 51, first: 1, after: 1, reset: false),
      (since: 0, last: 500, first: 1, after: 0, reset: false),
      (since: 17, last: 42, first: 1, after: 17, reset: false),
      (since: 42, last: 42, first: 1, after: 42, reset: false),
      (since: 43, last: 42, first: 1, after: 0, reset: true),
      (since: ChatProtocol.maximumOffset, last: 80, first: 1, after: 30, reset: true),
      (since: 1, last: 0, first: 1, after: 0, reset: true),
      (since: 3, last: 42, first: 10, after: 9, reset: false),
      (since: nil, last: 42, first: 10, after: 9, reset: false),
    ] as [(since: UInt64?, last: UInt64, first: UInt64, after: UInt64, reset: Bool)])
  func `a reader starts behind what it has`(
    _ row: (since: UInt64?, last: UInt64, first: UInt64, after: UInt64, reset: Bool)
  ) throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let actions = try hub.join(
      1, since: row.since, head: RoomHead(last: row.last, first: row.first))
    let expected = joined(
      [alice], last: row.last, after: row.after, first: row.first, reset: row.reset)
    #expect(actions.first == send(expected, to: 1))
    guard row.after < row.last else {
      #expect(actions.count == 2)
      return
    }
    guard case .read(_, .page(let request)) = actions.last else {
      Issue.record("no page is read")
      return
    }
    #expect(request.position == .after(row.after))
  }

  @Test func `an entry that is stored while the head is read is not missed`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    let said = hub.receive(2, 5, try hub.said("hi"))
    _ = hub.receive(1, 5, .join(ops, since: 0))
    guard case .append(let ticket, _) = said.first else { return }
    _ = hub.append((ticket.number, .stored(offset: 7)))
    // The head was read before the seventh entry was there.
    let actions = hub.answer(4, .head(RoomHead(last: 6)))
    #expect(actions.first == send(joined([alice], last: 7, after: 0), to: 1))
  }

  @Test func `joining again moves the cursor and tells nobody`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1, since: 9, head: RoomHead(last: 9))
    _ = try hub.join(2, since: 9)
    let actions = hub.receive(1, 5, .join(ops, since: 4))
    #expect(
      actions.prefix(2) == [
        send(joined([alice, bob], last: 9, after: 4), to: 1), settle(1, 5),
      ])
    #expect(actions.count == 3)
  }

  @Test func `a connection reads so many rooms and no more`() throws {
    var hub = HubHarness { $0.limits.roomsPerConnection = 2 }
    try hub.welcome(1, "alice")
    _ = try hub.join(1, "a")
    _ = try hub.join(1, "b")
    #expect(refusals(try hub.join(1, "c")) == ["too_many_rooms"])
    #expect(refusals(try hub.join(1, "a")) == [])
    _ = hub.receive(1, 5, .part(try RoomName("a")))
    #expect(refusals(try hub.join(1, "c")) == [])
  }

  @Test func `the server opens so many rooms and no more`() throws {
    var hub = HubHarness { $0.maximumOpenRooms = 1 }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1, "a")
    #expect(refusals(try hub.join(2, "b")) == ["server_full"])
    #expect(refusals(try hub.join(2, "a")) == [])
    for key: UInt64 in 1...2 { _ = hub.receive(key, 5, .part(try RoomName("a"))) }
    #expect(refusals(try hub.join(2, "b")) == [])
  }

  @Test func `a room whose opener vanished is let go`() throws {
    var hub = HubHarness { $0.maximumOpenRooms = 1 }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    let read = hub.receive(1, 5, .join(try RoomName("a"), since: nil))
    _ = hub.feed(.disconnected(.init(1)))
    #expect(refusals(try hub.join(2, "b")) == ["server_full"])
    guard case .read(let ticket, _) = read.first else { return }
    #expect(hub.feed(.read(ticket, .head(RoomHead()))) == [])
    #expect(refusals(try hub.join(2, "b")) == [])
  }

  @Test func `parting ends the reading, is told, and may be repeated`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    _ = try hub.join(2)
    #expect(
      hub.receive(1, 5, .part(ops)) == [
        send(.left(ops, alice), to: 2), send(.parted(ops), to: 1), settle(1, 5),
      ])
    #expect(hub.receive(1, 6, .part(ops)) == [send(.parted(ops), to: 1), settle(1, 6)])
    #expect(
      try hub.say(2, "x", offset: 1).last == send(.entry(entry(1, "x", from: "bob")), to: 2))
  }

  @Test func `a connection that ends leaves its rooms`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    for room in ["b", "a"] {
      _ = try hub.join(1, room)
      _ = try hub.join(2, room)
    }
    #expect(
      hub.feed(.disconnected(.init(1))) == [
        send(.left(try RoomName("a"), alice), to: 2), send(.left(try RoomName("b"), alice), to: 2),
      ])
  }

  @Test func `in a large room nobody hears who comes and goes`() throws {
    var hub = HubHarness { $0.presenceMembers = 1 }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    try hub.welcome(3, "carol")
    _ = try hub.join(1)
    #expect(try hub.join(2).first == send(.arrived(ops, bob), to: 1))
    #expect(
      try hub.join(3).first
        == send(joined([alice, bob, try Nick("carol")], last: 0, after: 0), to: 3))
    #expect(hub.feed(.disconnected(.init(3))) == [])
  }

  @Test func `who was not writable gets the list instead of the coming and going`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    _ = hub.feed(.writable(.init(1), false))
    #expect(try hub.join(2).first == send(joined([alice, bob], last: 0, after: 0), to: 2))
    #expect(hub.feed(.writable(.init(1), true)) == [send(.members(ops, [alice, bob]), to: 1)])
    #expect(hub.feed(.writable(.init(1), true)) == [])
  }

  @Test func `a room has so many readers, and one that reads may join again`() throws {
    var hub = HubHarness { $0.readersPerRoom = 1 }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    #expect(refusals(try hub.join(2)) == ["room_full"])
    #expect(refusals(try hub.join(1)) == [])
    _ = hub.receive(1, 9, .part(ops))
    #expect(refusals(try hub.join(2)) == [])
  }
}
