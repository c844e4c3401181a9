import Testing

@testable import HookupCore

@Suite struct ChatHubMachinePaceTests {
  private func hub(person: Int = 0, address: Int = 0, burst: Int = 2) -> HubHarness {
    var hub = HubHarness {
      $0.personRate = TokenBucket.Rate(perSecond: person, burst: burst)
      $0.addressRate = TokenBucket.Rate(perSecond: address, burst: burst)
    }
    hub.now = .zero + .seconds(60)
    return hub
  }

  private func pongs(_ actions: [ChatHubAction]) -> Int {
    actions.count { if case .send(.pong, _) = $0 { true } else { false } }
  }

  private func notices(_ actions: [ChatHubAction]) -> [ChatNotice] {
    actions.compactMap { if case .send(.notice(let code, _), _) = $0 { code } else { nil } }
  }

  @Test func `what is beyond a person's rate waits its turn, and is told once`() throws {
    var hub = hub(person: 1)
    try hub.welcome(1, "alice")
    #expect(pongs(hub.receive(1, 1, .ping) + hub.receive(1, 2, .ping)) == 2)
    let third = hub.receive(1, 3, .ping)
    #expect(pongs(third) == 0 && notices(third) == [.slowDown])
    #expect(hub.receive(1, 4, .ping) == [])
    #expect(hub.machine.nextDeadline == hub.now + .seconds(1))
    hub.now = hub.now + .seconds(1)
    // One of the two that wait; the other waits on, and that is not told again.
    #expect(hub.feed(.timer) == [send(.pong, to: 1), settle(1, 3)])
    hub.now = hub.now + .seconds(1)
    #expect(hub.feed(.timer) == [send(.pong, to: 1), settle(1, 4)])
    #expect(hub.receive(1, 5, .ping) == [])
    hub.now = hub.now + .seconds(30)
    _ = hub.feed(.timer)
    let later = (6...9).flatMap { hub.receive(1, UInt64($0), .ping) }
    #expect(notices(later) == [.slowDown])
  }

  @Test func `a person's connections share a rate, other persons have their own`() throws {
    var hub = hub(person: 1)
    try hub.welcome(1, "alice", client: client(1))
    try hub.welcome(2, "alice", client: client(1))
    try hub.welcome(3, "bob")
    #expect(pongs(hub.receive(1, 1, .ping) + hub.receive(2, 1, .ping)) == 2)
    #expect(pongs(hub.receive(1, 2, .ping) + hub.receive(2, 2, .ping)) == 0)
    #expect(pongs(hub.receive(3, 1, .ping)) == 1)
  }

  @Test func `an address has a rate of its own, also before the hello and after a new connection`()
    throws
  {
    var hub = hub(address: 1)
    for key: UInt64 in 1...2 {
      _ = hub.feed(.connected(.init(key), fallback: client(9), address: "192.0.2.1"))
    }
    _ = hub.feed(.connected(.init(3), fallback: client(9), address: "192.0.2.2"))
    #expect(refusals(hub.receive(1, 1, .ping)) == ["hello_first"])
    #expect(refusals(hub.receive(2, 1, .ping)) == ["hello_first"])
    #expect(refusals(hub.receive(1, 2, .ping)) == [])
    #expect(refusals(hub.receive(3, 1, .ping)) == ["hello_first"])
    _ = hub.feed(.disconnected(.init(1)))
    _ = hub.feed(.disconnected(.init(2)))
    _ = hub.feed(.connected(.init(4), fallback: client(9), address: "192.0.2.1"))
    #expect(refusals(hub.receive(4, 1, .ping)) == [])
  }

  @Test func `an operator is not held up`() throws {
    var hub = hub(person: 1)
    try hub.welcome(1, "alice")
    hub.machine.people["alice"]?.isOperator = true
    #expect(pongs((1...9).flatMap { hub.receive(1, $0, .ping) }) == 9)
  }

  @Test func `other rates hold at once for who waits`() throws {
    var hub = hub(person: 1)
    try hub.welcome(1, "alice")
    _ = (1...5).flatMap { hub.receive(1, $0, .ping) }
    #expect(pongs(hub.feed(.configured(ChatHubSettings()))) == 3)
    #expect(hub.machine.nextDeadline != hub.now + .seconds(1))
  }

  @Test func `a connection that ends while it waits is forgotten`() throws {
    var hub = hub(person: 1)
    try hub.welcome(1, "alice")
    _ = (1...5).flatMap { hub.receive(1, $0, .ping) }
    _ = hub.feed(.disconnected(.init(1)))
    hub.now = hub.now + .seconds(9)
    #expect(hub.feed(.timer) == [])
  }

  @Test func `searches have a rate of their own and are refused beyond it`() throws {
    var hub = HubHarness { $0.searchRate = TokenBucket.Rate(perSecond: 1, burst: 1) }
    try hub.welcome(1, "alice")
    let search = ChatCommand.search(ChatQuery(words: "x"))
    guard case .read(let ticket, .search)? = hub.receive(1, 1, search).first else {
      Issue.record("no search")
      return
    }
    _ = hub.answer(ticket.number, .found(SearchPage(hits: [], more: false)))
    #expect(refusals(hub.receive(1, 2, search)) == ["too_fast"])
    hub.now = hub.now + .seconds(1)
    #expect(refusals(hub.receive(1, 3, search)) == [])
  }
}
