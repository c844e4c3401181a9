import HookupCore
import Testing

@testable import HookupEngine

@Suite struct SessionDeliveriesTests {
  static let start = SessionCursor(
    client: SessionID(high: 1, low: 1), epoch: 1, committed: 0, tag: 0, connection: 1)

  func delivered(_ numbers: ClosedRange<UInt64>) -> SessionDeliveries {
    var deliveries = SessionDeliveries()
    for number in numbers { deliveries.deliver(number, tag: number * 10) }
    return deliveries
  }

  @Test func `only what is confirmed one behind the other is committed, once`() {
    var deliveries = delivered(1...4)
    deliveries.confirm(2, refusal: nil, isDurable: false)
    #expect(deliveries.takeConfirmed(Self.start) == nil)
    deliveries.confirm(1, refusal: "no", isDurable: false)
    deliveries.confirm(4, refusal: nil, isDurable: false)
    let cursor = deliveries.takeConfirmed(Self.start)
    #expect(cursor?.committed == 2 && cursor?.tag == 20)
    #expect(cursor?.refusals == [SessionRefusal(sequence: 1, reason: "no")])
    #expect(deliveries.takeConfirmed(Self.start) == nil)
    #expect(deliveries.nextDurable() == nil)
    deliveries.committed(through: 2)
    let first = deliveries.nextDurable()
    #expect(first?.sequence == 1 && first?.refusal == "no")
    let second = deliveries.nextDurable()
    #expect(second?.sequence == 2 && second?.refusal == nil)
    #expect(deliveries.nextDurable() == nil)
  }

  @Test func `what is durable already waits for those before it`() {
    var deliveries = delivered(1...3)
    deliveries.confirm(2, refusal: nil, isDurable: true)
    #expect(deliveries.nextDurable() == nil)
    deliveries.confirm(1, refusal: nil, isDurable: true)
    #expect(deliveries.takeConfirmed(Self.start) == nil)
    #expect(deliveries.nextDurable()?.sequence == 2)
  }

  @Test func `a stretch without messages is committed in its turn`() {
    var deliveries = delivered(1...1)
    deliveries.skip(through: 5, tag: 7)
    #expect(deliveries.takeConfirmed(Self.start) == nil)
    deliveries.confirm(1, refusal: nil, isDurable: true)
    #expect(deliveries.takeConfirmed(Self.start)?.committed == 5)
    deliveries.confirm(9, refusal: nil, isDurable: true)
    deliveries.confirm(1, refusal: nil, isDurable: false)
    #expect(!deliveries.isEmpty)
  }
}
