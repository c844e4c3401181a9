import HookupCore
import Testing

@testable import HookupEngine

@Suite struct OutboxDeskTests {
  @Test func `a receipt of a number that was not given is refused`() async throws {
    var desk = OutboxDesk()
    let window = SendWindow(nextSequence: 5, pending: [])
    for (sequence, isGiven) in [(4 as UInt64, true), (5, false)] {
      let code: HookupError.Code? = await {
        do {
          try await withCheckedThrowingContinuation {
            desk.awaitDelivery(sequence, 1, in: window, end: nil, $0)
          }
          return nil
        } catch { return (error as? HookupError)?.code }
      }()
      #expect(code == (isGiven ? nil : .invalidArgument))
    }
  }
}
