import Glibc
import HookupCore
import HookupEngine
import HookupSQLite
import Logging
import Synchronization

/// Restarts a real chat server under load, and asks whether anything is missing.
struct RestartRun: Sendable {
  struct Settings: Sendable {
    var clients = 1_000
    var rooms = 1
    var speakers = 50
    var rounds = 2
    /// Messages a second, of all speakers together.
    var rate = 200
    /// The server's drain window, seconds; 0 for none.
    var window = 30
  }

  struct Outcome: Sendable {
    var histograms: [ReconnectHistogram] = []
    var secondsToAll: [Double] = []
    var said = 0
    var saidPerSecond = 0.0
    var stored = 0
    var lost = 0
    var doubled = 0
    var reordered = 0
    var jumps = 0
    var unread = 0
    var failed: [String] = []
    var problems: [String] = []
    var idleServerKiB = 0
    var connectedServerKiB = 0

    var isGood: Bool {
      lost + doubled + reordered + jumps + unread == 0 && failed.isEmpty && problems.isEmpty
    }
  }

  /// How long the server says that it is away, seconds.
  private static let restartTime = 1

  let settings: Settings
  let place: TorturePlace

  func run() async throws -> Outcome {
    raiseDescriptorLimit()
    let (server, port) = try await startServer()
    var outcome = Outcome()
    outcome.idleServerKiB = await memory(of: server)
    let clients = try RestartClients(
      count: settings.clients, rooms: settings.rooms, speakers: settings.speakers,
      url: "ws://127.0.0.1:\(port)/")
    let running = Task { await clients.run() }
    defer {
      clients.close()
      running.cancel()
    }
    guard await clients.waitForAll(since: .zero, within: .seconds(120)) != nil else {
      throw HookupError(.connectFailed, "not all clients were welcomed within 2 minutes")
    }
    outcome.connectedServerKiB = await memory(of: server)
    let speaking = Task { await clients.speak(perSecond: settings.rate) }
    defer { speaking.cancel() }
    for _ in 0..<settings.rounds { try await restart(server, clients, &outcome) }
    speaking.cancel()
    outcome.saidPerSecond =
      Double(clients.snapshot.said) / (await speaking.value / .seconds(1))
    let data = "\(place.directory)/server/data"
    let isQuiet = try await clients.waitForQuiet(
      at: {
        try Self.logs(of: clients.rooms, in: data).mapValues { $0.last?.offset ?? 0 }
      }, within: .seconds(120))
    if !isQuiet { outcome.problems.append("not all was settled and read within 2 minutes") }
    await server.stop()
    outcome.problems += await server.problems
    judge(clients, try Self.logs(of: clients.rooms, in: data), &outcome)
    return outcome
  }

  private func startServer() async throws -> (TortureServer, Int) {
    for _ in 0..<20 {
      let port = Int.random(in: 20_000...30_000)
      let config = "\(place.directory)/server.toml"
      let text =
        "drain-window = \(settings.window)\nrestart-time = \(Self.restartTime)\n"
        + "[limits]\naddress-commands-per-second = 0\n"
      guard let file = fopen(config, "we") else {
        throw HookupError(.storage, "\(config) cannot be written")
      }
      fputs(text, file)
      fclose(file)
      let server = TortureServer(place, port: port, options: ["--config", config])
      do {
        try await server.start()
        return (server, port)
      } catch let error as HookupError where error.code == .bindFailed {
        continue
      }
    }
    throw HookupError(.bindFailed, "no port is free")
  }

  private func restart(
    _ server: TortureServer, _ clients: RestartClients, _ outcome: inout Outcome
  ) async throws {
    let start = MonotonicInstant.now
    await server.stop()
    try await server.start()
    guard let times = await clients.waitForAll(since: start, within: .seconds(120)) else {
      outcome.problems.append("after a restart not all clients came back within 2 minutes")
      return
    }
    let window = ReconnectSlots.window(for: settings.clients, atMost: .seconds(settings.window))
    // Nobody was asked back before that.
    outcome.histograms.append(
      ReconnectHistogram(
        times.map { $0 - Double(Self.restartTime) }, over: max(1, window / .seconds(1))))
    outcome.secondsToAll.append(times.max() ?? 0)
  }

  private func judge(
    _ clients: RestartClients, _ logs: [RoomName: [RoomEntry]], _ outcome: inout Outcome
  ) {
    let state = clients.snapshot
    outcome.said = state.said
    let entries = logs.values.flatMap(\.self)
    outcome.stored = entries.count
    let ids = entries.map(\.id.text)
    outcome.doubled = ids.count - Set(ids).count
    outcome.lost = state.stored.subtracting(ids).count
    // Each speaks in one room.
    var last: [Substring: Int] = [:]
    for entry in entries {
      let words = entry.text.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]) else { continue }
      if let before = last[words[0]], number <= before { outcome.reordered += 1 }
      last[words[0]] = number
    }
    outcome.jumps = state.jumps
    let newest = logs.mapValues { $0.last?.offset ?? 0 }
    outcome.unread = clients.clients.indices.count {
      !clients.hasRead($0, state.read[$0], of: newest)
    }
    outcome.failed = Array(state.failed.prefix(5))
  }

  private static func logs(
    of rooms: [RoomName], in data: String
  ) throws -> [RoomName: [RoomEntry]] {
    var logs: [RoomName: [RoomEntry]] = [:]
    for room in rooms { logs[room] = try log(of: room, in: data) }
    return logs
  }

  private static func log(of room: RoomName, in data: String) throws -> [RoomEntry] {
    let pages = Mutex<[RoomEntry]>([])
    do {
      try StoreArchive.export(room, of: data) { page in pages.withLock { $0 += page } }
    } catch {
      // A room in which nobody spoke has no log.
      guard error.message.contains("has no room") else { throw error }
    }
    return pages.withLock { $0 }
  }

  private func memory(of server: TortureServer) async -> Int {
    guard let pid = await server.pid else { return 0 }
    return ProcMemory(parsing: TorturePlace.text(of: "/proc/\(pid)/status"))?.residentKiB ?? 0
  }

  private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
      return
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
  }
}

extension Logger {
  /// For clients of which there are many, whose reconnects are the point.
  static var quietBench: Logger {
    var logger = Logger(label: "bench")
    logger.logLevel = .critical
    return logger
  }
}
