import HookupCore
import HookupEngine
import NIOCore
import NIOPosix

/// One load from the first dial to the last close: opens, warms up, measures, closes. Bounded in time whatever the
/// server does.
struct LoadRun: Sendable {
  /// Makes a connection's owner, on the event loop that it will live on.
  typealias MakePeer = @Sendable (LoadShard) -> any LoadPeer

  let plan: LoadPlan
  let progress: ProgressLine
  /// Called now and then while it is measured, with the seconds that have passed.
  var sample: @Sendable (Double) -> Void = { _ in }

  /// - Throws: ``HookupError/Code/connectFailed`` when not one connection could be opened.
  func run(makePeer: @escaping MakePeer) async throws -> LoadReport {
    ThisProcess.raiseDescriptorLimit()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
    let shards = group.makeIterator().map(LoadShard.init)
    do {
      try await dial(shards, makePeer: makePeer)
      let report = try await measure(shards)
      try await close(shards)
      try await group.shutdownGracefully()
      progress.clear()
      return report
    } catch {
      progress.clear()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private func dial(_ shards: [LoadShard], makePeer: @escaping MakePeer) async throws {
    progress.show("opening \(plan.connections) connections to \(plan.url)")
    let connector = plan.connector
    let dials = shards.enumerated().map { index, shard in
      let share = (plan.connections + index) / shards.count
      return Dialer(plan, connector: connector, shard: shard, count: share, makePeer: makePeer)
        .dial()
    }
    for dial in dials { try await dial.get() }
    var open = 0
    var errors = ErrorCounts()
    for shard in shards {
      let (count, found) = try await shard.loop.submit { (shard.connections, shard.tally.errors) }
        .get()
      open += count
      errors.add(found)
    }
    // A load that dials again and again may have none open just now.
    guard open > 0 || errors.counts.isEmpty else {
      let why = errors.samples[.connectFailed] ?? "every connection was lost at once"
      throw HookupError(.connectFailed, why)
    }
  }

  private func measure(_ shards: [LoadShard]) async throws -> LoadReport {
    for shard in shards { try await shard.loop.submit { shard.start() }.get() }
    try await Task.sleep(for: plan.warmUp)
    let probe = plan.pid.map(ProcessProbe.init)
    let before = try await onEachLoop(shards) { shard in
      shard.tally.begin(at: NIODeadline.now().uptimeNanoseconds)
    } first: {
      Usage(server: probe?.cpuSeconds(), client: ThisProcess.cpuSeconds())
    }
    try await watch(shards)
    let limit = plan.stallLimit ?? max(.seconds(1), plan.measured / 2)
    let after = try await onEachLoop(shards) { shard in
      let now = NIODeadline.now().uptimeNanoseconds
      shard.tally.end(at: now)
      shard.stop()
      shard.countStalled(at: now, limit: UInt64(limit.wholeNanoseconds))
    } first: {
      Usage(server: probe?.cpuSeconds(), client: ThisProcess.cpuSeconds())
    }
    // While all connections are still open.
    let memory = probe?.memory()
    var tally = Tally()
    for shard in shards { tally.add(try await shard.loop.submit { shard.tally }.get()) }
    var report = LoadReport(plan, tally: tally)
    report.clientCPUSeconds = after.client - before.client
    if let pid = plan.pid {
      report.server = ServerUsage(
        pid: pid,
        cpuSeconds: after.server.flatMap { end in before.server.map { end - $0 } },
        memory: memory)
    }
    return report
  }

  private struct Usage: Sendable {
    var server: Double?
    var client: Double
  }

  /// Runs `work` for each shard on its loop; `first` in the same turn of the first loop, so that the two are told the
  /// same moment.
  private func onEachLoop(
    _ shards: [LoadShard], _ work: @escaping @Sendable (LoadShard) -> Void,
    first: @escaping @Sendable () -> Usage
  ) async throws -> Usage {
    var usage = Usage(server: nil, client: 0)
    for (index, shard) in shards.enumerated() {
      let told = try await shard.loop.submit {
        let told = index == 0 ? first() : nil
        work(shard)
        return told
      }.get()
      if let told { usage = told }
    }
    return usage
  }

  /// Waits for the measured time, telling how it goes; less when every connection is lost.
  private func watch(_ shards: [LoadShard]) async throws {
    let began = ContinuousClock.now
    let end = began + plan.measured
    while ContinuousClock.now < end {
      try await Task.sleep(for: min(.seconds(1), ContinuousClock.now.duration(to: end)))
      sample(began.duration(to: .now).inSeconds)
      var messages = 0
      var lost = 0
      for shard in shards {
        let (part, gone) = try await shard.loop.submit {
          (shard.tally.messages, shard.tally.errors.counts[.lost] ?? 0)
        }.get()
        messages += part
        lost += gone
      }
      progress.show("\(plan.benchmark): \(messages) messages")
      if lost >= plan.connections { return }
    }
  }

  private func close(_ shards: [LoadShard]) async throws {
    for shard in shards {
      try await shard.loop.flatSubmit { shard.closeAll(within: .seconds(3)) }.get()
    }
  }
}
