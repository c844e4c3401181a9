import Testing

@testable import hookup_bench

@Suite struct FaultScheduleTests {
  @Test func `a seed gives the same events at the same times`() {
    var first = FaultSchedule(seed: 9, perMinute: [("a", 30), ("b", 10)])
    var again = FaultSchedule(seed: 9, perMinute: [("a", 30), ("b", 10)])
    var other = FaultSchedule(seed: 10, perMinute: [("a", 30), ("b", 10)])
    let events = (0..<50).compactMap { _ in first.next()?.at }
    #expect(events == (0..<50).compactMap { _ in again.next()?.at })
    #expect(events != (0..<50).compactMap { _ in other.next()?.at })
    #expect(events == events.sorted())
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `ten minutes have as many of each as was asked for`(_ seed: UInt64) {
    var schedule = FaultSchedule(seed: seed, perMinute: [("kill", 25), ("stop", 2), ("never", 0)])
    var counts: [String: Int] = [:]
    while let next = schedule.next(), next.at < .seconds(600) { counts[next.kind, default: 0] += 1 }
    #expect((225...275).contains(counts["kill"] ?? 0))
    #expect((8...35).contains(counts["stop"] ?? 0))
    #expect(counts["never"] == nil)
  }

  @Test func `nothing that never comes is waited for`() {
    var schedule = FaultSchedule(seed: 1, perMinute: [("never", 0)])
    #expect(schedule.next() == nil)
    #expect(schedule.pick(among: 0) == nil)
    #expect(schedule.pick(among: 1) == 0)
  }
}
