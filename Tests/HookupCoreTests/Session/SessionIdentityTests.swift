import Testing

@testable import HookupCore

struct SessionIdentityTests {
  @Test func `numbers on the wire count from the base, and hostile ones overflow nothing`() {
    let identity = SessionIdentity(client: SessionID(high: 0, low: 1), epoch: 7, base: 10)
    #expect(identity.wire(11) == 1 && identity.sequence(1) == 11)
    #expect(identity.sequence(.max) == nil)
  }
}
