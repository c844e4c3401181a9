import Testing

@testable import hookup_bench

struct HookupBenchTests {
  @Test func `the command is named as its program`() {
    #expect(HookupBench.configuration.commandName == "hookup-bench")
  }
}
