import HookupEngine

/// One `hookup-chat tail` over all its lives; each goes on behind the last line that was printed before.
actor TortureReader: TortureClient {
  nonisolated let name: String
  var deaths = TortureDeaths()
  var process: ChildProcess?

  private let place: TorturePlace
  private let url: String
  private var lives: [String] = []
  /// The offset of the last entry printed by all lives but the last.
  private var since: UInt64 = 0

  init(_ place: TorturePlace, name: String, url: String) {
    self.place = place
    self.url = url
    self.name = name
  }

  func start() throws { try start(url: url, more: []) }

  private func start(url: String, more: [String]) throws {
    since = lastOffset()
    let life = String(lives.count + 1)
    process = try place.start(
      "hookup-chat",
      [
        "tail", url,
        // A nick of its own for each life: the server may not have noticed yet that the last one is dead.
        "--nick", "\(name)-\(life)", "--room", TortureSettings.room, "--since", "\(since)",
        "--json",
      ] + more, folder: name, name: life)
    lives.append(place.path(life, in: name))
  }

  private func lastOffset() -> UInt64 {
    guard let life = lives.last else { return since }
    return TortureLedger.entries(TorturePlace.text(of: life + ".out")).last?.offset ?? since
  }

  func mayEnd(like end: ChildProcess.End) -> Bool { false }

  var lastComplaint: String { lives.last.map { TorturePlace.lastLine(of: $0 + ".err") } ?? "" }

  /// One more life that reads up to `last` and ends. Adds to the problems when it does not.
  func drain(url: String, upTo last: UInt64, within limit: Duration) async throws {
    let have = lastOffset()
    guard have < last else { return }
    try start(
      url: url, more: ["--count", "\(last - have)", "--for", "\(limit.components.seconds)s"])
    guard let process else { return }
    let end = await process.waitForEnd(atMost: limit + .seconds(20))
    if end != .exit(0) {
      deaths.problems.append("\(name) \(end) and not with 0 at the drain: \(lastComplaint)")
    }
  }

  /// What it saw in all its lives.
  func evidence() -> TortureEvidence.Reader {
    var reader = TortureEvidence.Reader()
    for life in lives {
      reader.entries += TortureLedger.entries(TorturePlace.text(of: life + ".out"))
      reader.gaps += TortureLedger.gaps(TorturePlace.text(of: life + ".err"))
    }
    return reader
  }
}
