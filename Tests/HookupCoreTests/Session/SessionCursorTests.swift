import HookupCore
import Testing

/// The rest of what a table of cursors promises is in the contract of the stores.
@Suite struct SessionCursorTests {
  static let client = SessionID(high: 1, low: 2)

  func cursor(_ number: UInt64, refused: [UInt64] = []) -> SessionCursor {
    SessionCursor(
      client: Self.client, epoch: 5, committed: number, tag: number, connection: 3,
      refusals: refused.map { SessionRefusal(sequence: $0, reason: "no") })
  }

  @Test func `a table that begins empty after others does not know what it never saw`() {
    var cursors = SessionCursors(maximumClients: 4, remembersAll: false)
    #expect(cursors.memory(of: Self.client, epoch: 5) == SessionMemory(.unknown))
    cursors.commit(cursor(2))
    #expect(
      cursors.memory(of: Self.client, epoch: 5)
        == SessionMemory(.committed(2, tag: 2), lastConnection: 3))
    #expect(
      cursors.memory(of: Self.client, epoch: 1 << 32)
        == SessionMemory(.unknown, lastConnection: 3))
    #expect(
      cursors.memory(of: Self.client, epoch: 6) == SessionMemory(.superseded, lastConnection: 3))
  }

  @Test func `the same number with another refusal changes nothing`() {
    var cursors = SessionCursors(maximumClients: 4, remembersAll: true)
    cursors.commit(cursor(2))
    cursors.commit(cursor(2, refused: [2]))
    #expect(cursors.memory(of: Self.client, epoch: 5).refusals.isEmpty)
    #expect(cursors.committed(of: Self.client, epoch: 5) == 2)
    #expect(cursors.committed(of: Self.client, epoch: 1) == nil)
  }
}
