import Glibc
import HookupCore
import HookupEngine

/// The torture rig: real programs with a bad network between them, killed and stopped, on bad disks; and in the end the
/// question whether anything is missing.
struct TortureRun: Sendable {
  let settings: TortureSettings
  let place: TorturePlace
  private let server: TortureServer
  private let proxy: FaultProxy
  private let senders: [TortureSender]
  private let readers: [TortureReader]
  private let smallDisk: SmallDisk?
  private let skipped: [String]
  private let port: Int

  private var clients: [any TortureClient] { senders + readers }

  /// Starts the server and the proxy; nothing is harmed yet.
  /// - Throws: ``HookupError/Code/bindFailed``, ``HookupError/Code/storage``.
  init(_ settings: TortureSettings, in place: TorturePlace) async throws {
    self.settings = settings
    self.place = place
    var random = RandomSource(seed: settings.seed)
    (server, port) = try await Self.startServer(place)
    proxy = try await FaultProxy.start(port: 0, to: ("127.0.0.1", port))
    let url = "ws://127.0.0.1:\(proxy.port)/"

    var harms = Array(repeating: TortureSender.Harm.nothing, count: settings.senders)
    var skipped: [String] = []
    var smallDisk: SmallDisk?
    if settings.harmsDisks {
      var reason = ""
      smallDisk = SmallDisk(at: "\(place.directory)/small", reason: &reason)
      if let smallDisk {
        harms.append(.small(smallDisk))
      } else {
        skipped.append("no disk was filled: a small file system cannot be mounted (\(reason))")
      }
      if let injection = await DiskInjection(place, reason: &reason) {
        harms.append(.failing(injection))
      } else {
        skipped.append("no system call was made to fail: \(reason)")
      }
    }
    self.smallDisk = smallDisk
    self.skipped = skipped
    var senders: [TortureSender] = []
    for (index, harm) in harms.enumerated() {
      senders.append(
        TortureSender(place, number: index + 1, url: url, harm: harm, seed: random.next()))
    }
    self.senders = senders
    readers = (1...settings.readers).map { TortureReader(place, name: "reader\($0)", url: url) }
  }

  /// On a port below those that the system gives by itself, so that nobody has it while the server is dead.
  static func startServer(_ place: TorturePlace) async throws -> (TortureServer, Int) {
    var failure: any Error = HookupError(.bindFailed, "no port is free")
    for _ in 0..<5 {
      let port = Int.random(in: 20_000..<32_000)
      let server = TortureServer(place, port: port)
      do {
        try await server.start()
        return (server, port)
      } catch { failure = error }
    }
    throw failure
  }

  /// Carries it all out.
  func run() async throws -> TortureResult {
    try await withTaskCancellationHandler {
      let clients = clients
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for client in clients { tasks.addTask { try await client.run() } }
        tasks.addTask {
          try await rage()
          for client in clients { await client.finish() }
        }
        // The first that fails ends all: nobody may wait for a client that nobody finishes.
        do {
          try await tasks.waitForAll()
        } catch {
          place.killAll()
          throw error
        }
      }
      try Task.checkCancellation()
      return try await settle()
    } onCancel: {
      place.killAll()
    }
  }

  /// Ends everything, and takes what it left on the system away, but for the directory.
  func end() async {
    place.killAll()
    await proxy.close()
    smallDisk?.remove()
  }

  // MARK: The faults

  /// Feeds and harms everybody for as long as asked.
  private func rage() async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await Task.sleep(for: settings.duration) }
      tasks.addTask { try await harmServer() }
      tasks.addTask { try await harmClients() }
      tasks.addTask { try await harmLinks() }
      tasks.addTask { try await harmDisk() }
      for sender in senders { tasks.addTask { try await feed(sender) } }
      defer { tasks.cancelAll() }
      try await tasks.next()
    }
  }

  private enum Blow: UInt64, Sendable { case kill, stop }

  private static let pauses = Duration.milliseconds(200)...Duration.seconds(3)

  /// Waits for each event of a schedule in turn. Ends only by cancellation: one without events waits for it.
  private func follow<Kind>(
    _ schedule: inout FaultSchedule<Kind>,
    _ body: (Kind, inout FaultSchedule<Kind>) async throws -> Void
  ) async throws {
    let start = ContinuousClock.now
    while let next = schedule.next() {
      try await Task.sleep(until: start + next.at, clock: .continuous)
      try await body(next.kind, &schedule)
    }
    try await Task.sleep(for: settings.duration * 2)
  }

  private func harmServer() async throws {
    var schedule = FaultSchedule(
      seed: settings.seed ^ 1,
      perMinute: [
        (Blow.kill, settings.serverKillsPerMinute), (.stop, settings.serverStopsPerMinute),
      ])
    try await follow(&schedule) { blow, schedule in
      switch blow {
      case .kill: try await server.killAndStart()
      case .stop: await server.pause(for: schedule.duration(Self.pauses))
      }
    }
  }

  private func harmClients() async throws {
    let clients = clients
    var schedule = FaultSchedule(
      seed: settings.seed ^ 2,
      perMinute: [
        (Blow.kill, settings.clientKillsPerMinute), (.stop, settings.clientStopsPerMinute),
      ])
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      defer { tasks.cancelAll() }
      try await follow(&schedule) { blow, schedule in
        guard let index = schedule.pick(among: clients.count) else { return }
        let client = clients[index]
        switch blow {
        case .kill: await client.kill()
        case .stop:
          let time = schedule.duration(Self.pauses)
          tasks.addTask { await client.pause(for: time) }
        }
      }
    }
  }

  private func harmLinks() async throws {
    var plan = FaultPlan(seed: settings.seed ^ 3)
    var schedule = FaultSchedule(
      seed: settings.seed ^ 4, perMinute: [(0, settings.linkFaultsPerMinute)])
    try await follow(&schedule) { _, _ in
      let drawn = plan.pick(among: FaultProxy.maximumLinks) ?? 0
      _ = await proxy.strike(plan.next()) { count in count > 0 ? drawn % count : nil }
    }
  }

  private func harmDisk() async throws {
    let perMinute = smallDisk == nil ? 0 : settings.diskFillsPerMinute
    var schedule = FaultSchedule(seed: settings.seed ^ 5, perMinute: [(0, perMinute)])
    defer { smallDisk?.free() }
    try await follow(&schedule) { _, schedule in
      smallDisk?.fill()
      try await Task.sleep(for: schedule.duration(.seconds(1)...Duration.seconds(5)))
      smallDisk?.free()
    }
  }

  /// Gives a sender its lines, 20 times a second what is due by then.
  private func feed(_ sender: TortureSender) async throws {
    let start = ContinuousClock.now
    var fed = 0
    while true {
      try await Task.sleep(for: .milliseconds(50))
      let due = Int((ContinuousClock.now - start) / .seconds(1) * settings.rate)
      await sender.feed(due - fed)
      fed = due
    }
  }

  // MARK: The peace

  /// Starts everything again unharmed, lets it drain, and compares.
  private func settle() async throws -> TortureResult {
    let start = ContinuousClock.now
    await proxy.calm()
    try await server.killAndStart()
    let url = "ws://127.0.0.1:\(proxy.port)/"
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for sender in senders {
        tasks.addTask { try await sender.drain(url: url, within: settings.drain) }
      }
      try await tasks.waitForAll()
    }
    // What is stored behind everything else says how long the log is.
    let marker = TortureSender(place, number: 0, url: url, harm: .nothing, seed: 0)
    try await marker.drain(url: url, within: settings.drain)
    var evidence = TortureEvidence()
    for sender in senders + [marker] { evidence.senders[sender.number] = await sender.evidence() }
    evidence.last = evidence.senders[0]?.offsets[1] ?? 0

    let last = evidence.last
    let log = TortureReader(place, name: "log", url: "ws://127.0.0.1:\(port)/")
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for reader in readers {
        tasks.addTask { try await reader.drain(url: url, upTo: last, within: settings.drain) }
      }
      tasks.addTask {
        try await log.drain(
          url: "ws://127.0.0.1:\(port)/", upTo: last, within: settings.drain)
      }
      try await tasks.waitForAll()
    }
    evidence.log = await log.evidence()
    for reader in readers { evidence.readers[reader.name] = await reader.evidence() }
    await server.stop()
    return await result(evidence, marker, log, drained: ContinuousClock.now - start)
  }

  private func result(
    _ evidence: TortureEvidence, _ marker: TortureSender, _ log: TortureReader, drained: Duration
  ) async -> TortureResult {
    var result = TortureResult(settings: settings)
    result.drainTime = drained
    result.skipped = skipped
    result.linkFaults = await proxy.counts()
    // The last one made the peace.
    result.serverKills = await server.kills - 1
    result.serverStops = await server.stops
    result.problems = await server.problems
    for client in clients + [marker, log] as [any TortureClient] {
      let deaths = await client.deaths
      result.clientKills += deaths.kills
      result.clientStops += deaths.stops
      result.gaveUp += deaths.gaveUp
      result.problems += deaths.problems
    }
    for sender in senders { result.injections += await sender.injections() }
    result.diskFills = smallDisk?.fills ?? 0
    result.count(evidence)
    return result
  }
}
