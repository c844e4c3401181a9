import HookupCore

/// When the next of several kinds of event is due: from a seed, and as often as asked.
struct FaultSchedule<Kind: Hashable & Sendable>: Sendable {
  private let kinds: [(kind: Kind, perMinute: Double)]
  private let total: Double
  private var random: RandomSource
  /// When the last one was due, since the start.
  private var last = Duration.zero

  /// - Parameter perMinute: how often each kind comes on average; kinds at 0 never come.
  init(seed: UInt64, perMinute: [(Kind, Double)]) {
    kinds = perMinute.filter { $0.1 > 0 }.map { (kind: $0.0, perMinute: $0.1) }
    total = kinds.reduce(0) { $0 + $1.perMinute }
    random = RandomSource(seed: seed)
  }

  /// The next event and when it is due, since the start; nil when nothing ever comes. The time between two is half to
  /// one and a half times the mean, so that a number of them in a time can be relied on.
  mutating func next() -> (at: Duration, kind: Kind)? {
    guard let lastKind = kinds.last?.kind else { return nil }
    let mean = Duration.seconds(60 / total)
    last += mean / 2 + random.duration(upTo: mean)
    var draw = Double.random(in: 0..<total, using: &random)
    for kind in kinds {
      draw -= kind.perMinute
      if draw < 0 { return (last, kind.kind) }
    }
    return (last, lastKind)
  }

  /// One of so many; nil of none.
  mutating func pick(among count: Int) -> Int? {
    count > 0 ? Int.random(in: 0..<count, using: &random) : nil
  }

  /// A time between two.
  mutating func duration(_ range: ClosedRange<Duration>) -> Duration {
    range.lowerBound + random.duration(upTo: range.upperBound - range.lowerBound)
  }
}
