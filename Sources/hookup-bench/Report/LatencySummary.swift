import Histogram

/// The percentiles of a run, microseconds.
struct LatencySummary: Hashable, Sendable {
  var p50: Double
  var p99: Double
  var p999: Double
  var maximum: Double

  /// Of a histogram in nanoseconds; nil when it is empty.
  init?(_ histogram: Histogram<UInt64>) {
    guard histogram.totalCount > 0 else { return nil }
    p50 = Double(histogram.valueAtPercentile(50)) / 1e3
    p99 = Double(histogram.valueAtPercentile(99)) / 1e3
    p999 = Double(histogram.valueAtPercentile(99.9)) / 1e3
    maximum = Double(histogram.maxRecorded) / 1e3
  }
}

extension Report {
  mutating func add(_ latency: LatencySummary, named name: String) {
    add(
      name,
      .group([
        .init("p50", .number(latency.p50, digits: 1)),
        .init("p99", .number(latency.p99, digits: 1)),
        .init("p99.9", .number(latency.p999, digits: 1)),
        .init("max", .number(latency.maximum, digits: 1)),
      ]))
  }
}
