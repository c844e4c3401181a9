import Testing

@testable import hookup_bench

@Suite struct DeliveryLedgerTests {
  @Test func `a message is complete when the last part tells of it`() {
    var ledger = DeliveryLedger(window: 2, parts: 3)
    #expect(ledger.delivered(1) == false)
    #expect(ledger.delivered(2) == false)
    #expect(ledger.delivered(1) == false)
    #expect(ledger.delivered(1) == true)
    #expect(ledger.delivered(2) == false)
    #expect(ledger.delivered(2) == true)
  }

  @Test func `a place is free again for a later message`() {
    var ledger = DeliveryLedger(window: 1, parts: 2)
    for number in 1...5 as ClosedRange<UInt64> {
      #expect(ledger.delivered(number) == false)
      #expect(ledger.delivered(number) == true)
    }
  }
}
