import HookupSimulation
import Testing

@Suite struct ExhaustiveSearchTests {
  @Test(arguments: [false, true])
  func `a crash at every call of either side`(_ isDurable: Bool) {
    let result = ExhaustiveSearch.singles(isDurable: isDurable)
    #expect(result.runs > 20)
    #expect(result.failures == [])
  }

  @Test(arguments: [false, true])
  func `a crash at every pair of calls`(_ isDurable: Bool) {
    let result = ExhaustiveSearch.pairs(isDurable: isDurable)
    #expect(result.runs > 1_000)
    #expect(result.failures == [])
  }

  @Test(arguments: [false, true])
  func `a cut at every frame, either way`(_ isDurable: Bool) {
    let result = ExhaustiveSearch.cuts(isDurable: isDurable)
    #expect(result.runs == 60)
    #expect(result.failures == [])
  }

  @Test(arguments: [false, true])
  func `a crash at every call, or a cut at every frame, while messages are taken back`(
    _ isDurable: Bool
  ) {
    let singles = ExhaustiveSearch.singles(isDurable: isDurable, withdraws: true)
    #expect(singles.runs > 20)
    #expect(singles.failures == [])
    #expect(ExhaustiveSearch.cuts(isDurable: isDurable, withdraws: true).failures == [])
  }

  @Test func `a crash at every pair of calls while messages are taken back`() {
    let result = ExhaustiveSearch.pairs(isDurable: true, withdraws: true)
    #expect(result.runs > 1_000)
    #expect(result.failures == [])
  }
}
