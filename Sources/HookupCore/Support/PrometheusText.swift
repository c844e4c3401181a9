/// Writes measurements in Prometheus' text format, version 0.0.4.
///
/// Names and label names are literals of this program; label values are escaped, and must come from a small fixed set: each is kept
/// by whoever reads them.
package struct PrometheusText: Sendable {
  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  package private(set) var text = ""

  package init() {}

  /// One measurement without labels.
  package mutating func add(
    _ name: StaticString, _ kind: Kind, _ help: StaticString, _ value: Double
  ) {
    head(name, kind, help)
    text += "\(name) \(Self.number(value))\n"
  }

  /// One measurement for each value of a label, in the order of the values.
  package mutating func add(
    _ name: StaticString, _ kind: Kind, _ help: StaticString, by label: StaticString,
    _ values: [String: Double]
  ) {
    guard !values.isEmpty else { return }
    head(name, kind, help)
    for (value, number) in values.sorted(by: { $0.key < $1.key }) {
      text += "\(name){\(label)=\"\(Self.escaped(value))\"} \(Self.number(number))\n"
    }
  }

  /// A histogram.
  package mutating func add(_ name: StaticString, _ help: StaticString, _ histogram: BucketCounts) {
    head(name, .histogram, help)
    var total = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      total += count
      text += "\(name)_bucket{le=\"\(Self.number(bound))\"} \(total)\n"
    }
    text += "\(name)_bucket{le=\"+Inf\"} \(histogram.count)\n"
    text += "\(name)_sum \(Self.number(histogram.sum))\n\(name)_count \(histogram.count)\n"
  }

  private mutating func head(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private static func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    if value.isNaN { return "NaN" }
    guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
    return "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// How many values fell below each of some bounds.
package struct BucketCounts: Hashable, Sendable {
  package let bounds: [Double]
  /// Values up to each bound and above the one before it.
  package private(set) var counts: [Int]
  /// All values, those above the last bound too.
  package private(set) var count = 0
  package private(set) var sum = 0.0

  /// `bounds` rise.
  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  package mutating func add(_ value: Double) {
    count += 1
    sum += value
    if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
  }
}
