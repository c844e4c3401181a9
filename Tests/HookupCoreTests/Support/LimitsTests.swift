import HookupCore
import Testing

/// The numbers that other numbers depend on.
@Suite struct LimitsTests {
  @Test func `every limit is a bound`() {
    for limit in [
      Limits.maximumMessageBytes, Limits.sendBufferHighBytes, Limits.sendBufferLowBytes,
      Limits.outboxBytes, Limits.outboxMessages, Limits.inFlightMessages, Limits.inFlightBytes,
      Limits.inboundEvents, Limits.jsonDepth,
    ] {
      #expect(limit > 0)
      #expect(limit < 1 << 31)
    }
  }

  @Test func `the limits fit one another`() {
    #expect(Limits.sendBufferLowBytes < Limits.sendBufferHighBytes)
    #expect(Limits.maximumMessageBytes <= Limits.inFlightBytes)
    #expect(Limits.inFlightBytes <= Limits.outboxBytes)
    #expect(Limits.inFlightMessages <= Limits.outboxMessages)
    // The scanner keeps one bit for each level in 128 bits.
    #expect(Limits.jsonDepth <= UInt128.bitWidth)
  }
}
