/// SplitMix64: a small random generator whose whole state is one seed, so that a machine that holds one is a value
/// and a run can be repeated. For jitter and masking keys, not for secrets.
package struct RandomSource: RandomNumberGenerator, Hashable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A duration drawn uniformly from zero up to and including `limit`; zero for a limit of zero or less.
  package mutating func duration(upTo limit: Duration) -> Duration {
    let nanoseconds = limit.wholeNanoseconds
    return nanoseconds <= 0 ? .zero : .nanoseconds(Int64.random(in: 0...nanoseconds, using: &self))
  }
}
