import HookupCore
import Testing

@testable import HookupTUI

/// When a screen wants to be painted again though nothing happened.
@Suite struct ScreenTickTests {
  var stage: Stage

  init() throws { stage = try Stage() }

  /// Seconds from now to the next tick.
  var wait: Double? {
    stage.screen.nextTick(at: stage.clock).map { stage.clock.now.duration(to: $0).inSeconds }
  }

  @Test mutating func `an idle screen waits for the minute`() {
    #expect(wait == 60)
    stage.seconds += 42
    #expect(wait == 18)
  }

  @Test mutating func `the uptime ticks once a second while it is shown`() throws {
    try stage.goOnline()
    stage.seconds += 0.25
    #expect(wait == 0.75)
    for number in 2...5 { stage.press(Key(.function(number))) }
    #expect(wait == 59.75)
  }

  @Test mutating func `a countdown ticks when its number changes`() {
    let retry = stage.clock.now + .milliseconds(12_340)
    stage.link(.retrying) { $0.retryAt = retry }
    #expect(wait == 0.34)
    stage.seconds += 3
    #expect(abs((wait ?? 0) - 0.04) < 1e-6)
    stage.seconds += 9.4
    #expect((wait ?? 0) > 1)
  }

  @Test mutating func `ages tick ten times a second at most, and slower when they are old`() {
    stage.pending([(1, 0.5, 1)])
    #expect((wait ?? 9) <= 0.1)
    stage.pending([(1, 30, 1)])
    #expect((wait ?? 9) > 0.1 && (wait ?? 9) <= 1)
  }

  @Test(arguments: 0..<30) func `between two ticks the picture stays the same`(seed: UInt64) throws
  {
    var random = RandomSource(seed: seed)
    var stage = self.stage
    if random.next() % 2 == 0 { try stage.goOnline() }
    let retry = stage.clock.now + random.duration(upTo: .seconds(30))
    if random.next() % 2 == 0 {
      stage.link(.retrying) { $0.retryAt = retry }
    }
    for _ in 0..<20 {
      let tick = try #require(stage.screen.nextTick(at: stage.clock))
      let now = stage.clock.now
      #expect(tick > now)
      let before = stage.picture()
      let length = now.duration(to: tick).inSeconds
      stage.seconds += length * 0.5
      #expect(stage.picture() == before)
      stage.seconds = Double(tick.nanoseconds) / 1e9 + 1e-6
    }
  }
}
