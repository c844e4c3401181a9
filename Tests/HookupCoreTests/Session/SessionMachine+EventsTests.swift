import Testing

@testable import HookupCore

struct SessionMachineEventsTests {
  private let error = HookupError(.connectFailed, "refused")

  @Test func `a failure to open is temporary and asks for no patience unless it says so`() {
    let failure = SessionMachine.OpenFailure(error: error)
    #expect(!failure.isPermanent && failure.retryAfter == nil)
    var bench = SessionMachineBench()
    _ = bench.feed(.start)
    let actions = bench.feed(.openFailed(1, failure))
    guard actions.count == 1, case .report(.reconnecting(1, let delay)) = actions[0] else {
      Issue.record("\(actions)")
      return
    }
    #expect(delay <= ReconnectPolicy.forever.firstDelay)
  }

  @Test func `a permanent failure to open ends the client whatever the policy`() {
    var bench = SessionMachineBench()
    _ = bench.feed(.start)
    #expect(
      bench.feed(.openFailed(1, .init(error: error, isPermanent: true))) == [
        .report(.error(error)), .finish(error),
      ])
  }
}
