import Testing

@testable import HookupCore

@Suite struct ChatHubMachineActsTests {
  private let ops = ChatEventVectors.ops
  private let id = ChatEventVectors.id

  @Test func `an act goes to the store with who asks for it and where from`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9), address: "192.0.2.1"))
    try hub.greet(1, "alice")
    let act = RoomAct(.kicked, text: "spam", nick: try Nick("bob"))
    guard case .append(_, let append)? = hub.receive(1, 5, .act(ops, id: id, act)).first else {
      Issue.record("nothing was appended")
      return
    }
    #expect(append.act == act && append.from.text == "alice" && append.address == "192.0.2.1")
    #expect(!append.isAccount && !append.isOperator)
    #expect(append.reader == RoomReader(nick: try Nick("alice"), address: "192.0.2.1"))
  }

  @Test func `whom a text names is marked as present when they are here`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "Bob")
    let say = ChatCommand.say(ops, id: id, text: "@bob and @carol: look")
    guard case .append(_, let append)? = hub.receive(1, 5, say).first else {
      Issue.record("nothing was appended")
      return
    }
    #expect(append.mentions.map(\.text) == ["bob", "carol"])
    #expect(append.present == ["bob"])
  }

  @Test func `a ban of the address takes it from the person who is here`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.feed(.connected(.init(2), fallback: client(9), address: "192.0.2.2"))
    try hub.greet(2, "bob")
    func banned(_ withAddress: Bool) throws -> RoomAppend? {
      let act = RoomAct(.banned, nick: try Nick("BOB"), withAddress: withAddress)
      guard case .append(_, let append)? = hub.receive(1, 5, .act(ops, id: id, act)).first else {
        return nil
      }
      return append
    }
    #expect(try banned(true)?.bannedAddress == "192.0.2.2")
    #expect(try banned(false)?.bannedAddress == nil)
  }

  @Test(
    arguments: [
      (RoomAct(.edited, ref: 1), "bad_text"), (RoomAct(.me), "bad_text"),
      (RoomAct(.me, text: String(repeating: "x", count: 8_193)), "bad_text"),
      (RoomAct(.reacted, text: "ab", ref: 1), "bad_text"),
      (RoomAct(.reacted, ref: 1), "bad_text"),
      (RoomAct(.reacted, text: "e" + String(repeating: "\u{301}", count: 60), ref: 1), "bad_text"),
      (RoomAct(.departed, text: String(repeating: "x", count: 391)), "bad_text"),
      (RoomAct(.settings, settings: .init(about: String(repeating: "x", count: 391))), "bad_text"),
    ])
  func `what is wrong in itself does not reach the store`(act: RoomAct, code: String) throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let actions = hub.receive(1, 5, .act(ops, id: id, act))
    #expect(refusals(actions) == [code])
    #expect(actions.last == settle(1, 5))
    guard case .send(.error(let refusal), _)? = actions.first else { return }
    #expect(refusal.id == id && refusal.room == ops && refusal.command == act.kind.command)
  }

  @Test func `a reaction may be any one character`() throws {
    for text in ["👍", "e\u{301}", "👩‍👩‍👧‍👦", "🇫🇷", "x"] {
      var hub = HubHarness()
      try hub.welcome(1, "alice")
      let act = RoomAct(.reacted, text: text, ref: 1)
      #expect(refusals(hub.receive(1, 5, .act(ops, id: id, act))) == [])
    }
  }

  @Test func `what the room's rules are against is refused with their sentence`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let say = ChatCommand.say(ops, id: id, text: "x")
    guard case .append(let ticket, _)? = hub.receive(1, 5, say).first else { return }
    let refusal = ChatRefusal(.muted, "you are muted", room: ops, id: id, command: "say")
    #expect(
      hub.append((ticket.number, .refused(RoomRefusal(.muted, "you are muted")))) == [
        send(.error(refusal), to: 1), settle(1, 5),
      ])
  }

  // MARK: Out of a room

  @Test func `who is kicked sees it and reads no longer, and the others stay`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    _ = try hub.join(2)
    let kick = RoomAct(.kicked, nick: try Nick("bob"))
    let actions = try hub.store(1, kick, offset: 1)
    let entry = RoomEntry(
      room: ops, offset: 1, act: kick, id: id, from: try Nick("alice"),
      milliseconds: ChatEventVectors.time)
    #expect(
      actions.suffix(3) == [
        send(.entry(entry), to: 1, 2), send(.left(ops, try Nick("bob")), to: 1),
        send(.parted(ops), to: 2),
      ])
    // The next entry is alice's alone.
    let next = try hub.say(1, "x", offset: 2)
    #expect(next.last == send(.entry(Self.entry(2, "x", "alice")), to: 1))
  }

  @Test func `a room that becomes hidden shows those out who are no members`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    var head = RoomHead()
    head.state.members["alice"] = try Nick("alice")
    hub.machine.people["alice"]?.isAccount = true
    _ = try hub.join(1, head: head)
    _ = try hub.join(2)
    let hide = RoomAct(.settings, settings: .init(access: .hidden))
    let actions = try hub.store(1, hide, offset: 1)
    #expect(actions.last == send(.parted(ops), to: 2))
    // And bob may not come back, nor look in.
    #expect(refusals(hub.receive(2, 6, .join(ops, since: nil))) == ["not_member"])
    #expect(refusals(hub.receive(2, 7, .history(ops, .after(0), limit: nil))) == ["not_member"])
    #expect(refusals(hub.receive(2, 8, .members(ops))) == ["not_member"])
  }

  @Test func `a ban that is on its way while the room is opened holds`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    // Bob's join asks for the head; alice's ban is stored before the answer, which does not have it yet.
    guard case .read(let ticket, .head)? = hub.receive(2, 5, .join(ops, since: nil)).first else {
      return
    }
    _ = try hub.store(1, RoomAct(.banned, nick: try Nick("bob")), offset: 8)
    #expect(refusals(hub.answer(ticket.number, .head(RoomHead(last: 7)))) == ["banned"])
    // The same with an answer that has it already: it is not taken twice.
    var head = RoomHead(last: 9)
    head.state.slowSeconds = 7
    guard case .read(let second, .head)? = hub.receive(1, 6, .join(ops, since: nil)).first else {
      return
    }
    _ = try hub.store(1, RoomAct(.banned, nick: try Nick("bob")), offset: 8)
    _ = hub.answer(second.number, .head(head))
    #expect(hub.machine.rooms[RoomKey(ops, for: try Nick("alice"))]?.head.state == head.state)
  }

  @Test func `who is invited hears of it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    let actions = try hub.store(1, RoomAct(.invited, nick: try Nick("bob")), offset: 3)
    #expect(
      actions.last == send(.invited(RoomSummary(room: ops, last: 3), by: try Nick("alice")), to: 2))
  }

  @Test func `all but the sender of a conversation of a few are told`() throws {
    var hub = HubHarness()
    for (key, nick) in [(1, "alice"), (2, "bob"), (3, "carol"), (4, "dave")] {
      try hub.welcome(UInt64(key), nick)
    }
    let actions = try hub.say(1, "psst", offset: 4, in: "@bob+carol")
    #expect(
      actions.suffix(2) == [
        send(.direct(RoomSummary(room: try RoomName("@alice+carol"), last: 4)), to: 2),
        send(.direct(RoomSummary(room: try RoomName("@alice+bob"), last: 4)), to: 3),
      ])
  }

  // MARK: Marks and typing

  @Test func `a mark rises, is stored, and the person's other devices hear of it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice", client: client(1))
    try hub.welcome(2, "alice", client: client(1))
    try hub.welcome(3, "bob")
    for key: UInt64 in 1...3 { _ = try hub.join(key, since: 9, head: RoomHead(last: 9)) }
    let actions = hub.receive(1, 5, .read(ops, offset: 7))
    let mark = ReadMark(
      person: "alice", key: RoomKey(ops, for: try Nick("alice")), offset: 7)
    guard case .mark(let ticket, mark)? = actions.first else {
      Issue.record("no mark: \(actions)")
      return
    }
    #expect(actions.dropFirst() == [send(.read(ops, offset: 7), to: 2)])
    #expect(hub.append((ticket.number, .passed)) == [settle(1, 5)])
    // Not down again, and not beyond the end.
    #expect(hub.receive(2, 6, .read(ops, offset: 6)) == [settle(2, 6)])
    guard case .mark(_, let last)? = hub.receive(2, 7, .read(ops, offset: 900)).first else {
      return
    }
    #expect(last.offset == 9)
    #expect(refusals(hub.receive(3, 8, .read(try RoomName("dev"), offset: 1))) == ["bad_command"])
  }

  @Test func `a mark is told when the room is joined`() throws {
    var hub = HubHarness()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    let alice = try Nick("alice")
    let mark = ReadMark(person: "alice", key: RoomKey(ops, for: alice), offset: 4)
    _ = hub.receive(1, 1, .hello(nick: alice, client: nil))
    _ = hub.answer(1, .person(PersonRecord(marks: [mark])))
    guard case .send(.joined(let joined), _)? = try hub.join(1, head: RoomHead(last: 9)).first
    else { return }
    #expect(joined.read == 4)
  }

  @Test func `typing is told to the others, at most each two seconds, and to nobody outside`()
    throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    #expect(hub.receive(1, 5, .typing(ops)) == [settle(1, 5)])
    _ = try hub.join(1)
    _ = try hub.join(2)
    let told = send(.typing(ops, try Nick("alice")), to: 2)
    #expect(hub.receive(1, 6, .typing(ops)) == [told, settle(1, 6)])
    #expect(hub.receive(1, 7, .typing(ops)) == [settle(1, 7)])
    hub.now = hub.now + .seconds(2)
    #expect(hub.receive(1, 8, .typing(ops)) == [told, settle(1, 8)])
    _ = hub.feed(.writable(.init(2), false))
    hub.now = hub.now + .seconds(2)
    #expect(hub.receive(1, 9, .typing(ops)) == [settle(1, 9)])
  }

  private static func entry(_ offset: UInt64, _ text: String, _ from: String) -> RoomEntry {
    HookupCoreTests.entry(offset, text, from: from)
  }
}
