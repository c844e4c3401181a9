import ArgumentParser
import HookupSimulation

/// Runs sessions in a simulated world.
struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs sessions in a simulated world, where everything that can go wrong does.",
    discussion: """
      Each seed is a world of its own: clients, a server, links, disks and faults in virtual time. What fails is printed with \
      its seed; --seed S --trace prints all that happened in it. The exit code is 0 when every seed passed and 1 otherwise.
      """)

  @Option(help: "How many seeds.")
  var seeds = 2_000

  @Option(help: "The first seed.")
  var first: UInt64 = 1

  @Option(help: "Only this seed.")
  var seed: UInt64?

  @Flag(help: "Print what happened; with --seed.")
  var trace = false

  @Flag(help: "The clients take messages back, too.")
  var withdraws = false

  @Option(help: "How many run at once.")
  var workers = 2

  @Flag(
    help:
      "Crash a small exchange at every I/O call and at every pair of them, and cut it at every frame, instead."
  )
  var exhaustive = false

  func validate() throws {
    try require(1...100_000_000, seeds, "seeds")
    try require(1...256, workers, "workers")
    if trace, seed == nil { throw ValidationError("--trace needs --seed: one world at a time.") }
  }

  func run() async throws {
    if exhaustive { return try searchAll() }
    if let seed { return try replay(seed) }
    let progress = ProgressLine()
    let started = ContinuousClock.now
    let result = await SeedSweep.run(
      first: first, count: seeds, workers: workers, withdraws: withdraws
    ) { result in
      progress.show("\(result.seeds) of \(seeds) seeds, \(result.failures.count) failed")
    }
    progress.clear()
    for failure in result.failures.prefix(50) {
      Streams.complain("seed \(failure.seed): \(failure.violation)")
    }
    let elapsed = ContinuousClock.now - started
    print(
      "\(result.seeds) seeds, \(result.steps) steps, \(result.failures.count) failed, in \(elapsed)"
    )
    guard result.failures.isEmpty else { throw ExitCode(1) }
  }

  private func replay(_ seed: UInt64) throws {
    let outcome = Simulation.run(seed: seed, withdraws: withdraws, isTraced: trace)
    for line in outcome.trace { print(line) }
    print("seed \(seed): \(outcome.steps) steps, \(outcome.violations.count) violations")
    for violation in outcome.violations { Streams.complain("seed \(seed): \(violation)") }
    guard outcome.violations.isEmpty else { throw ExitCode(1) }
  }

  private func searchAll() throws {
    var failed = 0
    for isDurable in [false, true] {
      let results = [
        ExhaustiveSearch.singles(isDurable: isDurable, withdraws: withdraws),
        ExhaustiveSearch.pairs(isDurable: isDurable, withdraws: withdraws),
        ExhaustiveSearch.cuts(isDurable: isDurable, withdraws: withdraws),
      ]
      for (name, result) in zip(["single crashes", "pairs of crashes", "cuts"], results) {
        let outbox = isDurable ? "durable" : "in memory"
        print("server's outbox \(outbox): \(result.runs) \(name), \(result.failures.count) failed")
        for failure in result.failures.prefix(20) { Streams.complain(failure) }
        failed += result.failures.count
      }
    }
    guard failed == 0 else { throw ExitCode(1) }
  }
}
