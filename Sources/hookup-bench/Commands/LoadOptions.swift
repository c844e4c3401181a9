import ArgumentParser
import HookupCore
import HookupEngine

/// How and where a load is measured: the options of every load.
struct TargetOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The server: ws:// or wss://.", valueName: "url"))
  var url: String

  @Option(help: ArgumentHelp("The server's process: prints what it uses.", valueName: "pid"))
  var pid: Int?

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  @Flag(help: "Takes any certificate of a wss:// server.")
  var insecure = false

  @Option(help: "Event loops to spread the connections over.")
  var threads = 1

  @Flag(help: "Offers permessage-deflate.")
  var deflate = false

  mutating func validate() throws {
    try require(1...256, threads, "threads")
    if let pid { try require(1...Int(Int32.max), pid, "pid") }
    do {
      _ = try WebSocketURL(url)
    } catch {
      throw ValidationError(error.message)
    }
  }

  /// A plan with what these options say.
  func plan(_ benchmark: String) throws -> LoadPlan {
    var plan = LoadPlan(benchmark: benchmark, url: try WebSocketURL(url))
    plan.threads = threads
    plan.pid = pid
    plan.isInsecure = insecure
    plan.deflates = deflate
    return plan
  }

  func show(_ report: Report, errors: ErrorCounts) {
    Streams.write(json ? report.json() + "\n" : report.table(), to: 1)
    for kind in ErrorCounts.Kind.allCases {
      if let sample = errors.samples[kind] { Streams.complain("\(kind.rawValue): \(sample)") }
    }
  }
}

/// How many connections, and for how long.
struct LoadOptions: ParsableArguments {
  @Option(help: "Connections.")
  var connections = 16

  @Option(help: "Messages that each connection has outstanding.")
  var outstanding = 1

  @Option(help: "Payload bytes of a message, 16 or more.")
  var bytes = 100

  @Option(help: "How long it is measured.")
  var seconds = 5.0

  @Option(help: "How long the load runs before it is measured, seconds.")
  var warmUp = 0.5

  mutating func validate() throws {
    try require(1...1_000_000, connections, "connections")
    try require(1...1_000_000, outstanding, "outstanding")
    try require(16...(64 << 20), bytes, "bytes")
    guard (0.05...86_400).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds): it must be 0.05 to 86400.")
    }
    guard (0...3_600).contains(warmUp) else {
      throw ValidationError("--warm-up is \(warmUp): it must be 0 to 3600.")
    }
  }

  func apply(to plan: inout LoadPlan) {
    plan.connections = connections
    plan.outstanding = outstanding
    plan.bytes = bytes
    plan.measured = .seconds(seconds)
    plan.warmUp = .seconds(warmUp)
  }
}

func require(_ range: ClosedRange<Int>, _ value: Int, _ option: String) throws {
  guard !range.contains(value) else { return }
  throw ValidationError(
    "--\(option) is \(value): it must be \(range.lowerBound) to \(range.upperBound).")
}

extension LoadPlan {
  /// Runs it and prints what came of it.
  /// - Throws: `ExitCode` 1 when anything went wrong.
  func carryOut(
    _ options: TargetOptions, makePeer: @escaping LoadRun.MakePeer
  ) async throws {
    let watchdog = Watchdog(limit: warmUp + measured + dialLimit + .seconds(60))
    defer { watchdog.cancel() }
    do {
      let report = try await LoadRun(plan: self, progress: ProgressLine()).run(makePeer: makePeer)
      options.show(report.report, errors: report.errors)
      guard report.errors.total == 0 else { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }
}
