import Glibc

/// A program that is killed, stopped and started again until it is told to finish.
protocol TortureClient: Actor {
  var name: String { get }
  var deaths: TortureDeaths { get set }
  var process: ChildProcess? { get set }

  /// Starts its next life.
  func start() throws
  /// Whether it may have ended like this by itself.
  func mayEnd(like end: ChildProcess.End) -> Bool
  /// The last thing that its life of this moment complained of.
  var lastComplaint: String { get }
}

/// How a client has ended so far.
struct TortureDeaths: Sendable {
  var kills = 0
  var stops = 0
  /// Ends by itself that its harmed disk explains.
  var gaveUp = 0
  /// Ends by itself that nothing explains, a sentence each; at most 20 of them.
  var problems: [String] = []
  /// Whether its life of this moment was ended by us.
  var isKilled = false
  var isFinishing = false
}

extension TortureClient {
  /// Lives until ``finish()``.
  func run() async throws {
    while !deaths.isFinishing, !Task.isCancelled {
      deaths.isKilled = false
      try start()
      guard let process else { return }
      let end = await process.waitForEnd()
      guard !deaths.isKilled else { continue }
      if mayEnd(like: end) {
        deaths.gaveUp += 1
      } else if deaths.problems.count < 20 {
        deaths.problems.append("\(name) \(end) by itself: \(lastComplaint)")
      }
      // Not at once again: what it failed for may need a moment.
      try? await Task.sleep(for: .milliseconds(250))
    }
  }

  /// `kill -9`.
  func kill() {
    guard let process, !process.hasEnded, !deaths.isKilled else { return }
    deaths.kills += 1
    deaths.isKilled = true
    process.signal(SIGKILL)
  }

  /// Stands still for a time.
  func pause(for time: Duration) async {
    guard let process, !process.hasEnded else { return }
    deaths.stops += 1
    process.signal(SIGSTOP)
    try? await Task.sleep(for: time)
    process.signal(SIGCONT)
  }

  /// Ends it for good; ``run()`` then returns.
  func finish() {
    deaths.isFinishing = true
    deaths.isKilled = true
    process?.signal(SIGKILL)
  }
}

extension ChildProcess {
  /// Its end; it is killed when that does not come in time.
  func waitForEnd(atMost limit: Duration) async -> End {
    let timer = Task {
      try await Task.sleep(for: limit)
      signal(SIGKILL)
    }
    defer { timer.cancel() }
    return await waitForEnd()
  }
}
