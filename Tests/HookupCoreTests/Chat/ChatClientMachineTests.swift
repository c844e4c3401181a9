import Testing

@testable import HookupCore

private struct Bench {
  let alice: Nick
  let ops: RoomName
  var machine: ChatClientMachine
  var queue = ActionQueue<ChatClientMachine.Action>()
  var now = MonotonicInstant.zero

  init() throws {
    alice = try Nick("alice")
    ops = try RoomName("ops")
    machine = ChatClientMachine(
      nick: alice, client: try ClientID("00000000000000000000000000000001"))
  }

  mutating func feed(_ event: ChatClientMachine.Event) -> [ChatClientMachine.Action] {
    machine.handle(event, at: now, into: &queue)
    return queue.drain()
  }

  mutating func welcome(server: String = "s1", direct: [RoomSummary] = []) -> [ChatClientMachine
    .Action]
  {
    _ = feed(.connected)
    return feed(
      .received(
        .welcome(ChatWelcome(nick: alice, server: server, direct: direct, limits: ChatLimits()))))
  }

  func joined(after: UInt64, last: UInt64, reset: Bool = false) -> ChatEvent {
    .joined(
      ChatJoined(
        room: ops, topic: "t", members: [alice], last: last, first: 1, after: after, reset: reset))
  }

  func entry(_ offset: UInt64, id: String = "x", from: String = "bob") throws -> RoomEntry {
    RoomEntry(
      room: ops, offset: offset, id: try MessageID(id), from: try Nick(from), milliseconds: 0,
      text: "hi")
  }

  func message(_ id: String, _ state: DeliveryState = .buffered, sequence: UInt64 = 0) throws
    -> OwnMessage
  {
    OwnMessage(
      id: try MessageID(id), sequence: sequence, room: ops, text: "hi", milliseconds: 0,
      state: state)
  }

  /// What the actions tell, without the orders.
  func told(_ actions: [ChatClientMachine.Action]) -> [ChatUpdate] {
    actions.compactMap { if case .tell(let update) = $0 { update } else { nil } }
  }
}

struct ChatClientMachineTests {
  @Test func `a token takes the place of the password, is kept, and told to nobody`() throws {
    var bench = try Bench()
    bench.machine = ChatClientMachine(
      nick: bench.alice, client: client(1), credential: .password("correct horse"), device: "pc")
    func hello(_ credential: ChatHello.Credential?) -> ChatClientMachine.Action {
      .send(
        .hello(
          ChatHello(nick: bench.alice, client: client(1), credential: credential, device: "pc")))
    }
    #expect(bench.feed(.connected) == [hello(.password("correct horse"))])
    var welcome = ChatWelcome(
      nick: try Nick("Alice"), server: "s1", direct: [], limits: ChatLimits())
    welcome.account = ChatAccount(nick: try Nick("Alice"), device: "7", token: "secret")
    let actions = bench.feed(.received(.welcome(welcome)))
    #expect(actions.contains(.keep(token: "secret")))
    #expect(
      bench.told(actions).contains(.account(ChatAccount(nick: try Nick("Alice"), device: "7"))))
    #expect(!"\(bench.told(actions))".contains("secret"))
    _ = bench.feed(.disconnected)
    guard case .send(.hello(let again))? = bench.feed(.connected).first else { return }
    #expect(again.credential == .token("secret") && again.nick.text == "Alice")
    // A token that is worth nothing is let go; a password may be given then.
    let refusal = ChatRefusal(.notLoggedIn, "log in", command: "hello")
    #expect(bench.feed(.received(.error(refusal))).contains(.keep(token: nil)))
    guard case .send(.hello(let asked))? = bench.feed(.logIn(password: "p")).first else {
      Issue.record("no hello")
      return
    }
    #expect(asked.credential == .password("p"))
  }

  @Test func `who is shown out of a room does not come back by itself`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.welcome()
    _ = bench.feed(.received(bench.joined(after: 0, last: 0)))
    #expect(bench.feed(.received(.parted(bench.ops))) == [.tell(.parted(bench.ops))])
    _ = bench.feed(.disconnected)
    let joins = bench.welcome().filter { if case .send(.join) = $0 { true } else { false } }
    #expect(joins.isEmpty)
  }

  @Test func `a connection begins with hello, then the joins, then the outbox`() throws {
    var bench = try Bench()
    #expect(bench.feed(.join(bench.ops, since: 7)) == [])
    #expect(
      bench.feed(.connected) == [
        .send(.hello(nick: bench.alice, client: try ClientID("00000000000000000000000000000001")))
      ])
    let actions = bench.feed(
      .received(
        .welcome(ChatWelcome(nick: bench.alice, server: "s", direct: [], limits: ChatLimits()))))
    #expect(
      actions == [.tell(.welcomed(nick: bench.alice)), .send(.join(bench.ops, since: 7)), .ready])
  }

  @Test func `each entry is told once and in order, and a hole is asked for again`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.welcome()
    #expect(
      bench.feed(.received(.entry(try bench.entry(3)))) == [], "nothing before the join is answered"
    )
    _ = bench.feed(.received(bench.joined(after: 3, last: 4)))
    let fourth = try bench.entry(4)
    #expect(bench.feed(.received(.entry(fourth))) == [.tell(.entry(fourth))])
    #expect(bench.feed(.received(.entry(fourth))) == [], "the same again")
    #expect(
      bench.feed(.received(.entry(try bench.entry(6)))) == [.send(.join(bench.ops, since: 4))])
    #expect(bench.feed(.received(.entry(try bench.entry(7)))) == [], "asked once")
    _ = bench.feed(.received(bench.joined(after: 4, last: 7)))
    let fifth = try bench.entry(5)
    #expect(bench.feed(.received(.entry(fifth))) == [.tell(.entry(fifth))])
  }

  @Test func `a reconnect goes on where it stopped and says what was missed`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.welcome()
    _ = bench.feed(.received(bench.joined(after: 0, last: 1)))
    _ = bench.feed(.received(.entry(try bench.entry(1))))
    _ = bench.feed(.disconnected)
    #expect(bench.welcome().contains(.send(.join(bench.ops, since: 1))))
    #expect(
      bench.told(bench.feed(.received(bench.joined(after: 1, last: 9)))).last
        == .notice("#ops: fetching 8 missed"))
    _ = bench.feed(.disconnected)
    _ = bench.welcome()
    #expect(
      bench.told(bench.feed(.received(bench.joined(after: 5, last: 9)))).last
        == .gap(bench.ops, from: 2, to: 5),
      "what the server no longer keeps is a gap, not a silence")
  }

  @Test func `another store makes the known offsets worthless`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: 40))
    _ = bench.welcome(server: "s1")
    _ = bench.feed(.disconnected)
    #expect(bench.welcome(server: "s2").contains(.send(.join(bench.ops, since: nil))))
  }

  @Test func `an own message is buffered, sent, stored, and told in that order`() throws {
    var bench = try Bench()
    let message = try bench.message("m1")
    #expect(bench.feed(.said(message)) == [])
    #expect(
      bench.feed(.accepted(message.id, sequence: 5)) == [
        .tell(.own(try bench.message("m1", sequence: 5)))
      ])
    #expect(
      bench.feed(.sent(sequence: 5)) == [.tell(.own(try bench.message("m1", .sent, sequence: 5)))])
    #expect(
      bench.feed(.disconnected) == [.tell(.own(try bench.message("m1", .buffered, sequence: 5)))])
    _ = bench.feed(.sent(sequence: 5))
    #expect(
      bench.feed(.received(.stored(bench.ops, id: message.id, offset: 17, milliseconds: 0))) == [
        .tell(.own(try bench.message("m1", .stored(offset: 17), sequence: 5)))
      ])
    #expect(
      bench.feed(.received(.stored(bench.ops, id: message.id, offset: 17, milliseconds: 0))) == [])
    #expect(bench.machine.unsettledCount == 0)
  }

  @Test func `answers that overtake the outbox's word are not undone by it`() throws {
    var bench = try Bench()
    _ = bench.feed(.said(try bench.message("m1")))
    #expect(bench.feed(.sent(sequence: 1)) == [])
    #expect(
      bench.feed(.accepted(try MessageID("m1"), sequence: 1)) == [
        .tell(.own(try bench.message("m1", .sent, sequence: 1)))
      ])
    _ = bench.feed(.said(try bench.message("m2")))
    _ = bench.feed(
      .received(.stored(bench.ops, id: try MessageID("m2"), offset: 2, milliseconds: 0)))
    #expect(bench.feed(.accepted(try MessageID("m2"), sequence: 2)) == [])
  }

  @Test func `the entry in the log settles a message as well as the answer does, if it is ours`()
    throws
  {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: 0))
    _ = bench.welcome()
    _ = bench.feed(.received(bench.joined(after: 0, last: 0)))
    _ = bench.feed(.said(try bench.message("m1")))
    _ = bench.feed(.accepted(try MessageID("m1"), sequence: 1))
    let forged = try bench.entry(1, id: "m1", from: "mallory")
    #expect(bench.feed(.received(.entry(forged))) == [.tell(.entry(forged))])
    let real = try bench.entry(2, id: "m1", from: "alice")
    #expect(
      bench.feed(.received(.entry(real))) == [
        .tell(.own(try bench.message("m1", .stored(offset: 2), sequence: 1))), .tell(.entry(real)),
      ])
  }

  @Test func `a refusal fails the message it names and leaves the unacked ones alone`() throws {
    var bench = try Bench()
    _ = bench.feed(.said(try bench.message("m1")))
    _ = bench.feed(.accepted(try MessageID("m1"), sequence: 1))
    let early = ChatRefusal(.helloFirst, "say hello first", id: try MessageID("m1"), command: "say")
    #expect(bench.feed(.received(.error(early))) == [])
    let refusal = ChatRefusal(.badText, "too long", id: try MessageID("m1"), command: "say")
    #expect(
      bench.feed(.received(.error(refusal))) == [
        .tell(.own(try bench.message("m1", .failed(reason: "too long (bad_text)"), sequence: 1)))
      ])
  }

  @Test func `a nick in use is asked for again after a while`() throws {
    var bench = try Bench()
    _ = bench.feed(.connected)
    let refusal = ChatRefusal(.nickInUse, "alice is taken", command: "hello")
    #expect(
      bench.feed(.received(.error(refusal))) == [
        .tell(.refused(code: "nick_in_use", message: "alice is taken", room: nil))
      ])
    bench.now = try #require(bench.machine.nextDeadline)
    #expect(bench.feed(.timer).count == 1)
    #expect(bench.machine.nextDeadline == nil)
    #expect(bench.feed(.received(.error(refusal))) == [], "told once")
    #expect(bench.machine.nextDeadline != nil)
  }

  @Test func `who types is not told without a connection, and that is no news`() throws {
    var bench = try Bench()
    #expect(bench.feed(.ask(.typing(bench.ops))) == [])
    #expect(bench.told(bench.feed(.ask(.whois(bench.alice)))).count == 1)
    _ = bench.welcome()
    #expect(bench.feed(.ask(.typing(bench.ops))) == [], "nor in a room that is not read")
    _ = bench.feed(.join(bench.ops, since: 9))
    #expect(bench.feed(.ask(.typing(bench.ops))) == [], "nor before the server has let us in")
    _ = bench.feed(.received(bench.joined(after: 9, last: 9)))
    #expect(bench.feed(.ask(.typing(bench.ops))) == [.send(.typing(bench.ops))])
    _ = bench.feed(.received(.parted(bench.ops)))
    #expect(bench.feed(.ask(.typing(bench.ops))) == [])
    #expect(bench.feed(.ask(.read(bench.ops, offset: 9))) == [])
  }

  @Test func `what was read without a connection is told once the room is joined, the newest only`()
    throws
  {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: 9))
    #expect(bench.feed(.ask(.read(bench.ops, offset: 4))) == [])
    #expect(bench.feed(.ask(.read(bench.ops, offset: 7))) == [])
    #expect(bench.feed(.ask(.read(bench.ops, offset: 5))) == [])
    // A room that is not ours has no mark.
    #expect(bench.feed(.ask(.read(try RoomName("else"), offset: 5))) == [])
    #expect(!bench.welcome().contains(.send(.read(bench.ops, offset: 7))))
    let joined = bench.joined(after: 9, last: 9)
    #expect(bench.feed(.received(joined)).contains(.send(.read(bench.ops, offset: 7))))
    // Once.
    _ = bench.feed(.disconnected)
    _ = bench.welcome()
    #expect(!bench.feed(.received(joined)).contains(.send(.read(bench.ops, offset: 7))))
    #expect(
      bench.feed(.ask(.read(bench.ops, offset: 9))) == [.send(.read(bench.ops, offset: 9))])
  }

  @Test func `a direct conversation is joined by itself, once`() throws {
    var bench = try Bench()
    let bob = try RoomName("@bob")
    #expect(
      bench.welcome(direct: [RoomSummary(room: bob, last: 3)]).contains(
        .send(.join(bob, since: nil))))
    #expect(bench.feed(.received(.direct(RoomSummary(room: bob, last: 4)))) == [])
  }

  @Test func `what was restored from the outbox is shown and followed`() throws {
    var bench = try Bench()
    let message = try bench.message("old", .buffered, sequence: 3)
    #expect(bench.feed(.restored(message)) == [.tell(.own(message))])
    #expect(bench.feed(.sent(sequence: 3)).count == 1)
    #expect(bench.feed(.overdue(sequence: 3)) == [.tell(.overdue(message.id))])
  }
}
