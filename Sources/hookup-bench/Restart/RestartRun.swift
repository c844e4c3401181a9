import Glibc
import HookupCore
import HookupEngine

/// A real server with many people, stopped in good order and started again while they talk; and in the end the question whether
/// anything is missing, and when they were back.
struct RestartRun: Sendable {
  let settings: RestartSettings
  let place: TorturePlace
  private let server: TortureServer
  private let clients: [RestartClient]

  private var senders: ArraySlice<RestartClient> { clients.prefix(settings.senders) }

  /// Starts the server.
  /// - Throws: ``HookupError/Code/bindFailed``, ``HookupError/Code/storage``.
  init(_ settings: RestartSettings, in place: TorturePlace) async throws {
    self.settings = settings
    self.place = place
    let file = place.path("server.toml", in: "server")
    try Self.write(settings.serverConfiguration, to: file)
    var random = RandomSource(seed: settings.seed)
    var started: (server: TortureServer, port: Int)?
    var failure: any Error = HookupError(.bindFailed, "no port is free")
    for _ in 0..<5 where started == nil {
      // Below those that the system gives by itself, so that nobody has it while the server is away.
      let port = Int.random(in: 20_000..<32_000, using: &random)
      let server = TortureServer(place, port: port, options: ["--config", file])
      do {
        try await server.start()
        started = (server, port)
      } catch { failure = error }
    }
    guard let started else { throw failure }
    server = started.server
    let texts = TextPool()
    clients = try (0..<settings.clients).map {
      try RestartClient(
        $0, url: "ws://127.0.0.1:\(started.port)/", room: settings.room(of: $0), texts: texts)
    }
  }

  private static func write(_ text: String, to path: String) throws(HookupError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let bytes = Array(text.utf8)
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw HookupError(.storage, "'\(path)' cannot be written")
    }
    close(descriptor)
  }

  /// Ends everything.
  func end() { place.killAll() }

  /// Carries it all out.
  func run() async throws -> RestartResult {
    try await withThrowingTaskGroup(of: RestartResult?.self) { tasks in
      for client in clients {
        tasks.addTask {
          try await client.run()
          return nil
        }
      }
      tasks.addTask { try await carryOut() }
      defer { tasks.cancelAll() }
      // A client that ends by itself throws.
      while let result = try await tasks.next() { if let result { return result } }
      throw HookupError(.closed, "the run has ended")
    }
  }

  private func carryOut() async throws -> RestartResult {
    var result = RestartResult(settings: settings)
    let ready = await wait(settings.patience) { clients.allSatisfy(\.isReady) }
    guard ready else {
      throw HookupError(
        .connectFailed, "\(clients.filter { !$0.isReady }.count) clients could not join")
    }
    let feeding = Task { try await feed() }
    defer { feeding.cancel() }
    for round in 1...settings.rounds {
      try await Task.sleep(for: .seconds(1))
      try await restart(round, into: &result)
    }
    try await Task.sleep(for: .seconds(1))
    feeding.cancel()
    _ = try? await feeding.value
    try await settle(into: &result)
    return result
  }

  /// Gives the senders in turn, 20 times a second, what is due by then.
  private func feed() async throws {
    let start = ContinuousClock.now
    var fed = 0
    while true {
      try await Task.sleep(for: .milliseconds(50))
      let due = Int((ContinuousClock.now - start) / .seconds(1) * settings.rate)
      while fed < due {
        try Task.checkCancellation()
        try await clients[fed % settings.senders].say()
        fed += 1
      }
    }
  }

  private func restart(_ round: Int, into result: inout RestartResult) async throws {
    let stopped = ContinuousClock.now
    await server.stop()
    try await server.start()
    result.absences.append(ContinuousClock.now - stopped)
    let longest = settings.restartTime + settings.spread + settings.patience
    let areBack = await wait(longest) {
      clients.allSatisfy { $0.welcome(after: stopped) != nil }
    }
    let arrivals = clients.compactMap { $0.welcome(after: stopped) }.map { $0 - stopped }
    if !areBack {
      result.problems.append(
        "\(clients.count - arrivals.count) clients did not come back after restart \(round)")
    }
    result.rounds.append(
      ReconnectHistogram(arrivals, from: settings.restartTime, over: settings.spread))
  }

  /// Waits until everything that was said is stored and read, and compares.
  private func settle(into result: inout RestartResult) async throws {
    if await !wait(settings.patience, until: { senders.allSatisfy { $0.unsettledCount == 0 } }) {
      result.problems.append("what was said is not confirmed in time")
    }
    var expected: [String: UInt64] = [:]
    for client in senders { expected[client.room.text, default: 0] += UInt64(client.saidCount) }
    let last = expected
    if await !wait(
      settings.patience,
      until: { clients.allSatisfy { $0.lastRead >= last[$0.room.text] ?? 0 } })
    {
      result.problems.append("not everybody has read everything in time")
    }
    for client in clients {
      result.problems += client.problems
      result.extraConnections += max(0, client.welcomeCount - 1 - settings.rounds)
    }
    result.confirmed = senders.reduce(0) { $0 + $1.storedCount }
    for client in clients { client.close() }
    await server.stop()
    result.problems += await server.problems
    for room in 0..<settings.rooms { result.count(try await evidence(of: room)) }
  }

  private func evidence(of room: Int) async throws -> TortureEvidence {
    var evidence = TortureEvidence()
    for client in clients where client.number % settings.rooms == room {
      evidence.readers["client \(client.number)"] = client.reader
      if client.number < settings.senders { evidence.senders[client.number] = client.sender }
    }
    let name = "restart-\(room)"
    let child = try place.start(
      "hookup-chat-server",
      ["export", "--room", name, "--data", "\(place.directory)/server/data"], folder: "log",
      name: name)
    let end = await child.waitForEnd()
    let isSilent = evidence.senders.values.allSatisfy { $0.confirmed.isEmpty }
    guard end == .exit(0) || isSilent else {
      throw HookupError(.storage, "the export of \(name) \(end)")
    }
    evidence.log.entries = TortureLedger.entries(
      TorturePlace.text(of: "\(place.directory)/log/\(name).out")
    ).map { TortureEvidence.Entry(offset: $0.offset, id: "", text: $0.text) }
    evidence.last = evidence.log.entries.last?.offset ?? 0
    return evidence
  }

  /// Waits until something that nobody reports is so.
  /// - Returns: false when it is not after `limit`.
  private func wait(_ limit: Duration, until condition: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while !condition() {
      guard ContinuousClock.now < end, !Task.isCancelled else { return false }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return true
  }
}
