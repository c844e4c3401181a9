import Testing

@testable import HookupCore

@Suite struct AckTrackerTests {
  private func at(_ seconds: Int) -> MonotonicInstant { .zero + .seconds(seconds) }

  @Test func `ids count up from one and are not reused`() {
    var tracker = AckTracker<String>()
    #expect(tracker.add("a", timeout: .seconds(5), now: at(0)) == 1)
    #expect(tracker.add("b", timeout: .seconds(5), now: at(0)) == 2)
    #expect(tracker.acknowledge(2) == "b")
    #expect(tracker.add("c", timeout: .seconds(5), now: at(0)) == 3)
  }

  @Test func `an ack gives the message back once`() {
    var tracker = AckTracker<String>()
    let id = tracker.add("a", timeout: .seconds(5), now: at(0))
    #expect(id == 1)
    #expect(tracker.acknowledge(1) == "a")
    #expect(tracker.acknowledge(1) == nil)
    #expect(tracker.nextDeadline == nil)
    #expect(tracker.expire(now: at(100)) == [])
  }

  @Test(arguments: [UInt64(0), 2, 99, .max])
  func `acks for unknown ids change nothing`(id: UInt64) {
    var tracker = AckTracker<String>()
    _ = tracker.add("a", timeout: .seconds(5), now: at(0))
    #expect(tracker.acknowledge(id) == nil)
    #expect(tracker.count == 1)
    #expect(tracker.nextDeadline == at(5))
  }

  @Test func `a message fails at its deadline, once, and a late ack is ignored`() {
    var tracker = AckTracker<String>()
    _ = tracker.add("a", timeout: .seconds(5), now: at(0))
    #expect(tracker.expire(now: at(4)) == [])
    #expect(tracker.expire(now: at(5)) == ["a"])
    #expect(tracker.expire(now: at(6)) == [])
    #expect(tracker.acknowledge(1) == nil)
    #expect(tracker.count == 0)
  }

  @Test func `messages fail in the order of their deadlines, then of their ids`() {
    var tracker = AckTracker<String>()
    _ = tracker.add("nine", timeout: .seconds(9), now: at(0))
    _ = tracker.add("three", timeout: .seconds(3), now: at(0))
    _ = tracker.add("five", timeout: .seconds(5), now: at(0))
    _ = tracker.add("three too", timeout: .seconds(2), now: at(1))
    #expect(tracker.nextDeadline == at(3))
    #expect(tracker.expire(now: at(8)) == ["three", "three too", "five"])
    #expect(tracker.nextDeadline == at(9))
  }

  @Test func `the next deadline is that of a message that still waits`() {
    var tracker = AckTracker<Int>()
    for number in 1...10 { _ = tracker.add(number, timeout: .seconds(number), now: at(0)) }
    for number in 1...4 { #expect(tracker.acknowledge(UInt64(number)) == number) }
    #expect(tracker.nextDeadline == at(5))
  }

  @Test func `at the limit nothing more is taken until one is settled`() {
    var tracker = AckTracker<Int>(limit: 2)
    #expect(tracker.add(1, timeout: .seconds(1), now: at(0)) == 1)
    #expect(tracker.add(2, timeout: .seconds(1), now: at(0)) == 2)
    #expect(tracker.isFull)
    #expect(tracker.add(3, timeout: .seconds(1), now: at(0)) == nil)
    #expect(tracker.acknowledge(1) == 1)
    #expect(tracker.add(3, timeout: .seconds(1), now: at(0)) == 3)
  }

  @Test func `a withdrawn message neither fails nor holds a place`() {
    var tracker = AckTracker<Int>(limit: 1)
    #expect(tracker.add(1, timeout: .seconds(1), now: at(0)) == 1)
    tracker.withdraw(1)
    #expect(tracker.count == 0)
    #expect(tracker.nextDeadline == nil)
    #expect(tracker.add(2, timeout: .seconds(1), now: at(0)) == 2)
    #expect(tracker.expire(now: at(9)) == [2])
  }

  @Test func `the end of the connection gives all back in order and leaves nothing`() {
    var tracker = AckTracker<Int>()
    for number in 1...20 { _ = tracker.add(number, timeout: .seconds(21 - number), now: at(0)) }
    _ = tracker.acknowledge(7)
    #expect(tracker.removeAll() == Array(1...6) + Array(8...20))
    #expect(tracker.nextDeadline == nil)
    #expect(tracker.expire(now: at(99)) == [])
    #expect(tracker.add(0, timeout: .seconds(1), now: at(0)) == 21)
  }

  @Test func `a long-lived message does not let the acked ones pile up behind it`() {
    // 10,000 messages against a model that sorts: every expiry agrees, whatever was acked in between.
    var tracker = AckTracker<UInt64>(limit: 100)
    var model: [(deadline: MonotonicInstant, id: UInt64)] = []
    var random = RandomSource(seed: 42)
    var now = at(0)
    for _ in 0..<10_000 {
      now = now + .milliseconds(Int.random(in: 0...20, using: &random))
      let timeout = Duration.milliseconds(Int.random(in: 1...2_000, using: &random))
      let expected = model.filter { $0.deadline <= now }
        .sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }.map(\.id)
      model.removeAll { $0.deadline <= now }
      #expect(tracker.expire(now: now) == expected)
      let next = tracker.nextID
      if let id = tracker.add(next, timeout: timeout, now: now) {
        model.append((now + timeout, id))
      }
      if Bool.random(using: &random), let picked = model.randomElement(using: &random) {
        #expect(tracker.acknowledge(picked.id) == picked.id)
        model.removeAll { $0.id == picked.id }
      }
      #expect(tracker.count == model.count)
      #expect(tracker.nextDeadline == model.map(\.deadline).min())
      #expect(tracker.retainedDeadlines <= 2 * tracker.count + 17)
    }
  }
}
