import Testing

@testable import HookupCore

@Suite struct RetentionClockTests {
  private let start: Int64 = 1_779_004_989_042
  private let hour: Int64 = 3_600_000

  @Test func `a clock that goes on as time does is believed`() {
    var clock = RetentionClock()
    var now = MonotonicInstant.zero
    #expect(clock.now(start, at: now) == start)
    for step: Int64 in 1...50 {
      now = now + .seconds(60)
      // A little fast, as it is when it is being corrected.
      #expect(clock.now(start + step * 60_100, at: now) == start + step * 60_100)
    }
  }

  @Test func `a jump forward counts once it has stood for a day`() {
    var clock = RetentionClock()
    var now = MonotonicInstant.zero
    _ = clock.now(start, at: now)
    let jump = 10_000 * hour
    for passed: Int64 in 1...24 {
      now = now + .seconds(3_600)
      #expect(clock.now(start + jump + passed * hour, at: now) == start + passed * hour)
    }
    now = now + .seconds(3_600)
    #expect(clock.now(start + jump + 25 * hour, at: now) == start + jump + 25 * hour)
  }

  @Test func `one that was taken back in time never counts`() {
    var clock = RetentionClock()
    var now = MonotonicInstant.zero
    _ = clock.now(start, at: now)
    now = now + .seconds(3_600)
    #expect(clock.now(start + 9_000 * hour, at: now) == start + hour)
    now = now + .seconds(3_600)
    #expect(clock.now(start + 2 * hour, at: now) == start + 2 * hour)
    now = now + .seconds(90_000)
    #expect(clock.now(start + 9_000 * hour, at: now) == start + 27 * hour)
  }

  @Test func `a jump back counts at once`() {
    var clock = RetentionClock()
    _ = clock.now(start, at: .zero)
    #expect(clock.now(start - 9_000 * hour, at: .zero + .seconds(1)) == start - 9_000 * hour)
  }
}
