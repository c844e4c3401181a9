/// When clients came back after a restart: counted in parts of equal length, and how flat that is.
struct ReconnectHistogram: Hashable {
  static let parts = 10

  /// Seconds that each part takes.
  let partSeconds: Double
  private(set) var counts: [Int]
  /// Those that came after the last part.
  private(set) var late = 0

  /// - Parameter times: seconds since the restart began.
  init(_ times: [Double], over seconds: Double) {
    partSeconds = max(seconds, 0.001) / Double(Self.parts)
    counts = Array(repeating: 0, count: Self.parts)
    for time in times {
      let part = Int(max(0, time) / partSeconds)
      if part < Self.parts { counts[part] += 1 } else { late += 1 }
    }
  }

  /// The fullest part as a multiple of the mean: 1 is flat. 0 for nobody.
  var peak: Double {
    let total = counts.reduce(0, +) + late
    guard total > 0 else { return 0 }
    return Double(counts.max() ?? 0) / (Double(total) / Double(Self.parts))
  }

  /// One line for each part.
  var lines: [String] {
    let most = max(1, counts.max() ?? 1)
    let rows = counts.enumerated().map { index, count in
      let bar = String(repeating: "#", count: count * 40 / most)
      return "\(fixed(Double(index) * partSeconds, 1)) s  \(count)  \(bar)"
    }
    return late > 0 ? rows + ["later  \(late)"] : rows
  }
}
