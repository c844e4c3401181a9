import ArgumentParser
import Glibc
import HookupCore
import HookupEngine

/// The promise, tried with everything that can be done to processes, links and disks.
struct TortureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "torture",
    abstract: "Kills the chat's programs and cuts their links, and counts what is lost or doubled.",
    discussion: """
      Starts hookup-chat-server, senders and readers (hookup-chat send and tail, from the directory of this program), with a \
      proxy between them that cuts, resets, swallows, dribbles, splits and delays. All of them are killed with kill -9 and \
      stopped and started again; one more sender has a disk that fills up (where a file system may be mounted), another \
      one whose writes and flushes fail (where there is strace). Then all is left in peace, drains, and is compared: \
      what was confirmed, what the log holds, what each reader saw.

      Exit status: 0 when nothing was lost, doubled, reordered or left out in silence, and something was said at all; 1 otherwise. \
      Then the directory with all ledgers is kept, and named.
      """)

  @Option(help: "How long the faults last; the drain comes on top.")
  var minutes = 1.0

  @Option(help: "Decides what happens when to whom; drawn when not given, and printed.")
  var seed: UInt64?

  @Option(help: "Senders on good disks.")
  var senders = 4

  @Option(help: "Readers.")
  var readers = 3

  @Option(help: "Lines a second of each sender.")
  var rate = 20.0

  @Option(help: "kill -9 of the server, and a restart.")
  var serverKillsPerMinute = 25.0

  @Option(help: "SIGSTOP of the server, and SIGCONT up to 3 s later.")
  var serverStopsPerMinute = 2.0

  @Option(help: "kill -9 of clients, all together.")
  var clientKillsPerMinute = 25.0

  @Option(help: "SIGSTOP of clients, all together.")
  var clientStopsPerMinute = 6.0

  @Option(help: "Faults of connections, all together.")
  var linkFaultsPerMinute = 180.0

  @Flag(
    inversion: .prefixedNo, help: "One sender on a disk that fills up, one on a disk that fails.")
  var disks = true

  @Option(help: "How long each step of the drain may take, seconds.")
  var drain = 120

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  @Flag(help: "Keeps the directory in any case.")
  var keep = false

  func validate() throws {
    try require(1...64, senders, "senders")
    try require(1...64, readers, "readers")
    try require(1...3_600, drain, "drain")
    try Self.requireNumber(0.05...1_440, minutes, "minutes")
    try Self.requireNumber(0.1...1_000, rate, "rate")
    try Self.requireNumber(0...600, serverKillsPerMinute, "server-kills-per-minute")
    try Self.requireNumber(0...600, serverStopsPerMinute, "server-stops-per-minute")
    try Self.requireNumber(0...600, clientKillsPerMinute, "client-kills-per-minute")
    try Self.requireNumber(0...600, clientStopsPerMinute, "client-stops-per-minute")
    try Self.requireNumber(0...6_000, linkFaultsPerMinute, "link-faults-per-minute")
  }

  private static func requireNumber(
    _ range: ClosedRange<Double>, _ value: Double, _ option: String
  ) throws {
    guard !range.contains(value) else { return }
    throw ValidationError(
      "--\(option) is \(value): it must be \(range.lowerBound) to \(range.upperBound).")
  }

  var settings: TortureSettings {
    var settings = TortureSettings()
    settings.duration = .milliseconds(Int64(minutes * 60_000))
    settings.seed = seed ?? UInt64.random(in: 0..<1_000_000_000)
    settings.senders = senders
    settings.readers = readers
    settings.rate = rate
    settings.serverKillsPerMinute = serverKillsPerMinute
    settings.serverStopsPerMinute = serverStopsPerMinute
    settings.clientKillsPerMinute = clientKillsPerMinute
    settings.clientStopsPerMinute = clientStopsPerMinute
    settings.linkFaultsPerMinute = linkFaultsPerMinute
    settings.harmsDisks = disks
    settings.drain = .seconds(drain)
    return settings
  }

  func run() async throws {
    // A client that dies while it is fed must not end the rig.
    signal(SIGPIPE, SIG_IGN)
    let termination = TerminationSignal()
    let settings = settings
    Streams.write("seed \(settings.seed)\n", to: STDERR_FILENO)
    var place: TorturePlace?
    do {
      let made = try TorturePlace()
      place = made
      let watchdog = Watchdog(limit: settings.limit) { made.killAll() }
      defer { watchdog.cancel() }
      let result = try await Self.carryOut(settings, in: made, until: termination)
      show(result, at: made)
      guard result.isGood else { throw ExitCode(1) }
    } catch let code as ExitCode {
      throw code
    } catch {
      Streams.complain(
        describe(error) + " (seed \(settings.seed)\(place.map { ", see \($0.directory)" } ?? ""))")
      throw ExitCode(1)
    }
  }

  /// Runs it, unless a signal comes first; nothing runs any more when it returns or throws.
  private static func carryOut(
    _ settings: TortureSettings, in place: TorturePlace, until termination: TerminationSignal
  ) async throws -> TortureResult {
    let run: TortureRun
    do {
      run = try await TortureRun(settings, in: place)
    } catch {
      place.killAll()
      throw error
    }
    do {
      let result = try await withThrowingTaskGroup(of: TortureResult?.self) { tasks in
        tasks.addTask { try await run.run() }
        tasks.addTask {
          await termination.wait()
          return nil
        }
        defer { tasks.cancelAll() }
        return try await tasks.next() ?? nil
      }
      guard let result else { throw HookupError(.closed, "ended by a signal") }
      await run.end()
      return result
    } catch {
      await run.end()
      throw error
    }
  }

  private func show(_ result: TortureResult, at place: TorturePlace) {
    Streams.write(
      json ? result.report.json() + "\n" : result.report.table(), to: STDOUT_FILENO)
    for sentence in result.skipped { Streams.complain(sentence) }
    for sentence in result.verdict.findings { Streams.complain(sentence) }
    for sentence in result.problems.prefix(TortureVerdict.maximumFindings) {
      Streams.complain(sentence)
    }
    if result.isGood, !keep {
      place.remove()
    } else {
      Streams.complain("all that was said is in \(place.directory)")
    }
  }
}
