/// A point on a clock that only goes forward, in nanoseconds since a start that the driver chose.
///
/// Machines take it as a parameter and never read a clock themselves. Two instants compare only when they come
/// from the same driver.
public struct MonotonicInstant: InstantProtocol, Hashable, Sendable {
  /// Nanoseconds since the clock's start. 2^63 of them are 292 years.
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  public static let zero = MonotonicInstant(nanoseconds: 0)

  /// The instant `duration` later; saturates at the ends of the range instead of trapping.
  public func advanced(by duration: Duration) -> MonotonicInstant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    guard overflow else { return MonotonicInstant(nanoseconds: sum) }
    return MonotonicInstant(nanoseconds: duration < .zero ? .min : .max)
  }

  public func duration(to other: MonotonicInstant) -> Duration {
    .nanoseconds(other.nanoseconds &- nanoseconds)
  }

  public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
    instant.advanced(by: duration)
  }

  public static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
    earlier.duration(to: later)
  }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero; saturates at ±2^63 instead of trapping.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (high, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = high.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || carry ? (seconds < 0 ? .min : .max) : sum
  }

  /// Whole milliseconds, rounded towards zero.
  package var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }

  /// Seconds as a floating-point number, for display and for random draws.
  package var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
