import Histogram

/// What is counted while a load is measured. Errors count from the first dial on, all else only between ``begin(at:)``
/// and ``end(at:)``.
struct Tally {
  private(set) var messages = 0
  private(set) var latency = Tally.makeHistogram()
  var errors = ErrorCounts()
  private(set) var isMeasuring = false
  private(set) var began: UInt64 = 0
  private(set) var ended: UInt64 = 0

  /// The longest latency that is told apart, nanoseconds: one minute.
  static let longest: UInt64 = 60_000_000_000

  /// 1 ns to one minute, three digits.
  static func makeHistogram() -> Histogram<UInt64> {
    Histogram(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
  }

  mutating func begin(at now: UInt64) {
    began = now
    isMeasuring = true
  }

  mutating func end(at now: UInt64) {
    guard isMeasuring else { return }
    ended = now
    isMeasuring = false
  }

  /// A message was answered, or arrived, after so many nanoseconds.
  @inline(__always)
  mutating func record(nanoseconds: UInt64) {
    guard isMeasuring else { return }
    messages += 1
    latency.record(min(nanoseconds, Self.longest))
  }

  /// Nanoseconds from beginning to end.
  var measured: UInt64 { ended >= began ? ended - began : 0 }

  /// Adds another loop's; the measured time becomes the longer of the two.
  mutating func add(_ other: Tally) {
    if other.measured > measured {
      began = other.began
      ended = other.ended
    }
    messages += other.messages
    latency.add(other.latency)
    errors.add(other.errors)
  }
}
