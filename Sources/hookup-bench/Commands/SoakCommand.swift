import ArgumentParser
import HookupCore
import HookupEngine

/// Mixed load for a long time.
struct SoakCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract:
      "Loads an echo server with all sorts of messages, connects and disconnects, for long.",
    discussion: """
      Text and binary messages of 16 bytes to 128 KiB; each connection closes after up to 2,000 of them and another is \
      opened. With --pid the server's descriptors and memory are sampled: the exit code is 1 when they grew between \
      the second and the last quarter of the time, or when anything else went wrong.
      """)

  @OptionGroup var target: TargetOptions

  @Option(help: "Connections at a time.")
  var connections = 32

  @Option(help: "Messages that each connection has outstanding.")
  var outstanding = 4

  @Option(help: "How long, at least 8.")
  var seconds = 600.0

  func validate() throws {
    try require(1...100_000, connections, "connections")
    try require(1...1_024, outstanding, "outstanding")
    guard (8...604_800).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds): it must be 8 to 604800.")
    }
  }

  func run() async throws {
    var plan = try target.plan("soak")
    plan.connections = connections
    plan.outstanding = outstanding
    plan.bytes = 0
    plan.measured = .seconds(seconds)
    let messages = SoakMessages(seed: 6_455)
    let outstanding = outstanding
    let redial = Redial(plan) { shard, redial in
      SoakPeer(shard: shard, redial: redial, messages: messages, outstanding: outstanding)
    }
    let samples = plan.pid.map { SoakSamples(ProcessProbe(pid: $0)) }
    var run = LoadRun(plan: plan, progress: ProgressLine())
    run.sample = { _ in samples?.take() }
    let watchdog = Watchdog(limit: plan.measured + plan.dialLimit + .seconds(60))
    defer { watchdog.cancel() }
    do {
      let load = try await run.run { redial.makePeer($0) }
      var report = load.report
      samples?.series.add(to: &report)
      target.show(report, errors: load.errors)
      let isFlat = samples.map { $0.series.isFlat ?? false } ?? true
      if !isFlat { Streams.complain("the server's descriptors or memory did not stay flat") }
      guard load.errors.total == 0, isFlat else { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }
}
