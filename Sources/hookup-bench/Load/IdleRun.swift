import HookupCore
import HookupEngine
import NIOCore
import NIOPosix

/// Opens many connections, holds them without a word, and looks at what the server's memory did.
struct IdleRun: Sendable {
  let plan: LoadPlan
  let progress: ProgressLine
  /// From the last handshake to the look at the memory.
  var settle = Duration.seconds(1)

  /// - Throws: ``HookupError/Code/connectFailed`` when not one connection could be opened.
  func run() async throws -> IdleReport {
    let allowed = ThisProcess.raiseDescriptorLimit()
    // A few descriptors are the program's own.
    guard plan.connections + 32 <= allowed else {
      throw HookupError(
        .invalidArgument,
        "\(plan.connections) connections need more descriptors than the \(allowed) that are allowed: "
          + "raise the hard limit (ulimit -Hn)")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
    do {
      let report = try await hold(group.makeIterator().map(LoadShard.init))
      try await group.shutdownGracefully()
      progress.clear()
      return report
    } catch {
      progress.clear()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private func hold(_ shards: [LoadShard]) async throws -> IdleReport {
    let probe = plan.pid.map(ProcessProbe.init)
    var report = IdleReport(plan)
    report.before = probe?.memory()
    let began = ContinuousClock.now
    progress.show("opening \(plan.connections) connections to \(plan.url)")
    let connector = plan.connector
    let dials = shards.enumerated().map { index, shard in
      Dialer(
        plan, connector: connector, shard: shard,
        count: (plan.connections + index) / shards.count, makePeer: IdlePeer.init
      ).dial()
    }
    for dial in dials { try await dial.get() }
    report.dialSeconds = began.duration(to: .now).inSeconds
    progress.show("holding \(plan.connections) connections")
    try await Task.sleep(for: settle)
    report.after = probe?.memory()
    report.opened = try await count(shards)
    let cpuBefore = probe?.cpuSeconds()
    try await Task.sleep(for: plan.measured)
    report.held = try await count(shards)
    report.afterHolding = probe?.memory()
    report.holdingCPUSeconds = probe?.cpuSeconds().flatMap { end in cpuBefore.map { end - $0 } }
    for shard in shards {
      report.errors.add(try await shard.loop.submit { shard.tally.errors }.get())
      try await shard.loop.flatSubmit { shard.closeAll(within: .seconds(5)) }.get()
    }
    guard report.opened > 0 else {
      let why = report.errors.samples[.connectFailed] ?? "every connection was lost at once"
      throw HookupError(.connectFailed, why)
    }
    return report
  }

  private func count(_ shards: [LoadShard]) async throws -> Int {
    var count = 0
    for shard in shards { count += try await shard.loop.submit { shard.connections }.get() }
    return count
  }
}
