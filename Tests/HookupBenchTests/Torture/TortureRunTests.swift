import HookupEngine
import Testing

@testable import hookup_bench

/// The rig itself, short: real processes, real sockets, real files.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct TortureRunTests {
  @Test func `ten seconds of torture lose, double and reorder nothing`() async throws {
    var settings = TortureSettings()
    settings.duration = .seconds(10)
    settings.seed = UInt64.random(in: 0..<1_000_000)
    settings.senders = 2
    settings.readers = 2
    let place = try TorturePlace()
    let run = try await TortureRun(settings, in: place)
    let result: TortureResult
    do {
      result = try await run.run()
    } catch {
      await run.end()
      throw error
    }
    await run.end()
    #expect(
      result.isGood, "seed \(settings.seed): \(result.verdict.findings) \(result.problems)")
    #expect(result.serverKills >= 1 && result.clientKills >= 1)
    #expect(result.linkFaults.values.reduce(0, +) >= 5)
    #expect(result.read >= result.stored * settings.readers)
    place.remove()
  }

  @Test func `a process that was killed is known by its signal, and another one by its status`()
    async throws
  {
    let place = try TorturePlace()
    defer { place.remove() }
    func start(_ script: String) throws -> ChildProcess {
      try ChildProcess(
        "/bin/sh", ["-c", script], environment: [], takesInput: true, output: .file("/dev/null"),
        errors: "/dev/null")
    }
    let reader = try start("read line; exit 7")
    reader.input?.close()
    #expect(await reader.waitForEnd() == .exit(7))
    #expect(reader.hasEnded)
    let waiting = try start("read line")
    waiting.signal(9)
    #expect(await waiting.waitForEnd() == .signal(9))
    #expect(throws: HookupError.self) {
      _ = try ChildProcess(
        "/nowhere/at-all", [], environment: [], output: .pipe, errors: "/dev/null")
    }
  }

  @Test(arguments: [
    ["torture", "--minutes", "0"], ["torture", "--senders", "0"], ["torture", "--rate", "0"],
    ["torture", "--link-faults-per-minute", "-1"], ["proxy"], ["proxy", "--to", "nowhere"],
    ["proxy", "--to", "h:1", "--fault", "none"], ["proxy", "--to", "h:1", "--every", "1ms"],
  ])
  func `wrong options are refused`(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try HookupBench.parseAsRoot(arguments) }
  }

  @Test func `the options are read`() throws {
    let torture = try #require(
      try HookupBench.parseAsRoot([
        "torture", "--minutes", "10", "--seed", "7", "--no-disks", "--server-kills-per-minute", "3",
      ]) as? TortureCommand)
    #expect(torture.settings.duration == .seconds(600))
    #expect(torture.settings.seed == 7)
    #expect(!torture.settings.harmsDisks)
    #expect(torture.settings.serverKillsPerMinute == 3)
    let proxy = try #require(
      try HookupBench.parseAsRoot([
        "proxy", "--to", "localhost:8127", "--fault", "cut", "--fault", "reset", "--every", "500ms",
      ]) as? ProxyCommand)
    #expect(proxy.to == Endpoint(argument: "localhost:8127"))
    #expect(proxy.fault == [.cut, .reset])
    #expect(proxy.every.duration == .milliseconds(500))
  }
}
