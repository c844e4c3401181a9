import ArgumentParser
import HookupEngine

/// A rolling restart of a real chat server.
struct RestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Restarts a chat server with many clients under load.",
    discussion: """
      Starts hookup-chat-server, connects clients that read rooms while some of them speak, and restarts the server with \
      SIGTERM. The clients are spread over the rooms: in a room of many, each message is as many deliveries. Prints when the clients came back, as a histogram of each restart, and compares what was \
      confirmed, what is stored and what each of them read. Exit code 1 when anything is lost, doubled, out of order or \
      not read.
      """)

  @Option(help: "Clients.")
  var clients = 1_000

  @Option(help: "Rooms; each client reads one.")
  var rooms = 20

  @Option(help: "How many of them speak.")
  var speakers = 50

  @Option(help: "Restarts.")
  var rounds = 2

  @Option(help: "Messages a second, of all speakers together.")
  var rate = 200

  @Option(help: "The server's drain window, in seconds; 0 for none.")
  var window = 30

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  func validate() throws {
    try require(1...20_000, clients, "clients")
    try require(1...clients, rooms, "rooms")
    try require(1...clients, speakers, "speakers")
    try require(1...100, rounds, "rounds")
    try require(1...10_000, rate, "rate")
    try require(0...600, window, "window")
  }

  func run() async throws {
    let watchdog = Watchdog(limit: .seconds(400 + rounds * (window + 130)))
    defer { watchdog.cancel() }
    do {
      let place = try TorturePlace()
      defer {
        place.killAll()
        place.remove()
      }
      var settings = RestartRun.Settings()
      settings.clients = clients
      settings.rooms = rooms
      settings.speakers = speakers
      settings.rounds = rounds
      settings.rate = rate
      settings.window = window
      let outcome = try await RestartRun(settings: settings, place: place).run()
      show(outcome)
      if !outcome.isGood { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }

  private func show(_ outcome: RestartRun.Outcome) {
    var report = Report()
    report.add("benchmark", .text("restart"))
    report.add("clients", .count(clients))
    report.add("rooms", .count(rooms))
    report.add("asked_per_second", .count(rate))
    report.add("said_per_second", .number(outcome.saidPerSecond, digits: 1))
    report.add("said", .count(outcome.said))
    report.add("stored", .count(outcome.stored))
    report.add("lost", .count(outcome.lost))
    report.add("doubled", .count(outcome.doubled))
    report.add("reordered", .count(outcome.reordered))
    report.add("jumps", .count(outcome.jumps))
    report.add("unread", .count(outcome.unread))
    report.add("failed", .count(outcome.failed.count))
    for (index, seconds) in outcome.secondsToAll.enumerated() {
      report.add("restart_\(index + 1)_seconds_to_all", .number(seconds, digits: 2))
      report.add(
        "restart_\(index + 1)_peak_over_mean", .number(outcome.histograms[index].peak, digits: 2))
    }
    report.add("server_kib_before_clients", .count(outcome.idleServerKiB))
    report.add("server_kib_with_clients", .count(outcome.connectedServerKiB))
    Streams.write(json ? report.json() + "\n" : report.table(), to: 1)
    for problem in outcome.problems + outcome.failed { Streams.complain(problem) }
    guard !json else { return }
    for (index, histogram) in outcome.histograms.enumerated() {
      Streams.write("restart \(index + 1): clients that came back, by time\n", to: 1)
      for line in histogram.lines { Streams.write("  \(line)\n", to: 1) }
    }
  }
}
