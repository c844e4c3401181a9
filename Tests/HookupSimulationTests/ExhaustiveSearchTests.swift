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
}
