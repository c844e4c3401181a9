/// How fast something may go on, with a burst: a bucket that holds so many tokens and fills at a steady rate.
package struct TokenBucket: Hashable, Sendable {
  /// A rate and a burst.
  package struct Rate: Hashable, Sendable {
    /// How long one token takes to come back; zero: no limit.
    package var interval: Duration
    /// How many at once after a rest, at least 1.
    package var burst: Int

    package init(every interval: Duration, burst: Int) {
      self.interval = max(.zero, interval)
      self.burst = max(1, burst)
    }

    /// 0 a second: no limit.
    package init(perSecond: Int, burst: Int) {
      self.init(every: perSecond > 0 ? .seconds(1) / perSecond : .zero, burst: burst)
    }

    package var perSecond: Int { interval > .zero ? Int(Duration.seconds(1) / interval) : 0 }
  }

  /// When the bucket is full again; in the past when it is full.
  private var fullAt: MonotonicInstant

  /// A full one.
  package init(at now: MonotonicInstant) { fullAt = now }

  /// Takes a token. Nil when there was one; else how long until there is one, and nothing is taken.
  package mutating func take(_ rate: Rate, at now: MonotonicInstant) -> Duration? {
    guard rate.interval > .zero else { return nil }
    let each = rate.interval
    let start = max(fullAt, now)
    let wait = now.duration(to: start) + each - each * rate.burst
    guard wait <= .zero else { return wait }
    fullAt = start + each
    return nil
  }

  /// Gives a token back.
  package mutating func giveBack(_ rate: Rate) {
    fullAt = fullAt.advanced(by: .zero - rate.interval)
  }

  /// Whether nothing was taken that is not back.
  package func isFull(at now: MonotonicInstant) -> Bool { fullAt <= now }
}
