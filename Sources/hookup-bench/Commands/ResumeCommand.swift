import ArgumentParser
import Foundation
import HookupCore
import HookupEngine

/// Messages with receipts, to `delivered`.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Measures sends that wait until they are delivered, exactly once.",
    discussion: """
      One client and one server of hookup.resume.v1, both in this process, over loopback. With --durability commit \
      both sides sync before they confirm, the client's outbox and the server's SQLite file; with os nothing syncs. \
      The plain echo of the same build, with as many messages outstanding on one connection, is measured in the \
      same run. First, while the process is small, a client comes back with --drain messages in its files: memory is that of \
      client and server together, and the slowest tenth is held against the live rate with os.
      """)

  @Option(help: "commit or os; both when left out.")
  var durability: String?

  @Option(help: "Messages that may wait for their receipt.")
  var window = 1_024

  @Option(help: "Bytes of a message.")
  var bytes = 100

  @Option(help: "Seconds of each measurement.")
  var seconds = 5

  @Option(help: "Messages of the backlog that is drained; 0 leaves it out.")
  var drain = 1_000_000

  @Option(
    help: "Where the files are made; by default the system's temporary directory. They are removed."
  )
  var directory: String?

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  func validate() throws {
    try require(1...1_024, window, "window")
    try require(0...60_000, bytes, "bytes")
    try require(1...600, seconds, "seconds")
    try require(0...10_000_000, drain, "drain")
    guard durability.map({ ResumeRun.Durability(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--durability is commit or os")
    }
  }

  func run() async throws {
    let watchdog = Watchdog(limit: .seconds(4 * seconds + 60 + drain / 20_000))
    defer { watchdog.cancel() }
    do {
      let report = try await measure()
      Streams.write(json ? report.json() + "\n" : report.table(), to: 1)
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }

  func measure() async throws -> Report {
    var report = Report()
    report.add("benchmark", .text("resume"))
    let drained = drain > 0 ? try await measureDrain(&report) : nil
    let echo = try await echoPerSecond()
    report.add("echo_messages_per_second", .number(echo, digits: 0))
    let kinds =
      durability.flatMap(ResumeRun.Durability.init).map { [$0] } ?? ResumeRun.Durability.allCases
    for kind in kinds {
      let run = ResumeRun(
        durability: kind, window: window, bytes: bytes, measured: .seconds(seconds))
      let path = try makeDirectory()
      defer { try? FileManager.default.removeItem(atPath: path) }
      let outcome = try await run.run(in: path)
      report.add("\(kind)_messages", .number(Double(outcome.messages), digits: 0))
      report.add("\(kind)_messages_per_second", .number(outcome.messagesPerSecond, digits: 0))
      report.add(
        "\(kind)_to_echo", .number(echo > 0 ? outcome.messagesPerSecond / echo : 0, digits: 2))
      if kind == .os, let drained {
        report.add(
          "drain_slowest_to_os",
          .number(drained.slowestPerSecond / max(outcome.messagesPerSecond, 1e-9), digits: 2))
      }
    }
    return report
  }

  private func measureDrain(_ report: inout Report) async throws -> ResumeDrain.Outcome {
    let path = try makeDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let outcome = try await ResumeDrain(messages: drain, window: window, bytes: bytes).run(in: path)
    report.add(
      "drain",
      .group([
        .init("messages", .count(drain)),
        .init(
          "messages_per_second",
          .number(Double(drain) / max(outcome.seconds, 1e-9), digits: 0)),
        .init("slowest_tenth_per_second", .number(outcome.slowestPerSecond, digits: 0)),
        .init("rss_kib_before", .count(outcome.before)),
        .init("rss_kib_highest", .count(outcome.highest)),
      ]))
    return outcome
  }

  private func makeDirectory() throws -> String {
    let parent = directory ?? FileManager.default.temporaryDirectory.path
    let path = "\(parent)/hookup-bench-resume-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// A server's echo on one connection with the same window.
  private func echoPerSecond() async throws -> Double {
    let (urls, started) = AsyncStream.makeStream(of: String.self)
    let plan = ServePlan(mode: .echo)
    return try await withThrowingTaskGroup(of: Double?.self) { group in
      let (ends, ended) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        try await HookupServe(plan).run(
          until: { for await _ in ends {} },
          ready: { started.yield(String($0.split(separator: " ").last ?? "")) })
        return nil
      }
      group.addTask {
        defer { ended.finish() }
        for await url in urls {
          var load = LoadPlan(benchmark: "echo", url: try WebSocketURL(url))
          load.outstanding = window
          load.bytes = bytes
          load.measured = .seconds(seconds)
          let (window, bytes) = (window, bytes)
          let report = try await LoadRun(plan: load, progress: ProgressLine(isShown: false))
            .run { EchoPeer(shard: $0, outstanding: window, bytes: bytes, isBinary: false) }
          return report.messagesPerSecond
        }
        return nil
      }
      var rate: Double?
      for try await found in group { rate = found ?? rate }
      return rate ?? 0
    }
  }
}
