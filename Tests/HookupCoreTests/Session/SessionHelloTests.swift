import Testing

@testable import HookupCore

@Suite struct SessionHelloTests {
  @Test func `a hello has no refusals unless it is given some`() {
    let hello = SessionHello(
      client: nil, incarnation: 1, connection: 2,
      sending: SessionHello.Sending(epoch: 3, low: 4, high: 5, acked: 6),
      receiving: SessionHello.Receiving(epoch: 7, committed: nil, tag: 8),
      credit: 9, maximumMessageBytes: 10)
    #expect(hello.refusals.isEmpty)
    #expect(hello.sending.low == 4 && hello.sending.high == 5 && hello.sending.acked == 6)
    #expect(hello.receiving.committed == nil && hello.receiving.tag == 8)
  }

  @Test func `a hello has room for the refusals of a whole window`() {
    #expect(SessionHello.maximumRefusals == Limits.inFlightMessages)
    #expect(SessionHello.version == 1)
  }
}
