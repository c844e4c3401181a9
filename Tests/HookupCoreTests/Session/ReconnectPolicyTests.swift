import Testing

@testable import HookupCore

struct ReconnectPolicyTests {
  private func delays(_ policy: ReconnectPolicy, attempt: Int) -> [Duration?] {
    var random = RandomSource(seed: 7)
    return (0..<2000).map { _ in policy.delay(beforeAttempt: attempt, drawnFrom: &random) }
  }

  @Test(arguments: [
    (1, Duration.seconds(1)), (2, .seconds(1)), (3, .seconds(2)), (4, .seconds(4)),
    (7, .seconds(30)),
    (5000, .seconds(30)),
  ])
  func `a delay is drawn from zero to the attempt's bound and uses the range`(
    attempt: Int, bound: Duration
  ) throws {
    let drawn = delays(.forever, attempt: attempt).compactMap { $0 }
    #expect(drawn.count == 2000)
    #expect(drawn.allSatisfy { $0 >= .zero && $0 <= bound })
    #expect(try #require(drawn.max()) > bound * 0.9)
    #expect(try #require(drawn.min()) < bound * 0.1)
  }

  @Test func `a maximum number of attempts is kept to the attempt`() {
    let policy = ReconnectPolicy(attempts: .maximum(3))
    #expect(delays(policy, attempt: 3).allSatisfy { $0 != nil })
    #expect(delays(policy, attempt: 4).allSatisfy { $0 == nil })
    #expect(delays(.never, attempt: 1).allSatisfy { $0 == nil })
  }

  @Test(arguments: [
    (UInt16(1000), ReconnectPolicy.Verdict.backOff), (1006, .backOff), (1012, .backOff),
    (4001, .stop),
    (4099, .stop), (4108, .backOff), (4205, .immediately), (4304, .backOff),
  ])
  func `a close code's class decides what follows`(code: UInt16, verdict: ReconnectPolicy.Verdict) {
    #expect(ReconnectPolicy.verdict(forCloseCode: code) == verdict)
  }
}
