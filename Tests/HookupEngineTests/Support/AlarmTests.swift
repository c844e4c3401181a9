import HookupCore
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import HookupEngine

@Suite struct AlarmTests {
  private final class Bell: Sendable {
    private let count = Mutex(0)
    var rings: Int { count.withLock { $0 } }
    func ring() { count.withLock { $0 += 1 } }
  }

  /// Far enough away that the real clock does not get there during the test.
  private let soon = MonotonicInstant.now + .seconds(3_600)

  @Test func `it rings once, at its deadline and not before`() {
    let (loop, bell) = (EmbeddedEventLoop(), Bell())
    var alarm = Alarm()
    alarm.set(soon, on: loop) { bell.ring() }
    alarm.set(soon, on: loop) { bell.ring() }
    loop.advanceTime(to: NIODeadline(soon) - .nanoseconds(1))
    #expect(bell.rings == 0)
    loop.advanceTime(to: NIODeadline(soon))
    #expect(bell.rings == 1)
    loop.advanceTime(to: NIODeadline(soon) + .hours(1))
    #expect(bell.rings == 1)
  }

  @Test(arguments: [-60, 60])
  func `a moved deadline takes the old one's place`(seconds: Int64) {
    let (loop, bell) = (EmbeddedEventLoop(), Bell())
    let moved = soon + .seconds(seconds)
    var alarm = Alarm()
    alarm.set(soon, on: loop) { Issue.record("the old one rang") }
    alarm.set(moved, on: loop) { bell.ring() }
    loop.advanceTime(to: NIODeadline(moved) - .nanoseconds(1))
    #expect(bell.rings == 0)
    loop.advanceTime(to: NIODeadline(soon) + .hours(1))
    #expect(bell.rings == 1)
  }

  @Test func `no deadline stops it`() {
    let loop = EmbeddedEventLoop()
    var alarm = Alarm()
    alarm.set(soon, on: loop) { Issue.record("it rang") }
    alarm.set(nil, on: loop) {}
    loop.advanceTime(to: NIODeadline(soon) + .hours(1))
  }

  @Test func `a deadline that stays in the past rings each time it is set`() {
    let (loop, bell) = (EmbeddedEventLoop(), Bell())
    let past = MonotonicInstant.now
    loop.advanceTime(to: NIODeadline(past))
    var alarm = Alarm()
    for round in 1...3 {
      alarm.set(past, on: loop) { bell.ring() }
      loop.run()
      #expect(bell.rings == round)
    }
  }
}
