import Testing

@testable import HookupCore

/// What people are called beside their nicks.
@Suite struct ChatNamesTests {
  private let ops = ChatEventVectors.ops

  /// A hub with alice on 1, who is Alice Liddell, and bob on 2, a guest.
  private func hub() throws -> HubHarness {
    var hub = HubHarness { $0.hasAccounts = true }
    let alice = ChatAccount(nick: try Nick("alice"), device: "d1", displayName: "Alice Liddell")
    try greet(&hub, 1, "alice", .account(alice))
    try greet(&hub, 2, "bob", .guest)
    return hub
  }

  private func greet(
    _ hub: inout HubHarness, _ key: UInt64, _ nick: String, _ answer: AccountAnswer
  ) throws {
    _ = hub.feed(.connected(.init(key), fallback: client(0xF0 + key)))
    let hello = ChatCommand.hello(nick: try Nick(nick), client: client(key))
    guard case .identify(let ticket, _)? = hub.receive(key, 1, hello).first else { return }
    let actions = hub.feed(.identified(ticket, answer))
    guard case .read(let read, .person)? = actions.last else { return }
    _ = hub.feed(.read(read, .person(PersonRecord())))
  }

  private func names(_ pairs: (String, String)...) throws -> ChatEvent {
    .names(try pairs.map { ChatName(try Nick($0.0), $0.1) })
  }

  /// Says the name and lets the accounts agree.
  private func rename(
    _ hub: inout HubHarness, _ key: UInt64, _ text: String
  ) throws -> [ChatHubAction] {
    guard
      case .identify(let ticket, .rename(_, let name))? = hub.receive(
        key, 9, .displayName(text)
      ).first
    else { return [] }
    return hub.feed(.identified(ticket, .renamed(name)))
  }

  @Test func `who joins is told what those in the room are called, and they what the newcomer is`()
    throws
  {
    var hub = try hub()
    #expect(try hub.join(1).last == send(names(("alice", "Alice Liddell")), to: 1))
    #expect(try hub.join(2).last == send(names(("alice", "Alice Liddell")), to: 2))
    _ = hub.receive(1, 3, .part(ops))
    #expect(
      try hub.join(1).prefix(2) == [
        send(.arrived(ops, try Nick("alice")), to: 2),
        send(names(("alice", "Alice Liddell")), to: 2),
      ])
    #expect(
      try hub.receive(2, 4, .members(ops)).last == send(names(("alice", "Alice Liddell")), to: 2))
  }

  @Test func `nobody is told of names where nobody has one`() throws {
    var hub = try hub()
    #expect(try hub.join(2).last == settle(2, 2_000))
    #expect(hub.receive(2, 4, .members(ops)).last == settle(2, 4))
  }

  @Test func `another name is told to the room and to all of one's own connections`() throws {
    var hub = try hub()
    let alice = ChatAccount(nick: try Nick("alice"), device: "d2")
    try greet(&hub, 3, "alice", .account(alice))
    _ = try hub.join(1)
    _ = try hub.join(2)
    #expect(
      try rename(&hub, 3, " A. L. ") == [
        settle(3, 9), send(names(("alice", "A. L.")), to: 1, 2, 3),
      ])
    #expect(try rename(&hub, 1, "") == [settle(1, 9), send(names(("alice", "")), to: 1, 2, 3)])
    #expect(hub.receive(2, 4, .members(ops)).last == settle(2, 4))
  }

  @Test func `a guest has none, and what is no name is refused`() throws {
    var hub = try hub()
    #expect(refusals(hub.receive(2, 5, .displayName("Bob"))) == ["needs_account"])
    let actions = hub.receive(1, 5, .displayName("a\u{202E}b"))
    #expect(refusals(actions) == ["bad_text"] && actions.last == settle(1, 5))
    guard case .send(.error(let refusal), _)? = actions.first else { return }
    #expect(refusal.command == "name")
  }

  @Test func `who asks who that is hears the name, of those who are away too`() throws {
    var hub = try hub()
    let carol = try Nick("carol")
    guard case .identify(let ticket, .whois)? = hub.receive(2, 6, .whois(carol)).first else {
      Issue.record("nobody was asked")
      return
    }
    let answer = AccountAnswer.person(carol, isAccount: true, seen: 7, displayName: "Carol C.")
    let person = ChatPerson(
      nick: carol, isAccount: true, isOnline: false, seen: 7, displayName: "Carol C.")
    #expect(
      hub.feed(.identified(ticket, answer)) == [send(.person(person), to: 2), settle(2, 6)])
  }
}
