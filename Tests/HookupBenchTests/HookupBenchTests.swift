import ArgumentParser
import Testing

@testable import hookup_bench

@Suite struct HookupBenchTests {
  @Test func `the command is named as its program`() {
    #expect(HookupBench.configuration.commandName == "hookup-bench")
  }

  @Test func `a load's options are read`() throws {
    let command = try HookupBench.parseAsRoot([
      "echo", "--connections", "64", "--outstanding", "16", "--bytes", "16384", "--seconds", "2.5",
      "--pid", "77", "--json", "--insecure", "--binary", "wss://localhost:8127/x",
    ])
    let echo = try #require(command as? EchoCommand)
    var plan = try echo.target.plan("echo")
    echo.load.apply(to: &plan)
    #expect(plan.connections == 64)
    #expect(plan.outstanding == 16)
    #expect(plan.bytes == 16_384)
    #expect(plan.measured == .milliseconds(2_500))
    #expect(plan.pid == 77)
    #expect(plan.isInsecure)
    #expect(echo.target.json)
    #expect(echo.binary)
    #expect(plan.url.description == "wss://localhost:8127/x")
  }

  @Test(arguments: [
    ["echo"], ["echo", "http://x/"], ["echo", "ws://x/", "--connections", "0"],
    ["echo", "ws://x/", "--bytes", "15"], ["echo", "ws://x/", "--seconds", "0"],
    ["fanout", "ws://x/", "--outstanding", "0"], ["idle", "ws://x/", "--connections", "-1"],
    ["soak", "ws://x/", "--seconds", "7"], ["connect", "ws://x/", "--threads", "0"],
    ["acked", "ws://x/", "--pid", "0"], ["serve"], ["serve", "--mode", "nothing"],
    ["serve", "--mode", "echo", "--port", "65536"],
    ["serve", "--mode", "legacy", "--engine", "nio"],
    ["serve", "--mode", "echo", "--tls-key", "k"], ["journal", "--rounds", "-1"],
    ["journal", "--drain", "many"], ["autobahn", "--cases", "many"], ["nothing"],
  ])
  func `wrong options are refused`(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try HookupBench.parseAsRoot(arguments) }
  }
}
