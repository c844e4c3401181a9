/// The time by which old entries are let go: the wall clock's, but a jump forward counts only once it has stood for a day. So a clock that
/// is set wrong for an hour removes nothing; one that is wrong from the start cannot be told from a right one.
package struct RetentionClock: Sendable {
  /// How long a jump has to stand.
  static let patience = Duration.seconds(86_400)
  /// What is no jump: clocks are corrected by little. Milliseconds between two readings.
  static let tolerance: Int64 = 60_000

  private var last: (milliseconds: Int64, instant: MonotonicInstant)?
  private var jumpedAt: MonotonicInstant?

  package init() {}

  /// - Parameters:
  ///   - milliseconds: what the wall clock says, since 1970.
  ///   - instant: now, by a clock that is never set.
  package mutating func now(_ milliseconds: Int64, at instant: MonotonicInstant) -> Int64 {
    guard let last else {
      self.last = (milliseconds, instant)
      return milliseconds
    }
    let expected = last.milliseconds + last.instant.duration(to: instant).wholeMilliseconds
    let jumpedAt = milliseconds > expected + Self.tolerance ? jumpedAt ?? instant : nil
    self.jumpedAt = jumpedAt
    if let jumpedAt, jumpedAt.duration(to: instant) < Self.patience {
      self.last = (expected, instant)
      return expected
    }
    self.jumpedAt = nil
    self.last = (milliseconds, instant)
    return milliseconds
  }

  /// Whether a jump has not stood long enough.
  package var isWaiting: Bool { jumpedAt != nil }
}
