import ArgumentParser
import Glibc
import HookupCore
import HookupEngine

/// A rolling restart with many clients, under load.
struct RestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Restarts the chat server under load, and shows when its clients come back.",
    discussion: """
      Starts hookup-chat-server (from the directory of this program) on a directory of its own, connects clients, of whom some \
      talk, and restarts the server with SIGTERM. Then compares what was confirmed, what the store holds and what each \
      client read, and prints for each restart how many clients were back in each tenth of the window.

      The window is the server's drain-window, or 10 ms for each client if that is less. Exit status: 0 when nothing was lost, \
      doubled or reordered and all came back; 1 otherwise. Then the directory is kept, and named.
      """)

  @Option(help: "Connected clients.")
  var clients = 1_000

  @Option(help: "Clients that talk.")
  var senders = 50

  @Option(help: "Rooms; each client reads one.")
  var rooms = 20

  @Option(help: "Restarts.")
  var rounds = 3

  @Option(help: "The server's drain-window, in whole seconds.")
  var window = 30

  @Option(help: "The server's restart-time, in whole seconds.")
  var restartTime = 1

  @Option(help: "Messages a second, of all together.")
  var rate = 200.0

  @Option(help: "Draws the port; drawn when not given, and printed.")
  var seed: UInt64?

  @Flag(help: "Prints one JSON object instead of a table and pictures.")
  var json = false

  @Flag(help: "Keeps the directory in any case.")
  var keep = false

  func validate() throws {
    try require(1...100_000, clients, "clients")
    try require(1...clients, senders, "senders")
    try require(1...1_000, rooms, "rooms")
    try require(1...100, rounds, "rounds")
    try require(1...600, window, "window")
    try require(0...600, restartTime, "restart-time")
    guard (0.1...10_000).contains(rate) else {
      throw ValidationError("--rate is \(rate): it must be 0.1 to 10000.")
    }
  }

  var settings: RestartSettings {
    var settings = RestartSettings()
    settings.clients = clients
    settings.senders = senders
    settings.rooms = rooms
    settings.rounds = rounds
    settings.window = .seconds(window)
    settings.restartTime = .seconds(restartTime)
    settings.rate = rate
    settings.seed = seed ?? UInt64.random(in: 0..<1_000_000_000)
    return settings
  }

  func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let termination = TerminationSignal()
    let settings = settings
    Streams.write("seed \(settings.seed)\n", to: STDERR_FILENO)
    // A descriptor for each client here and at the server, which inherits the limit.
    guard ThisProcess.raiseDescriptorLimit() >= clients + 256 else {
      Streams.complain("\(clients) clients need \(clients + 256) open files: raise ulimit -n")
      throw ExitCode(1)
    }
    let place = try TorturePlace()
    let watchdog = Watchdog(limit: settings.limit) { place.killAll() }
    defer { watchdog.cancel() }
    do {
      let result = try await Self.carryOut(settings, in: place, until: termination)
      show(result, at: place)
      guard result.isGood else { throw ExitCode(1) }
    } catch let code as ExitCode {
      throw code
    } catch {
      Streams.complain(describe(error) + " (see \(place.directory))")
      throw ExitCode(1)
    }
  }

  /// Runs it, unless a signal comes first; nothing runs any more when it returns or throws.
  private static func carryOut(
    _ settings: RestartSettings, in place: TorturePlace, until termination: TerminationSignal
  ) async throws -> RestartResult {
    defer { place.killAll() }
    let run = try await RestartRun(settings, in: place)
    return try await withThrowingTaskGroup(of: RestartResult?.self) { tasks in
      tasks.addTask { try await run.run() }
      tasks.addTask {
        await termination.wait()
        return nil
      }
      defer { tasks.cancelAll() }
      guard let result = try await tasks.next() ?? nil else {
        throw HookupError(.closed, "ended by a signal")
      }
      return result
    }
  }

  private func show(_ result: RestartResult, at place: TorturePlace) {
    Streams.write(
      json ? result.report.json() + "\n" : result.pictures() + result.report.table(),
      to: STDOUT_FILENO)
    for sentence in (result.verdict.findings + result.problems).prefix(
      TortureVerdict.maximumFindings)
    {
      Streams.complain(sentence)
    }
    if result.isGood, !keep {
      place.remove()
    } else {
      Streams.complain("all that was said is in \(place.directory)")
    }
  }
}
