import Testing

@testable import HookupCore

@Suite struct ChatHubMachinePeopleTests {
  private func hub(_ change: (inout ChatHubSettings) -> Void = { _ in }) -> HubHarness {
    HubHarness {
      $0.hasAccounts = true
      change(&$0)
    }
  }

  private func account(_ nick: String, device: String = "d1", isOperator: Bool = false) throws
    -> ChatAccount
  {
    ChatAccount(nick: try Nick(nick), device: device, isOperator: isOperator)
  }

  /// Says hello and answers the question about it; what follows is answered, too.
  private func greet(
    _ hub: inout HubHarness, _ key: UInt64, _ nick: String, _ answer: AccountAnswer,
    client id: ClientID? = nil
  ) throws -> [ChatHubAction] {
    _ = hub.feed(.connected(.init(key), fallback: client(0xF0 + key)))
    let hello = ChatHello(nick: try Nick(nick), client: id ?? client(key))
    guard case .identify(let ticket, _)? = hub.receive(key, 1, .hello(hello)).first else {
      return []
    }
    let actions = hub.feed(.identified(ticket, answer))
    guard case .read(let read, .person)? = actions.last else { return actions }
    return actions.dropLast() + hub.feed(.read(read, .person(PersonRecord())))
  }

  @Test func `a hello asks the accounts first, with where it comes from`() throws {
    var hub = hub()
    _ = hub.feed(.connected(.init(1), fallback: client(9), address: "192.0.2.1"))
    let hello = ChatHello(nick: try Nick("alice"), client: nil, credential: .password("secret"))
    #expect(
      hub.receive(1, 1, .hello(hello)) == [
        .identify(.init(1), .hello(hello, address: "192.0.2.1"))
      ])
    // Nothing else is looked at meanwhile.
    #expect(hub.receive(1, 2, .ping) == [])
    let refusal = ChatRefusal(.nickRegistered, "log in", command: "hello")
    #expect(
      hub.feed(.identified(.init(1), .refused(ChatRefusal(.nickRegistered, "log in")))).prefix(2)
        == [send(.error(refusal), to: 1), settle(1, 1)])
  }

  @Test func `an account is welcomed with its device and rooms, under the nick it registered`()
    throws
  {
    var hub = hub()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    _ = hub.receive(1, 1, .hello(nick: try Nick("ALICE"), client: nil))
    let account = ChatAccount(nick: try Nick("Alice"), device: "d1", token: "t")
    #expect(
      hub.feed(.identified(.init(1), .account(account))) == [
        .read(.init(2), .person(try Nick("Alice"), limit: 100))
      ])
    let rooms = [RoomSummary(room: ChatEventVectors.ops, last: 3)]
    let welcome = ChatWelcome(
      nick: try Nick("Alice"), server: "store-1", account: account, direct: [], rooms: rooms,
      limits: ChatLimits())
    #expect(
      hub.answer(2, .person(PersonRecord(rooms: rooms))) == [
        send(.welcome(welcome), to: 1), settle(1, 1),
      ])
  }

  @Test func `devices of an account are one person, whatever their client ids`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "alice", .account(account("alice", device: "d1")))
    _ = try greet(&hub, 2, "alice", .account(account("alice", device: "d2")))
    #expect(hub.machine.people["alice"]?.connections.count == 2)
    _ = try hub.join(1)
    let joined = try hub.join(2)
    // Alice is there once, and nobody arrives.
    guard case .send(.joined(let room), _)? = joined.first else { return }
    #expect(room.members.map(\.text) == ["alice"])
  }

  @Test func `a guest does not get a nick that another guest has, nor in without leave`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "gus", .guest)
    #expect(refusals(try greet(&hub, 2, "gus", .guest)) == ["nick_in_use"])
    var closed = self.hub { $0.allowsGuests = false }
    #expect(refusals(try greet(&closed, 1, "gus", .guest)) == ["needs_account"])
    #expect(refusals(try greet(&closed, 2, "alice", .account(account("alice")))) == [])
  }

  @Test func `a guest under the nick of an account has to go when the account comes`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "alice", .guest)
    let actions = try greet(&hub, 2, "alice", .account(account("alice")))
    #expect(
      actions.contains(.close(.init(1), code: 4001, reason: "this nick belongs to an account")))
    #expect(hub.machine.people["alice"]?.connections == [.init(2)])
  }

  @Test func `a guest who registers is the account on all connections`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "alice", .guest, client: client(1))
    _ = try greet(&hub, 2, "alice", .guest, client: client(1))
    let asked = hub.receive(1, 5, .register(password: "long enough", device: "pc"))
    guard case .identify(let ticket, .register(let nick, "long enough", "pc", _))? = asked.first
    else {
      Issue.record("not asked: \(asked)")
      return
    }
    #expect(nick.text == "alice")
    let new = try account("alice", device: "d7")
    #expect(
      hub.feed(.identified(ticket, .account(new))) == [send(.account(new), to: 1), settle(1, 5)])
    #expect(hub.machine.people["alice"]?.isAccount == true)
    // The second connection may ask for its devices now.
    #expect(refusals(hub.receive(2, 6, .devices)) == [])
  }

  @Test func `another password logs the other devices out`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "alice", .account(account("alice", device: "d1")))
    _ = try greet(&hub, 2, "alice", .account(account("alice", device: "d2")))
    guard
      case .identify(let ticket, .password(_, "d1", "a", "b", _))? =
        hub.receive(1, 5, .password(old: "a", new: "b")).first
    else { return }
    let actions = hub.feed(.identified(ticket, .account(try account("alice", device: "d1"))))
    #expect(actions.contains(.close(.init(2), code: 4001, reason: "this device was logged out")))
    #expect(hub.machine.connections[.init(1)] != nil)
  }

  @Test func `a device that is revoked is closed, one's own too`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "alice", .account(account("alice", device: "d1")))
    _ = try greet(&hub, 2, "alice", .account(account("alice", device: "d2")))
    let asked = hub.receive(1, 5, .revoke(device: "d2"))
    #expect(asked == [.identify(.init(5), .revoke(try Nick("alice"), device: "d2", own: "d1"))])
    #expect(
      hub.feed(.identified(.init(5), .revoked(device: "d2"))) == [
        settle(1, 5), .close(.init(2), code: 4001, reason: "this device was logged out"),
        .touch(device: "d2", of: try Nick("alice")),
      ])
    guard
      case .identify(let own, .revoke(_, device: "d1", own: "d1"))? =
        hub.receive(1, 6, .revoke(device: nil)).first
    else { return }
    _ = hub.feed(.identified(own, .revoked(device: "d1")))
    #expect(hub.machine.connections.isEmpty)
  }

  @Test func `guests have no devices, and a server without accounts none to register`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "gus", .guest)
    #expect(refusals(hub.receive(1, 5, .devices)) == ["needs_account"])
    #expect(refusals(hub.receive(1, 6, .password(old: "a", new: "b"))) == ["needs_account"])
    var plain = HubHarness()
    try plain.welcome(1, "alice")
    #expect(
      refusals(plain.receive(1, 5, .register(password: "long enough", device: "")))
        == ["needs_account"])
    _ = plain.feed(.connected(.init(2), fallback: client(9)))
    let hello = ChatHello(nick: try Nick("bob"), client: nil, credential: .token("t"))
    #expect(refusals(plain.receive(2, 5, .hello(hello))) == ["needs_account"])
  }

  @Test func `accounts that cannot be asked are not acked`() throws {
    var hub = hub()
    let actions = try greet(&hub, 1, "alice", .failed)
    #expect(refusals(actions) == ["store_failed"])
    #expect(actions.contains(settle(1, 1, acknowledge: false)))
  }

  @Test func `an answer for somebody who is gone is nobody's`() throws {
    var hub = hub()
    _ = hub.feed(.connected(.init(1), fallback: client(9)))
    _ = hub.receive(1, 1, .hello(nick: try Nick("alice"), client: nil))
    _ = hub.feed(.disconnected(.init(1)))
    #expect(hub.feed(.identified(.init(1), .account(try account("alice")))) == [])
    #expect(hub.machine.people.isEmpty)
  }

  @Test func `away is told once to those who share a room`() throws {
    var hub = HubHarness()
    for (key, nick) in [(1, "alice"), (2, "bob"), (3, "carol")] {
      try hub.welcome(UInt64(key), nick)
    }
    _ = try hub.join(1)
    _ = try hub.join(2)
    _ = try hub.join(1, "dev")
    _ = try hub.join(2, "dev")
    let alice = try Nick("alice")
    #expect(
      hub.receive(1, 5, .away("lunch")) == [settle(1, 5), send(.away(alice, "lunch"), to: 1, 2)])
    #expect(hub.receive(1, 6, .away("lunch")) == [settle(1, 6)])
    let long = String(repeating: "x", count: 391)
    #expect(refusals(hub.receive(1, 7, .away(long))) == ["bad_text"])
    let person = ChatPerson(nick: alice, isAccount: false, isOnline: true, away: "lunch")
    #expect(
      hub.receive(3, 5, .whois(try Nick("ALICE"))) == [send(.person(person), to: 3), settle(3, 5)])
    #expect(refusals(hub.receive(3, 6, .whois(try Nick("nobody")))) == ["no_such_person"])
  }

  @Test func `an account that is not here was seen`() throws {
    var hub = hub()
    _ = try greet(&hub, 1, "gus", .guest)
    guard case .identify(let ticket, .whois)? = hub.receive(1, 5, .whois(try Nick("bob"))).first
    else { return }
    let bob = try Nick("Bob")
    let person = ChatPerson(nick: bob, isAccount: true, isOnline: false, seen: 7)
    #expect(
      hub.feed(.identified(ticket, .person(bob, isAccount: true, seen: 7))) == [
        send(.person(person), to: 1), settle(1, 5),
      ])
  }

  // MARK: To everybody

  @Test func `a store that fails is told once, to who comes later too, and its end`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let sentence =
      "the server cannot store messages for now (disk full): what you say waits, nothing is lost"
    let notice = ChatEvent.notice(code: .readOnly, message: sentence)
    #expect(hub.feed(.storeFailing("disk full")) == [send(notice, to: 1)])
    #expect(hub.feed(.storeFailing("disk full")) == [])
    _ = hub.feed(.connected(.init(2), fallback: client(9)))
    _ = hub.receive(2, 1, .hello(nick: try Nick("bob"), client: nil))
    #expect(hub.answer(2, .person(PersonRecord())).last == send(notice, to: 2))
    guard case .send(.notice(.writable, _), let keys)? = hub.feed(.storeFailing(nil)).first else {
      Issue.record("its end was not told")
      return
    }
    #expect(keys == [.init(1), .init(2)])
  }

  @Test func `an operator speaks to all and throws out by nick, and bans addresses`() throws {
    var hub = HubHarness()
    for key: UInt64 in 1...3 {
      _ = hub.feed(
        .connected(.init(key), fallback: client(9), address: key < 3 ? "192.0.2.1" : nil))
      try hub.greet(key, "n\(key)")
    }
    #expect(
      hub.feed(.announced("hello")) == [
        send(.notice(code: .announcement, message: "hello"), to: 1, 2, 3)
      ])
    #expect(
      hub.feed(.expelled(try Nick("N3"), reason: "spam"))
        == [.close(.init(3), code: 4003, reason: "spam")])
    #expect(
      hub.feed(.banned(ServerBans([try ServerBan("192.0.2.0/24", reason: "spam")]))) == [
        .close(.init(1), code: 4003, reason: "your address is banned: spam"),
        .close(.init(2), code: 4003, reason: "your address is banned: spam"),
      ])
    #expect(
      hub.feed(.connected(.init(4), fallback: client(9), address: "192.0.2.9"))
        == [.close(.init(4), code: 4003, reason: "your address is banned: spam")])
    #expect(hub.feed(.banned(ServerBans())) == [])
    #expect(hub.feed(.connected(.init(5), fallback: client(9), address: "192.0.2.9")) == [])
  }

  @Test func `too many messages in a row that are no commands close the connection`() throws {
    var hub = HubHarness { $0.badCommands = 2 }
    try hub.welcome(1, "alice")
    let bad = ChatRefusal(.badCommand, "no")
    func fail(_ ticket: UInt64) -> [ChatHubAction] {
      hub.feed(.received(.init(1), .init(ticket), .failure(bad)))
    }
    #expect(fail(1) == [send(.error(bad), to: 1), settle(1, 1)])
    _ = fail(2)
    _ = hub.receive(1, 3, .ping)
    _ = fail(4)
    _ = fail(5)
    #expect(
      fail(6).last
        == .close(.init(1), code: 1008, reason: "3 messages in a row were no commands"))
  }
}
