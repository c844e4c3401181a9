/// How fast something may go on, with a burst: a bucket that holds so many tokens and fills at a steady rate.
package struct TokenBucket: Hashable, Sendable {
  /// A rate and a burst.
  package struct Rate: Hashable, Sendable {
    /// Tokens a second; 0: no limit.
    package var perSecond: Int
    /// How many at once after a rest, at least 1.
    package var burst: Int

    package init(perSecond: Int, burst: Int) {
      self.perSecond = max(0, perSecond)
      self.burst = max(1, burst)
    }
  }

  /// When the bucket is full again; in the past when it is full.
  private var fullAt: MonotonicInstant

  /// A full one.
  package init(at now: MonotonicInstant) { fullAt = now }

  /// Takes a token. Nil when there was one; else how long until there is one, and nothing is taken.
  package mutating func take(_ rate: Rate, at now: MonotonicInstant) -> Duration? {
    guard rate.perSecond > 0 else { return nil }
    let each = Duration.seconds(1) / rate.perSecond
    let start = max(fullAt, now)
    let wait = now.duration(to: start) + each - each * rate.burst
    guard wait <= .zero else { return wait }
    fullAt = start + each
    return nil
  }

  /// Whether nothing was taken that is not back.
  package func isFull(at now: MonotonicInstant) -> Bool { fullAt <= now }
}
