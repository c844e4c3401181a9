import HookupCore
import Testing

@Suite struct HookupErrorTests {
  private struct Underneath: Error {}

  @Test func `errors are equal by code and message, whatever caused them`() {
    let error = HookupError(.bufferFull, "the outbox holds 10 messages")
    #expect(error == HookupError(.bufferFull, "the outbox holds 10 messages", cause: Underneath()))
    #expect(error != HookupError(.closed, "the outbox holds 10 messages"))
    #expect(error != HookupError(.bufferFull, "the outbox holds 11 messages"))
  }

  @Test func `an error reads as its message, and keeps its cause`() {
    let error = HookupError(.storage, "cannot write /x", cause: Underneath())
    #expect("\(error)" == "cannot write /x")
    #expect(error.cause is Underneath)
    #expect(HookupError(.storage, "x").cause == nil)
  }

  @Test func `codes are told apart by their text, and one may make one's own`() {
    let codes: [HookupError.Code] = [
      .invalidArgument, .messageTooBig, .bufferFull, .notConnected, .closed, .connectFailed,
      .handshakeFailed, .protocolViolation, .ackTimeout, .storage, .locked, .corrupt, .bindFailed,
      .refused,
    ]
    #expect(Set(codes.map(\.rawValue)).count == codes.count)
    #expect(HookupError.Code(rawValue: "locked") == .locked)
    #expect("\(HookupError.Code(rawValue: "my_own"))" == "my_own")
  }
}
