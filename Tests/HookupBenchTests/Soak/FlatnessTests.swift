import Testing

@testable import hookup_bench

@Suite struct FlatnessTests {
  @Test func `a figure that grows all the time is not flat`() throws {
    let flatness = try #require(Flatness((0..<100).map { 1_000 + 10 * $0 }, slack: 50, percent: 10))
    #expect(flatness.before == 1_370)
    #expect(flatness.after == 1_870)
    #expect(!flatness.isFlat)
  }

  @Test func `growth at the beginning, and bursts, are passed over`() throws {
    var samples = (0..<100).map { min(1_000, 50 * $0) }
    samples[90] = 90_000
    samples[40] = 1
    #expect(try #require(Flatness(samples, slack: 5, percent: 1)).isFlat)
  }

  @Test func `what shrinks is flat`() throws {
    #expect(try #require(Flatness((0..<100).map { 1_000 - $0 }, slack: 0, percent: 0)).isFlat)
  }

  @Test func `the larger allowance counts, to the last unit`() throws {
    let samples = [0, 0, 200, 200, 200, 200, 220, 220]
    #expect(try #require(Flatness(samples, slack: 20, percent: 0)).isFlat)
    #expect(try #require(Flatness(samples, slack: 0, percent: 10)).isFlat)
    #expect(try #require(Flatness(samples, slack: 19, percent: 9)).isFlat == false)
  }

  @Test func `too few samples say nothing`() {
    #expect(Flatness([1, 1, 1, 1, 1, 1, 1], slack: 0, percent: 0) == nil)
  }

  @Test func `a server whose descriptors grow is not flat, and one not seen is unknown`() {
    var series = SoakSamples.Series()
    #expect(series.isFlat == nil)
    series.residentKiB = Array(repeating: 50_000, count: 40)
    series.descriptors = Array(repeating: 40, count: 40)
    #expect(series.isFlat == true)
    series.descriptors = (0..<40).map { 40 + $0 }
    #expect(series.isFlat == false)
    var report = Report()
    series.add(to: &report)
    #expect(report.json().contains(#""flat":false"#))
  }
}
