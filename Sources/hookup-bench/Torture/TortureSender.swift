import Glibc
import HookupCore
import HookupEngine

/// One `hookup-chat send` over all its lives, on one profile.
actor TortureSender: TortureClient {
  /// What is wrong with its disk.
  enum Harm: Sendable {
    case nothing
    /// It is small, and is filled up and freed again.
    case small(SmallDisk)
    /// Some of its writes and flushes fail.
    case failing(DiskInjection)
  }

  nonisolated let number: Int
  nonisolated let name: String
  let harm: Harm
  var deaths = TortureDeaths()
  var process: ChildProcess?

  private struct Life {
    /// The number of the line it was given first.
    var first: Int
    var path: String
  }

  private let place: TorturePlace
  private let url: String
  private var lives: [Life] = []
  /// The highest number that was handed over.
  private var tried = 0
  private var random: RandomSource

  init(_ place: TorturePlace, number: Int, url: String, harm: Harm, seed: UInt64) {
    self.place = place
    self.number = number
    self.url = url
    self.harm = harm
    name = "sender\(number)"
    random = RandomSource(seed: seed)
  }

  private var profile: String {
    if case .small(let disk) = harm {
      "\(disk.path)/profile"
    } else {
      "\(place.directory)/\(name)/profile"
    }
  }

  func start() throws { try start(tracer: tracer(), url: url, wait: 60) }

  private func start(tracer: [String], url: String, wait: Int64) throws {
    let life = String(lives.count + 1)
    process = try place.start(
      "hookup-chat",
      [
        "send", url, "--nick", name, "--room", TortureSettings.room, "--data", profile,
        "--wait=\(wait)s",
      ], folder: name, name: life, tracer: tracer, takesInput: true)
    lives.append(Life(first: tried + 1, path: place.path(life, in: name)))
  }

  private func tracer() -> [String] {
    guard case .failing(let injection) = harm else { return [] }
    return injection.tracer(
      log: place.path("\(lives.count + 1).strace", in: name), random: &random)
  }

  /// Gives it so many lines more, as far as it takes them.
  func feed(_ count: Int) {
    guard let input = process?.input, !deaths.isKilled else { return }
    for _ in 0..<count {
      let line = Array((TortureLine(sender: number, number: tried + 1).text + "\n").utf8)
      // Shorter than PIPE_BUF, so the pipe takes it whole or not at all (pipe(7)).
      guard write(input.number, line, line.count) == line.count else { return }
      tried += 1
    }
  }

  func mayEnd(like end: ChildProcess.End) -> Bool {
    if case .nothing = harm { return false }
    if case .exit = end { return true }
    return false
  }

  var lastComplaint: String {
    lives.last.map { TorturePlace.lastLine(of: $0.path + ".err") } ?? ""
  }

  /// One more life without any harm: says a last line, and ends when all is stored. Adds to the problems when it is not.
  func drain(url: String, within limit: Duration) async throws {
    try start(tracer: [], url: url, wait: limit.components.seconds)
    deaths.isKilled = false
    feed(1)
    guard let process else { return }
    process.input?.close()
    let end = await process.waitForEnd(atMost: limit + .seconds(20))
    if end != .exit(0) {
      deaths.problems.append("\(name) \(end) and not with 0 at the drain: \(lastComplaint)")
    }
  }

  /// What it said of its lines, in all its lives.
  func evidence() -> TortureEvidence.Sender {
    var sender = TortureEvidence.Sender()
    sender.tried = tried
    var ids: [String: Int] = [:]
    for life in lives {
      TortureLedger.read(
        TorturePlace.text(of: life.path + ".out"), first: life.first, ids: &ids, into: &sender)
    }
    return sender
  }

  /// How many of its system calls were made to fail.
  func injections() -> Int {
    lives.reduce(0) { sum, life in
      sum + TorturePlace.text(of: life.path + ".strace").ranges(of: "(INJECTED)").count
    }
  }
}
