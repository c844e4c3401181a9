import HookupCore
import Testing

@Suite struct ChatHubMachineLogTests {
  let ops = try! RoomName("ops")
  let alice = try! Nick("alice")

  private func stored(_ offset: UInt64, at time: Int64 = ChatEventVectors.time) -> ChatEvent {
    .stored(ops, id: ChatEventVectors.id, offset: offset, milliseconds: time)
  }

  private func page(_ offsets: ClosedRange<UInt64>, more: Bool) -> StoreAnswer {
    .page(RoomPage(entries: offsets.map { entry($0, "t\($0)", from: "bob") }, more: more))
  }

  private func request(after offset: UInt64) -> StoreRead {
    .page(
      RoomPageRequest(
        key: RoomKey(ops, for: alice), name: ops, position: .after(offset), maximumEntries: 100,
        maximumBytes: 128 << 10))
  }

  @Test func `a committed message is answered, then acked, then shown to all readers at once`()
    throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    try hub.welcome(3, "carol")
    for key: UInt64 in [1, 2] { _ = try hub.join(key) }
    #expect(
      try hub.say(1, "hi", offset: 1) == [
        send(stored(1), to: 1), settle(1, 3_000),
        send(.entry(entry(1, "hi", from: "alice")), to: 1, 2),
      ])
    #expect(
      try hub.say(3, "from outside", offset: 2) == [
        send(stored(2), to: 3), settle(3, 3_000),
        send(.entry(entry(2, "from outside", from: "carol")), to: 1, 2),
      ])
  }

  @Test func `a duplicate is answered with its first offset and time, and shown to nobody`() throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = try hub.join(1)
    let append = hub.receive(1, 5, try hub.said("again"))
    guard case .append(let ticket, _) = append.first else { return }
    let key = RoomKey(ops, for: alice)
    #expect(
      hub.append((ticket.number, .duplicate(key: key, offset: 9, milliseconds: 77))) == [
        send(stored(9, at: 77), to: 1), settle(1, 5),
      ])
  }

  @Test func `an id used in another room is refused`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let append = hub.receive(1, 5, try hub.said("again"))
    guard case .append(let ticket, _) = append.first else { return }
    let other = RoomKey(try RoomName("dev"), for: alice)
    let actions = hub.append((ticket.number, .duplicate(key: other, offset: 9, milliseconds: 7)))
    #expect(refusals(actions) == ["id_reused"])
    #expect(actions.last == settle(1, 5))
  }

  @Test func `a room too many is refused`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = hub.receive(1, 5, try hub.said("new"))
    let actions = hub.append((2, .tooManyRooms(limit: 9)))
    #expect(refusals(actions) == ["server_full"])
    #expect(actions.last == settle(1, 5))
  }

  @Test func `a topic is an entry, and the next one to join sees it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    _ = hub.receive(1, 5, .topic(ops, id: ChatEventVectors.id, text: "new"))
    let shown = hub.append((4, .stored(offset: 1)))
    guard case .send(.entry(let entry), _) = shown.last else {
      Issue.record("no entry in \(shown)")
      return
    }
    #expect(entry.kind == .topic && entry.text == "new")
    guard case .send(.joined(let joined), _) = try hub.join(2)[1] else { return }
    #expect(joined.topic == "new")
  }

  @Test func `a reader that takes nothing costs a cursor, and is fed in pages when it takes again`()
    throws
  {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(1)
    _ = hub.feed(.writable(.init(1), false))
    for offset: UInt64 in 1...1_000 {
      #expect(try hub.say(2, "t", offset: offset).count == 2)
    }
    // Tickets: two welcomes, one head, 1,000 appends.
    #expect(
      hub.feed(.writable(.init(1), true)) == [.read(.init(1_004), request(after: 0))])
    #expect(try hub.say(2, "t", offset: 1_001).count == 2)
    let first = hub.answer(1_004, page(1...100, more: true))
    #expect(first.count == 101)
    #expect(first.last == .read(.init(1_006), request(after: 100)))
    // It stops taking in mid-replay: the page that is under way still comes, and no other.
    _ = hub.feed(.writable(.init(1), false))
    #expect(hub.answer(1_006, page(101...200, more: true)).count == 100)
    #expect(
      hub.feed(.writable(.init(1), true)) == [.read(.init(1_007), request(after: 200))])
    let last = hub.answer(1_007, page(201...1_001, more: false))
    #expect(last.count == 801)
    #expect(try hub.say(2, "live", offset: 1_002).count == 3)
  }

  @Test func `an entry that comes while a page is read waits for the page`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    #expect(try hub.join(1, since: 0, head: RoomHead(last: 2)).count == 3)
    #expect(try hub.say(2, "t3", offset: 3).count == 2)
    // The page was read before the third entry was there.
    let actions = hub.answer(4, page(1...2, more: false))
    #expect(actions.map { if case .read = $0 { true } else { false } } == [false, false, true])
    #expect(actions.last == .read(.init(6), request(after: 2)))
    #expect(
      hub.answer(6, page(3...3, more: false)) == [
        send(.entry(entry(3, "t3", from: "bob")), to: 1)
      ])
  }

  @Test func `rooms in which one is behind take turns`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let other = try RoomName("zoo")
    _ = try hub.join(1, "ops", since: 0, head: RoomHead(last: 300))
    // Joining waits for the page that is under way.
    #expect(hub.receive(1, 5, .join(other, since: 0)) == [])
    let first = hub.answer(3, page(1...100, more: true))
    #expect(first.last == .read(.init(4), .head(RoomKey(other, for: alice))))
    let second = hub.answer(4, .head(RoomHead(last: 300)))
    #expect(second.last == .read(.init(5), request(after: 100)))
    let third = hub.answer(5, page(101...200, more: true))
    guard case .read(_, .page(let request)) = third.last else { return }
    #expect(request.key.text == "zoo")
  }

  @Test func `a store that has lost entries ends the connection`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    _ = try hub.join(1, since: 0, head: RoomHead(last: 2))
    #expect(
      hub.answer(3, .page(RoomPage(entries: [], more: false))) == [
        .close(.init(1), code: 1011, reason: "the store lost entries of #ops")
      ])
  }

  @Test func `a direct message is told to the other person, who joins to read it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "Bob")
    let atAlice = try RoomName("@alice")
    #expect(
      try hub.say(1, "psst", offset: 1, in: "@bob").last
        == send(.direct(RoomSummary(room: atAlice, last: 1)), to: 2))
    _ = try hub.join(2, "@alice", since: 1, head: RoomHead(last: 1))
    _ = try hub.join(1, "@bob", since: 1)
    let actions = try hub.say(1, "still there?", offset: 2, in: "@BOB")
    #expect(
      actions.suffix(2) == [
        send(.entry(entry(2, "still there?", from: "alice", room: "@alice")), to: 2),
        send(.entry(entry(2, "still there?", from: "alice", room: "@bob")), to: 1),
      ])
  }

  @Test func `whoever was not writable hears of direct messages afterwards`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = hub.feed(.writable(.init(2), false))
    #expect(try hub.say(1, "psst", offset: 1, in: "@bob").count == 2)
    #expect(
      hub.feed(.writable(.init(2), true)) == [
        .read(.init(4), .person(try Nick("bob"), limit: 100))
      ])
    let summary = RoomSummary(room: try RoomName("@alice"), last: 1)
    #expect(
      hub.answer(4, .person(PersonRecord(direct: [summary]))) == [send(.direct(summary), to: 2)])
  }

  @Test func `one may write to oneself without being told of it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(try hub.say(1, "note", offset: 1, in: "@alice").count == 2)
  }
}
