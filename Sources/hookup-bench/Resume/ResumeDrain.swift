import Foundation
import HookupCore
import HookupEngine

/// A client that comes back with a long backlog in its files, and what that takes: one client and one server of
/// `hookup.resume.v1` in this process, `os` fsync policy.
struct ResumeDrain {
  var messages: Int
  var window: Int
  var bytes: Int

  struct Outcome {
    var seconds: Double
    /// Of the tenths of the backlog, the slowest.
    var slowestPerSecond: Double
    /// KiB resident before the outbox was opened, and at the highest while it was drained; client and server.
    var before: Int
    var highest: Int
  }

  func run(in directory: String) async throws -> Outcome {
    try JournalFill(directory: directory + "/client", messageBytes: bytes, isTagged: true)
      .fill(messages)
    let probe = ProcessProbe(pid: Int(getpid()))
    let before = probe.memory()?.residentKiB ?? 0
    let run = ResumeRun(durability: .os, window: window, bytes: bytes, measured: .zero)
    return try await run.withServer(in: directory) { url in
      try await withHookupClient(
        url, configuration: run.clientConfiguration(in: directory), logger: ResumeRun.logger
      ) { client in
        async let _: Void = { for await _ in client.events {} }()
        return try await watch(client, probe, before)
      }
    }
  }

  /// Looks at the backlog and at the memory until all is delivered.
  private func watch(
    _ client: HookupClient, _ probe: ProcessProbe, _ before: Int
  ) async throws -> Outcome {
    var outcome = Outcome(seconds: 0, slowestPerSecond: .infinity, before: before, highest: before)
    let begin = ContinuousClock.now
    var mark = (at: begin, drained: 0)
    while true {
      let left = await client.snapshot(pendingAcks: 0).backlog.messages
      let now = ContinuousClock.now
      outcome.highest = max(outcome.highest, probe.memory()?.residentKiB ?? 0)
      let drained = messages - left - mark.drained
      // A rest at the end is too short to have a rate.
      if drained >= messages / 10 || (left == 0 && drained >= messages / 20) {
        let rate = Double(drained) / max(mark.at.duration(to: now).inSeconds, 1e-9)
        outcome.slowestPerSecond = min(outcome.slowestPerSecond, rate)
        mark = (now, messages - left)
      }
      guard left > 0 else { break }
      try await Task.sleep(for: .milliseconds(20))
    }
    outcome.seconds = begin.duration(to: .now).inSeconds
    return outcome
  }
}
