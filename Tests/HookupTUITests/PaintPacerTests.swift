import HookupCore
import Testing

@testable import HookupTUI

@Suite struct PaintPacerTests {
  private func at(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
  }

  @Test func `after a pause news is painted at once`() {
    var pacer = PaintPacer()
    #expect(pacer.due == nil)
    pacer.changed(at: at(0))
    #expect(pacer.due == at(0))
    pacer.painted(at: at(0))
    #expect(pacer.due == nil)
    pacer.changed(at: at(100))
    #expect(pacer.due == at(100))
  }

  @Test func `in a flood there are 33 milliseconds between two paints`() {
    var pacer = PaintPacer()
    var paints = 0
    for now in 0..<1_000 as Range<Int64> {
      pacer.changed(at: at(now))
      if let due = pacer.due, due <= at(now) {
        pacer.painted(at: at(now))
        paints += 1
      }
    }
    #expect(paints == 31)
  }

  @Test func `a key is painted at once in the middle of a flood`() {
    var pacer = PaintPacer()
    pacer.painted(at: at(0))
    pacer.changed(at: at(1))
    #expect(pacer.due == at(33))
    pacer.changedByHand(at: at(2))
    #expect(pacer.due == at(2))
    pacer.changed(at: at(3))
    #expect(pacer.due == at(2))
  }

  @Test func `a frame that the terminal could not take is due again an interval later`() {
    var pacer = PaintPacer()
    pacer.changedByHand(at: at(5))
    pacer.postponed(at: at(5))
    #expect(pacer.due == at(38))
  }

  @Test
  func `the next paint of news is an interval after the last one, and at once before the first`() {
    var pacer = PaintPacer(interval: .milliseconds(33))
    #expect(pacer.nextPaint == .zero)
    let now = MonotonicInstant(nanoseconds: 5_000_000_000)
    pacer.painted(at: now)
    #expect(pacer.nextPaint == now + .milliseconds(33))
    pacer.changedByHand(at: now + .milliseconds(1))
    #expect(pacer.nextPaint == now + .milliseconds(33))
  }
}
