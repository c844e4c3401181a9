import HookupCore
import Testing

@Suite struct MonotonicInstantTests {
  private let start = MonotonicInstant(nanoseconds: 1_000)

  @Test func `instants are compared and subtracted`() {
    let later = start + .milliseconds(2)
    #expect(later.nanoseconds == 2_001_000)
    #expect(start < later)
    #expect(!(later < start))
    #expect(later - start == .milliseconds(2))
    #expect(start - later == .milliseconds(-2))
    #expect(start.duration(to: later) == .milliseconds(2))
    #expect(start.advanced(by: .nanoseconds(-1_000)) == .zero)
    #expect(max(start, later) == later)
  }

  @Test func `the ends of the range hold instead of trapping`() {
    let end = MonotonicInstant(nanoseconds: .max)
    let beginning = MonotonicInstant(nanoseconds: .min)
    #expect(end + .nanoseconds(1) == end)
    #expect(start + .seconds(1 << 40) == end)
    #expect(start + .seconds(Int64.max) == end)
    #expect(beginning + .nanoseconds(-1) == beginning)
    #expect(MonotonicInstant(nanoseconds: -10) + .seconds(-(1 << 40)) == beginning)
    #expect(end + .seconds(-1) == MonotonicInstant(nanoseconds: .max - 1_000_000_000))
  }

  @Test func `a duration in whole units is cut off towards zero and holds at the ends`() {
    #expect(Duration.microseconds(1_999).wholeMilliseconds == 1)
    #expect(Duration.microseconds(-1_999).wholeMilliseconds == -1)
    #expect(
      Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999).wholeNanoseconds == 1)
    #expect(Duration.seconds(3).wholeNanoseconds == 3_000_000_000)
    #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
    #expect(Duration.seconds(-1.5).wholeNanoseconds == -1_500_000_000)
  }

  @Test func `a duration is shown in seconds`() {
    #expect(Duration.milliseconds(1_500).inSeconds == 1.5)
    #expect(Duration.zero.inSeconds == 0)
  }
}
