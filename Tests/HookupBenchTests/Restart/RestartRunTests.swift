import Testing

@testable import hookup_bench

@Suite(.serialized, .timeLimit(.minutes(5)))
struct RestartRunTests {
  @Test func `a restart loses, doubles and reorders nothing`() async throws {
    var settings = RestartRun.Settings()
    settings.clients = 40
    settings.speakers = 8
    settings.rounds = 2
    settings.rate = 100
    let place = try TorturePlace()
    defer {
      place.killAll()
      place.remove()
    }
    let outcome = try await RestartRun(settings: settings, place: place).run()
    #expect(outcome.isGood, "\(outcome)")
    #expect(outcome.histograms.count == 2 && outcome.said > 0 && outcome.stored > 0)
  }

  @Test func `a histogram counts by time and tells how flat it is`() {
    let flat = ReconnectHistogram((0..<100).map { Double($0) / 10 }, over: 10)
    #expect(flat.counts == Array(repeating: 10, count: 10) && flat.peak == 1 && flat.late == 0)
    let steep = ReconnectHistogram([0.1, 0.2, 0.3, 11], over: 10)
    #expect(steep.counts[0] == 3 && steep.late == 1 && steep.peak == 7.5)
    #expect(steep.lines.last == "later  1")
    #expect(ReconnectHistogram([], over: 0).peak == 0)
  }
}
