import Testing

@testable import hookup_bench

@Suite struct TallyTests {
  @Test func `messages count while it is measured, errors always`() {
    var tally = Tally()
    tally.record(nanoseconds: 1)
    tally.errors.count(.lost, "a")
    tally.begin(at: 100)
    tally.record(nanoseconds: 1_000)
    tally.record(nanoseconds: 3_000)
    tally.errors.count(.lost, "b")
    tally.end(at: 400)
    tally.record(nanoseconds: 1)
    tally.end(at: 900)
    #expect(tally.messages == 2)
    #expect(tally.latency.totalCount == 2)
    #expect(tally.measured == 300)
    #expect(tally.errors.counts == [.lost: 2])
    #expect(tally.errors.samples == [.lost: "a"])
  }

  @Test func `a latency beyond the longest counts as the longest`() {
    var tally = Tally()
    tally.begin(at: 0)
    tally.record(nanoseconds: .max)
    #expect(tally.latency.totalCount == 1)
    #expect(tally.latency.maxRecorded >= Tally.longest)
  }

  @Test func `loops add up, the longer time counts`() {
    var first = Tally()
    first.begin(at: 0)
    first.record(nanoseconds: 5_000)
    first.end(at: 10)
    var second = Tally()
    second.begin(at: 2)
    second.record(nanoseconds: 7_000)
    second.errors.count(.mismatched, "x")
    second.end(at: 14)
    var sum = Tally()
    sum.add(first)
    sum.add(second)
    #expect(sum.messages == 2)
    #expect(sum.latency.totalCount == 2)
    #expect(sum.measured == 12)
    #expect(sum.errors.total == 1)
  }
}
