import HookupCore

/// Which fault comes next, and whom it hits: all from one seed.
struct FaultPlan: Hashable, Sendable {
  /// What faults that last take at least and at most. Longer ones leave a connection no time to do anything else.
  var durations = Duration.milliseconds(300)...Duration.seconds(3)
  /// The most that a delay adds to each read.
  var maximumDelay = Duration.milliseconds(150)

  private let kinds: [LinkFault.Kind]
  /// Kinds left of this round, so that each comes as often as any other.
  private var deck: [LinkFault.Kind] = []
  private var random: RandomSource

  /// - Parameter kinds: at least one; a kind that is there twice comes twice as often.
  init(seed: UInt64, kinds: [LinkFault.Kind] = LinkFault.Kind.allCases) {
    precondition(!kinds.isEmpty, "a plan of faults has kinds to choose from")
    self.kinds = kinds
    random = RandomSource(seed: seed)
  }

  mutating func next() -> LinkFault {
    if deck.isEmpty { deck = kinds.shuffled(using: &random) }
    let time =
      durations.lowerBound
      + random.duration(upTo: durations.upperBound - durations.lowerBound)
    switch deck.removeLast() {
    case .cut: return .cut
    case .reset: return .reset
    case .blackhole: return .blackhole(direction(), for: time)
    case .trickle: return .trickle(direction(), for: time)
    case .split: return .split(for: time)
    case .delay: return .delay(random.duration(upTo: maximumDelay), for: time)
    }
  }

  /// One of so many; nil of none.
  mutating func pick(among count: Int) -> Int? {
    count > 0 ? Int.random(in: 0..<count, using: &random) : nil
  }

  private mutating func direction() -> LinkDirection {
    Bool.random(using: &random) ? .toServer : .toClient
  }
}
