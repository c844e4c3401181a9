import HookupCore
import Testing

@Suite struct ChatHubMachineTests {
  let ops = try! RoomName("ops")

  @Test func `a connection that says no hello is closed when its time is over`() throws {
    var hub = HubHarness { $0.helloTimeout = .seconds(60) }
    #expect(hub.feed(.connected(.init(1), fallback: client(9))) == [])
    hub.now = MonotonicInstant.zero + .seconds(1)
    try hub.welcome(2, "bob")
    #expect(hub.machine.nextDeadline == .zero + .seconds(60))
    hub.now = .zero + .seconds(60)
    #expect(
      hub.feed(.timer) == [.close(.init(1), code: 1008, reason: "no hello within 60 s")])
    #expect(hub.machine.nextDeadline == .zero + .seconds(61))
    hub.now = .zero + .seconds(61)
    #expect(hub.feed(.timer) == [])
    #expect(hub.machine.nextDeadline == nil)
  }

  @Test func `commands are taken in order: what follows a join waits for it`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(hub.receive(1, 5, .join(ops, since: nil)).count == 1)
    #expect(hub.receive(1, 6, .ping) == [])
    let actions = hub.answer(2, .head(RoomHead()))
    #expect(
      actions.suffix(2) == [send(.pong, to: 1), settle(1, 6)])
  }

  @Test func `commands wait while the connection takes nothing`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(hub.feed(.writable(.init(1), false)) == [])
    #expect(hub.receive(1, 5, .ping) == [])
    #expect(hub.receive(1, 6, try hub.said("a")) == [])
    let actions = hub.feed(.writable(.init(1), true))
    #expect(actions.prefix(2) == [send(.pong, to: 1), settle(1, 5)])
    #expect(actions.count == 3)
  }

  @Test func `a full store queue holds back what is said, in turn, and nothing else`() throws {
    var hub = HubHarness { $0.appendingEntries = 1 }
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    #expect(hub.receive(1, 5, try hub.said("first")).count == 1)
    #expect(hub.receive(2, 5, try hub.said("second")) == [])
    #expect(hub.receive(1, 6, try hub.said("third")) == [])
    #expect(hub.receive(2, 6, .ping) == [])
    // Tickets 1 and 2 were the reads of two welcomes.
    let then = hub.append((3, .stored(offset: 1)))
    guard then.count == 5, case .append(let ticket, let append) = then[2] else {
      Issue.record("no append in \(then)")
      return
    }
    #expect(append.text == "second")
    #expect(then.suffix(2) == [send(.pong, to: 2), settle(2, 6)])
    let last = hub.append((ticket.number, .stored(offset: 2)))
    #expect(
      last.contains {
        if case .append(_, let append) = $0 { append.text == "third" } else { false }
      })
  }

  @Test func `the store's queue is bounded in bytes too`() throws {
    var hub = HubHarness { $0.appendingBytes = 10 }
    try hub.welcome(1, "alice")
    #expect(hub.receive(1, 5, try hub.said("0123456789")).count == 1)
    #expect(hub.receive(1, 6, try hub.said("x")) == [])
    #expect(hub.append((2, .stored(offset: 1))).count == 3)
  }

  @Test func `what a vanished connection said is stored and shown to the others`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    try hub.welcome(2, "bob")
    _ = try hub.join(2)
    let append = hub.receive(1, 5, try hub.said("last words"))
    #expect(append.count == 1)
    #expect(hub.feed(.disconnected(.init(1))) == [])
    guard case .append(let ticket, _) = append[0] else { return }
    #expect(
      hub.append((ticket.number, .stored(offset: 1))) == [
        send(.entry(entry(1, "last words", from: "alice")), to: 2)
      ])
  }

  @Test func `an event about a connection that is gone changes nothing`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    #expect(hub.feed(.disconnected(.init(1))) == [])
    #expect(hub.feed(.disconnected(.init(1))) == [])
    #expect(hub.feed(.writable(.init(1), true)) == [])
    #expect(hub.receive(1, 7, .ping) == [])
    #expect(hub.append((77, .stored(offset: 1))) == [])
    #expect(hub.feed(.appendFailed([.init(77)])) == [])
    #expect(hub.answer(77, .failed) == [])
  }
}
