import Testing

@testable import HookupCore

private typealias Action = ChatClientMachine.Action

private struct Bench {
  let alice: Nick
  let ops: RoomName
  var machine: ChatClientMachine
  var queue = ActionQueue<ChatClientMachine.Action>()

  init() throws {
    alice = try Nick("alice")
    ops = try RoomName("ops")
    machine = ChatClientMachine(nick: alice, client: client(1))
  }

  mutating func feed(_ event: ChatClientMachine.Event) -> [Action] {
    machine.handle(event, at: .zero, into: &queue)
    return queue.drain()
  }

  mutating func welcome(server: String = "s1") -> [Action] {
    _ = feed(.connected)
    return feed(
      .received(
        .welcome(ChatWelcome(nick: alice, server: server, direct: [], limits: ChatLimits()))))
  }

  mutating func joined(after: UInt64, last: UInt64, reset: Bool = false) -> [Action] {
    feed(
      .received(
        .joined(
          ChatJoined(
            room: ops, topic: "", members: [alice], last: last, first: 1, after: after,
            reset: reset))))
  }

  /// A machine that holds the room up to `last`, asked for the room, and has shown what is kept of it.
  static func holding(_ last: UInt64, of server: String = "s1") throws -> Bench {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.feed(.held(ChatHeld(server: server, rooms: [bench.ops: last])))
    _ = bench.feed(.found([], in: bench.ops, before: last + 1))
    return bench
  }

  func entry(_ offset: UInt64, _ act: RoomAct = .say("hi")) throws -> RoomEntry {
    RoomEntry(
      room: ops, offset: offset, act: act, id: try MessageID("m\(offset)"), from: try Nick("bob"),
      milliseconds: 0)
  }

  func page(
    _ entries: [RoomEntry], isComplete: Bool = false, problem: String? = nil
  ) -> Action {
    .tell(
      .page(ChatPage(room: ops, entries: entries, isComplete: isComplete, problem: problem)))
  }
}

@Suite struct ChatClientMachineHistoryTests {
  @Test func `a room goes on where it is held, and shows what is kept of it`() throws {
    var bench = try Bench()
    #expect(bench.feed(.join(bench.ops, since: nil)) == [])
    let held = ChatHeld(server: "s1", rooms: [bench.ops: 40])
    #expect(bench.feed(.held(held)) == [.read(bench.ops, before: 41)])
    let kept = [try bench.entry(39), try bench.entry(40)]
    #expect(bench.feed(.found(kept, in: bench.ops, before: 41)) == [bench.page(kept)])
    #expect(bench.welcome().contains(.send(.join(bench.ops, since: 40))))
    _ = bench.joined(after: 40, last: 41)
    let next = try bench.entry(41)
    #expect(
      bench.feed(.received(.entry(next))) == [.record(.entry(next)), .tell(.entry(next))])
    // It was left and is joined again: from there on, and it is shown again.
    _ = bench.feed(.part(bench.ops))
    #expect(
      bench.feed(.join(bench.ops, since: nil)) == [
        .read(bench.ops, before: 42), .send(.join(bench.ops, since: 41)),
      ])
  }

  @Test func `a room with an offset of its own goes on from that, and nothing is shown anew`()
    throws
  {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: 17))
    #expect(bench.feed(.held(ChatHeld(server: "s1", rooms: [bench.ops: 17]))) == [])
    #expect(bench.welcome().contains(.send(.join(bench.ops, since: 17))))
  }

  @Test func `without a history nothing is put down, and rooms begin near their end`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    let actions = bench.welcome() + bench.joined(after: 7, last: 8)
    #expect(actions.contains(.send(.join(bench.ops, since: nil))))
    let entry = try bench.entry(8)
    #expect(bench.feed(.received(.entry(entry))) == [.tell(.entry(entry))])
    // Older ones are the server's then.
    #expect(bench.feed(.fetch(bench.ops, before: 8)) == [.read(bench.ops, before: 8)])
    #expect(
      bench.feed(.found([], in: bench.ops, before: 8)) == [
        .send(.history(bench.ops, .before(8), limit: nil))
      ])
  }

  @Test func `what is skipped is put down with what comes`() throws {
    var bench = try Bench()
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.feed(.held(ChatHeld()))
    #expect(bench.welcome().contains(.record(.server("s1"))))
    #expect(bench.joined(after: 50, last: 100).contains(.record(.skipped(bench.ops, to: 50))))
    _ = bench.feed(.disconnected)
    #expect(!bench.welcome().contains(.record(.server("s1"))))
    let actions = bench.joined(after: 60, last: 100)
    #expect(actions.contains(.record(.skipped(bench.ops, to: 60))))
    #expect(actions.contains(.tell(.gap(bench.ops, from: 51, to: 60))))
  }

  @Test func `older entries come from what is kept, else from the server, one page at a time`()
    throws
  {
    var bench = try Bench.holding(40)
    _ = bench.welcome()
    #expect(bench.feed(.fetch(bench.ops, before: 40)) == [.read(bench.ops, before: 40)])
    #expect(bench.feed(.fetch(bench.ops, before: 40)) == [], "it is under way")
    let kept = [try bench.entry(30), try bench.entry(39)]
    #expect(bench.feed(.found(kept, in: bench.ops, before: 40)) == [bench.page(kept)])
    #expect(bench.feed(.found(kept, in: bench.ops, before: 40)) == [], "nobody waits for it")

    #expect(bench.feed(.fetch(bench.ops, before: 30)) == [.read(bench.ops, before: 30)])
    #expect(
      bench.feed(.found([], in: bench.ops, before: 30)) == [
        .send(.history(bench.ops, .before(30), limit: nil))
      ])
    #expect(bench.feed(.fetch(bench.ops, before: 30)) == [], "it is under way")
    let older = [try bench.entry(28), try bench.entry(29)]
    // What a server makes up is left out: a later entry, an offset twice.
    let answer = older + [try bench.entry(29), try bench.entry(31)]
    #expect(
      bench.feed(.received(.history(bench.ops, answer, more: true))) == [
        .record(.older(bench.ops, older)), bench.page(older),
      ])
    #expect(bench.feed(.received(.history(bench.ops, answer, more: true))) == [])
  }

  @Test func `the first entry of all, or a server without more, is the end`() throws {
    var bench = try Bench.holding(40)
    #expect(bench.feed(.fetch(bench.ops, before: 1)) == [bench.page([], isComplete: true)])
    _ = bench.feed(.fetch(bench.ops, before: 3))
    let first = [try bench.entry(1), try bench.entry(2)]
    #expect(
      bench.feed(.found(first, in: bench.ops, before: 3)) == [bench.page(first, isComplete: true)])
    _ = bench.welcome()
    for more in [false, true] {
      _ = bench.feed(.fetch(bench.ops, before: 9))
      _ = bench.feed(.found([], in: bench.ops, before: 9))
      #expect(
        bench.feed(.received(.history(bench.ops, [], more: more))) == [
          bench.page([], isComplete: true)
        ])
    }
  }

  @Test func `without a server, or when it refuses, a sentence says why there is nothing older`()
    throws
  {
    var bench = try Bench.holding(40)
    let offline = bench.page([], problem: "not connected: older messages are on the server")
    _ = bench.feed(.fetch(bench.ops, before: 9))
    #expect(bench.feed(.found([], in: bench.ops, before: 9)) == [offline])
    _ = bench.welcome()
    _ = bench.feed(.fetch(bench.ops, before: 9))
    _ = bench.feed(.found([], in: bench.ops, before: 9))
    let refusal = ChatRefusal(.notMember, "for members only", room: bench.ops, command: "history")
    #expect(
      bench.feed(.received(.error(refusal))) == [bench.page([], problem: "for members only")])
    #expect(
      bench.feed(.received(.error(refusal))).count == 1, "told as any refusal when nobody waits")
    _ = bench.feed(.fetch(bench.ops, before: 9))
    _ = bench.feed(.found([], in: bench.ops, before: 9))
    #expect(bench.feed(.disconnected) == [offline])
    #expect(bench.feed(.disconnected) == [])
  }

  @Test func `an edit that comes while a page is looked for is in the page`() throws {
    var bench = try Bench.holding(40)
    _ = bench.welcome()
    _ = bench.joined(after: 40, last: 40)
    _ = bench.feed(.fetch(bench.ops, before: 40))
    let edit = try bench.entry(41, RoomAct(.edited, text: "new", ref: 39))
    _ = bench.feed(.received(.entry(edit)))
    guard
      case .tell(.page(let page))? = bench.feed(
        .found([try bench.entry(39)], in: bench.ops, before: 40)
      ).first
    else { throw HookupError(.invalidArgument, "no page") }
    #expect(page.entries.map(\.text) == ["new"])
  }

  @Test func `another server's store voids what is held, once`() throws {
    var bench = try Bench.holding(40, of: "s1")
    // A page of the old store that is still being read is worth nothing; whoever asked for it is answered.
    _ = bench.feed(.fetch(bench.ops, before: 30))
    let actions = bench.welcome(server: "s2")
    #expect(actions.filter { $0 == .record(.server("s2")) }.count == 1)
    #expect(actions.contains(.tell(.rewound(bench.ops, after: 0))))
    #expect(actions.contains(bench.page([])))
    #expect(
      actions.contains(.tell(.notice("the server's store is another one: rooms start over"))))
    #expect(actions.contains(.send(.join(bench.ops, since: nil))))
    #expect(bench.feed(.found([try bench.entry(29)], in: bench.ops, before: 30)) == [])
    _ = bench.feed(.disconnected)
    #expect(!bench.welcome(server: "s2").contains { $0 == .record(.server("s2")) })
  }

  @Test func `a server that lost entries takes back what is held beyond`() throws {
    var bench = try Bench.holding(40)
    _ = bench.welcome()
    let actions = bench.joined(after: 0, last: 12, reset: true)
    #expect(actions.contains(.record(.rewound(bench.ops, after: 0))))
    #expect(actions.contains(.tell(.rewound(bench.ops, after: 0))))
    let entry = try bench.entry(1)
    #expect(bench.feed(.received(.entry(entry))).contains(.record(.entry(entry))))
  }

  @Test func `what is asked for while a room opens is answered after that`() throws {
    var bench = try Bench()
    _ = bench.feed(.held(ChatHeld(server: "s1", rooms: [bench.ops: 40])))
    #expect(bench.feed(.join(bench.ops, since: nil)) == [.read(bench.ops, before: 41)])
    #expect(bench.feed(.fetch(bench.ops, before: 30)) == [])
    #expect(
      bench.feed(.found([], in: bench.ops, before: 41)) == [.read(bench.ops, before: 30)])
    _ = bench.feed(.found([], in: bench.ops, before: 30))
    // A room that is left while it opens shows nothing.
    _ = bench.feed(.part(bench.ops))
    _ = bench.feed(.join(bench.ops, since: nil))
    _ = bench.feed(.part(bench.ops))
    #expect(bench.feed(.found([try bench.entry(40)], in: bench.ops, before: 41)) == [])
  }
}
