import Testing

@testable import HookupCore

struct SessionMachineWithdrawingTests {
  // MARK: Without a session

  @Test func `nothing goes on the wire while a withdrawal is being written`() {
    var bench = SessionMachineBench()
    for ticket: UInt64 in 1...3 { _ = bench.store(ticket: ticket) }
    #expect(bench.feed(.withdrawalRequested(9, 2)) == [.withdraw(9, 2)])
    _ = bench.feed(.start)
    #expect(bench.feed(.opened(1, .acks)).count { $0.isLoad } == 0)
    let stored = bench.feed(.withdrawalStored(2))
    #expect(stored.prefix(2) == [.report(.withdrawn(2)), .settle(2)])
    #expect(stored.count { $0.isLoad } == 1)
    #expect(bench.machine.backlog.messages == 2)
    #expect(
      bench.feed(.loaded(1, [1, 3])).filter(\.isTransmit) == [
        .transmit(1, 1, id: 1), .transmit(1, 3, id: 2),
      ])
  }

  @Test func `what was read before it, and all behind it, waits for the withdrawal`() {
    var bench = SessionMachineBench()
    for ticket: UInt64 in 1...3 { _ = bench.store(ticket: ticket) }
    bench.connect()
    #expect(bench.feed(.withdrawalRequested(9, 2)) == [.withdraw(9, 2)])
    let loaded = bench.feed(.loaded(1, [1, 2, 3]))
    #expect(loaded.filter(\.isTransmit) == [.transmit(1, 1, id: 1)])
    #expect(loaded.contains(.discard(2)) && loaded.contains(.discard(3)))
    #expect(loaded.count { $0.isLoad } == 0)
    #expect(
      bench.feed(.withdrawalFailed(2)) == [
        .load(1, from: 2, count: 256, bytes: SessionMachine.Settings().inFlightBytes - 10)
      ], "sent after all")
  }

  @Test(
    arguments: [
      (0, "was not sent from here"), (1, "may have been sent"), (2, "withdrawn already"),
      (3, "withdrawn already"), (4, "has left the outbox"), (99, "was not sent from here"),
    ] as [(UInt64, String)])
  func `what cannot be withdrawn is refused with the reason`(
    _ sequence: UInt64, _ sentence: String
  ) {
    var bench = SessionMachineBench()
    for ticket: UInt64 in 1...4 { _ = bench.store(ticket: ticket) }
    _ = bench.feed(.withdrawalRequested(1, 4))
    _ = bench.feed(.withdrawalStored(4))
    _ = bench.feed(.withdrawalRequested(3, 3))
    bench.machine.window.withdraw(2)
    _ = bench.machine.window.transmit(1, at: .zero, acking: .each)
    guard case .refuseWithdrawal(7, let error)? = bench.feed(.withdrawalRequested(7, sequence)).last
    else {
      Issue.record("\(sequence) was not refused")
      return
    }
    #expect(error.message.contains(sentence), "\(error.message)")
  }

  @Test func `one that is closed withdraws nothing`() {
    var bench = SessionMachineBench()
    _ = bench.store(ticket: 1)
    _ = bench.feed(.stop)
    guard case .refuseWithdrawal(7, let error)? = bench.feed(.withdrawalRequested(7, 1)).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .closed)
  }

  // MARK: In a session

  @Test
  func `a withdrawn message is skipped, wherever it stands, and the others arrive in order`() {
    for withdrawn: Set<UInt64> in [[1], [2], [4], [1, 2], [3, 4], [1, 4], [1, 2, 3, 4]] {
      var pair = SessionPair()
      for _ in 1...4 { pair.send() }
      for sequence in withdrawn.sorted() { pair.withdraw(sequence) }
      #expect(pair.client.machine.backlog.messages == 4 - withdrawn.count)
      pair.connect()
      let rest = (1...4 as ClosedRange<UInt64>).filter { !withdrawn.contains($0) }
      #expect(pair.server.delivered == rest, "\(withdrawn)")
      #expect(pair.client.confirmed == rest)
      #expect(pair.client.takenBack == withdrawn.sorted())
      #expect(pair.client.outbox.isEmpty && pair.client.machine.window.count == 0)
      #expect(pair.server.committed == 4)
      pair.send()
      pair.settle()
      #expect(pair.server.delivered == rest + [5])
      #expect(pair.client.breaks == [] && pair.server.breaks == [])
    }
  }

  @Test func `it stays withdrawn over restarts, and over a skip that nobody acked`() {
    for withdrawn: UInt64 in 1...3 {
      var pair = SessionPair()
      for _ in 1...3 { pair.send() }
      pair.withdraw(withdrawn)
      pair.restart(.client)
      // All goes out, nothing comes back.
      pair.connect(exchange: false)
      pair.carry(.client)
      pair.carry(.server)
      for _ in 1...3 { pair.carry(.client) }
      pair.cut()
      pair.restart(.client)
      pair.connect()
      let rest = (1...3 as ClosedRange<UInt64>).filter { $0 != withdrawn }
      #expect(pair.server.delivered == rest)
      #expect(pair.client.machine.window.count == 0)
      #expect(pair.client.closes == [] && pair.server.closes == [])
      #expect(pair.client.breaks == [] && pair.server.breaks == [], "nothing is reported lost")
    }
  }

  @Test func `a server that has forgotten everything does not get it either`() {
    var pair = SessionPair()
    pair.server.remembers = false
    for _ in 1...3 { pair.send() }
    pair.withdraw(2)
    pair.connect(exchange: false)
    for _ in 1...4 { pair.carry(.client) }
    pair.cut()
    pair.restart(.server)
    pair.connect()
    #expect(Set(pair.server.delivered) == [1, 3])
    #expect(pair.client.machine.window.count == 0)
  }

  @Test func `what was on the wire cannot be withdrawn, not even after a restart`() {
    var pair = SessionPair()
    pair.send()
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.carry(.server)
    pair.cut()
    pair.withdraw(1)
    #expect(pair.client.withdrawn.isEmpty)
    pair.restart(.client)
    pair.withdraw(1)
    #expect(pair.client.withdrawn.isEmpty)
    pair.connect()
    #expect(pair.server.delivered == [1])
    #expect(pair.client.confirmed == [1])
  }

  @Test func `one that is too large for the other side can be withdrawn`() {
    var pair = SessionPair()
    pair.send(bytes: 1_000)
    pair.withdraw(1)
    pair.server.settings.maximumMessageBytes = 100
    pair.restart(.server)
    pair.connect()
    #expect(pair.client.failed == [] && pair.client.takenBack == [1])
  }
}

extension SessionMachine.Action {
  fileprivate var isLoad: Bool { if case .load = self { true } else { false } }
  fileprivate var isTransmit: Bool { if case .transmit = self { true } else { false } }
}
