import Testing

@testable import HookupCore

struct SessionIdentityTests {
  @Test func `numbers on the wire count from the base, and hostile ones overflow nothing`() {
    let identity = SessionIdentity(client: SessionID(high: 0, low: 1), epoch: 7, base: 10)
    #expect(identity.wire(11) == 1 && identity.sequence(1) == 11)
    #expect(identity.sequence(.max) == nil)
  }

  @Test func `numberings are counted, and an older one or another of the same count is stale`() {
    let first = SessionIdentity.epoch(after: 0, random: 0xFFFF_FFFF_0000_0007)
    let second = SessionIdentity.epoch(after: first, random: 5)
    #expect(first == 1 << 32 | 7 && second == 2 << 32 | 5)
    #expect(SessionIdentity.isStale(first, beside: second))
    #expect(SessionIdentity.isStale(second + 1, beside: second))
    #expect(!SessionIdentity.isStale(second, beside: second))
    #expect(!SessionIdentity.isStale(second, beside: first))
    #expect(!SessionIdentity.isStale(first, beside: 0))
    // The count stays at its end.
    #expect(SessionIdentity.epoch(after: .max, random: 1) == UInt64(UInt32.max) << 32 | 1)
  }
}
