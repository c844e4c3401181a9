import Testing

@testable import hookup_bench

@Suite struct ReconnectHistogramTests {
  @Test func `arrivals are counted in tenths of the window, and outside of it`() {
    let arrivals: [Duration] =
      [.milliseconds(999)] + (0..<20).map { .milliseconds(1_000 + 500 * $0) }
      + [.seconds(11), .seconds(30)]
    let histogram = ReconnectHistogram(arrivals, from: .seconds(1), over: .seconds(10))
    #expect(histogram.counts == Array(repeating: 2, count: 10))
    #expect(histogram.early == 1)
    #expect(histogram.late == 2)
    #expect(histogram.total == 23)
    #expect(histogram.last == .seconds(30))
  }

  @Test func `who comes evenly is flat, who comes at once is not`() {
    let even = (0..<100).map { Duration.milliseconds(5 + 10 * $0) }
    #expect(ReconnectHistogram(even, from: .zero, over: .seconds(1)).unevenness == 1)
    let crowd = Array(repeating: Duration.milliseconds(150), count: 100)
    #expect(ReconnectHistogram(crowd, from: .zero, over: .seconds(1)).unevenness == 10)
    let late = Array(repeating: Duration.seconds(2), count: 100)
    #expect(ReconnectHistogram(late, from: .zero, over: .seconds(1)).unevenness == 10)
    #expect(ReconnectHistogram([], from: .zero, over: .seconds(1)).unevenness == 1)
  }

  @Test func `it is shown as bars`() {
    let arrivals: [Duration] = [
      .milliseconds(500), .milliseconds(1_000), .milliseconds(1_050), .milliseconds(1_950),
      .seconds(9),
    ]
    let picture = ReconnectHistogram(arrivals, from: .seconds(1), over: .seconds(1)).picture()
    let lines = picture.split(separator: "\n")
    #expect(lines.count == 12)
    #expect(lines[0] == "before                1  " + String(repeating: "#", count: 25))
    #expect(lines[1] == "1.00 - 1.10 s         2  " + String(repeating: "#", count: 50))
    #expect(lines[2] == "1.10 - 1.20 s         0")
    #expect(lines[11] == "after                 1  " + String(repeating: "#", count: 25))
  }
}
