import HookupEngine
import Testing

@testable import hookup_bench

/// The rig itself, small: a real server, real sockets, real files.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct RestartRunTests {
  @Test func `two restarts with fifty clients lose and double nothing, and all come back`()
    async throws
  {
    var settings = RestartSettings()
    settings.clients = 50
    settings.senders = 6
    settings.rooms = 3
    settings.rounds = 2
    settings.rate = 60
    settings.seed = UInt64.random(in: 0..<1_000_000)
    let place = try TorturePlace()
    defer { place.killAll() }
    let result = try await RestartRun(settings, in: place).run()
    #expect(result.isGood, "\(result.verdict.findings) \(result.problems)")
    #expect(result.rounds.map(\.total) == [50, 50])
    // Nobody was asked before the server had its time.
    #expect(result.rounds.map(\.early) == [0, 0])
    #expect(result.said >= 60)
    #expect(result.read >= result.stored * 10)
    #expect(result.pictures().contains("restart 2: away for "))
    #expect(result.report.json().contains(#""passed":true"#))
    place.remove()
  }

  @Test func `what is missing or twice is found`() {
    let line = TortureLine(sender: 0, number: 1).text
    var evidence = TortureEvidence()
    evidence.senders[0] = TortureEvidence.Sender(tried: 2, confirmed: [1, 2])
    evidence.log.entries = [.init(offset: 1, id: "", text: line)]
    evidence.last = 1
    evidence.readers["client 0"] = evidence.log
    var result = RestartResult(settings: RestartSettings())
    result.count(evidence)
    #expect(result.verdict.lost == 1)
    #expect(!result.isGood)
    evidence.log.entries.append(.init(offset: 2, id: "", text: line))
    evidence.last = 2
    result.count(evidence)
    #expect(result.verdict.doubled == 1)
    // The reader lacks the second.
    #expect(result.verdict.unreported == 1)
  }

  @Test(arguments: [
    ["restart", "--clients", "0"], ["restart", "--clients", "10", "--senders", "11"],
    ["restart", "--window", "601"], ["restart", "--rate", "0"], ["restart", "--rounds", "0"],
  ])
  func `wrong options are refused`(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try HookupBench.parseAsRoot(arguments) }
  }

  @Test func `the options are read`() throws {
    let command = try #require(
      try HookupBench.parseAsRoot([
        "restart", "--clients", "300", "--senders", "10", "--rooms", "4", "--rounds", "5",
        "--window", "2",
        "--restart-time", "3", "--rate", "7", "--seed", "9",
      ]) as? RestartCommand)
    let settings = command.settings
    #expect(settings.clients == 300 && settings.senders == 10 && settings.rooms == 4)
    #expect(settings.rounds == 5 && settings.rate == 7 && settings.seed == 9)
    #expect(settings.spread == .seconds(2))
    #expect(settings.room(of: 6) == "restart-2")
    #expect(settings.serverConfiguration == "drain-window = 2\nrestart-time = 3\n")
  }
}
