import HookupEngine
import Testing

@testable import hookup_chat

@Suite(.timeLimit(.minutes(1))) struct SendLedgerTests {
  private let ids: [MessageID]

  init() throws { ids = try ["m1", "m2", "m3"].map { try MessageID($0) } }

  private func own(_ index: Int, _ state: DeliveryState) throws -> ChatUpdate {
    .own(
      OwnMessage(
        id: ids[index], sequence: 1, room: try RoomName("ops"), text: "x", milliseconds: 0,
        state: state))
  }

  private func status(_ states: [(Int, DeliveryState)]) throws -> Int32 {
    let ledger = SendLedger()
    ledger.expect(ids, lines: [1, 2, 3])
    for (index, state) in states { try ledger.take(own(index, state)) }
    return ledger.exitStatus
  }

  @Test func `nothing to send is success`() {
    #expect(SendLedger().exitStatus == 0)
  }

  @Test func `all stored is 0, some still queued 2, and some refused 3 whatever the others`() throws
  {
    #expect(try status([]) == 2)
    #expect(try status([(0, .stored(offset: 1)), (1, .sent), (2, .stored(offset: 2))]) == 2)
    #expect(
      try status([(0, .stored(offset: 1)), (1, .stored(offset: 2)), (2, .stored(offset: 3))]) == 0)
    #expect(try status([(0, .failed(reason: "no"))]) == 3)
    #expect(
      try status([(0, .failed(reason: "no")), (1, .stored(offset: 1)), (2, .stored(offset: 2))])
        == 3)
  }

  @Test func `what an earlier run left queued counts too`() throws {
    let ledger = SendLedger()
    try ledger.take(own(0, .buffered))
    #expect(ledger.exitStatus == 2)
    try ledger.take(own(0, .stored(offset: 1)))
    #expect(ledger.exitStatus == 0)
  }

  @Test func `an overdue ack is no failure`() throws {
    let ledger = SendLedger()
    ledger.expect([ids[0]], lines: [1])
    try ledger.take(.overdue(ids[0]))
    #expect(ledger.exitStatus == 2)
  }

  @Test func `the wait ends with the last message`() async throws {
    let ledger = SendLedger()
    ledger.expect(Array(ids.prefix(2)), lines: [1, 2])
    // Far longer than the test may take: only the last message can end it.
    async let waiting: Void = ledger.waitUntilSettled(atMost: .seconds(3_600))
    try ledger.take(own(0, .stored(offset: 1)))
    try ledger.take(own(1, .failed(reason: "no")))
    try await waiting
    #expect(ledger.exitStatus == 3)
  }

  @Test func `the wait ends with its time`() async throws {
    let ledger = SendLedger()
    ledger.expect([ids[0]], lines: [1])
    try await ledger.waitUntilSettled(atMost: .zero)
    #expect(ledger.exitStatus == 2)
  }
}
