/// Whether a figure that was sampled over time stayed where it was.
///
/// The first quarter is passed over: buffers and caches fill. The median of the second quarter is where it was, that of the
/// last where it is; medians, because single samples catch a burst.
struct Flatness: Hashable, Sendable {
  let before: Int
  let after: Int
  /// The growth that is still taken for flat.
  let allowance: Int

  /// Nil for fewer than eight samples, which say nothing.
  /// - Parameters:
  ///   - slack: growth that is always allowed.
  ///   - percent: growth that is allowed in proportion, if that is more.
  init?(_ samples: [Int], slack: Int, percent: Int) {
    guard samples.count >= 8 else { return nil }
    let quarter = samples.count / 4
    before = Self.median(samples[quarter..<2 * quarter])
    after = Self.median(samples.suffix(quarter))
    allowance = max(slack, before * percent / 100)
  }

  var isFlat: Bool { after - before <= allowance }

  private static func median(_ samples: ArraySlice<Int>) -> Int {
    let sorted = samples.sorted()
    return sorted[sorted.count / 2]
  }
}
