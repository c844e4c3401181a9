/// What went wrong, by kind, and one sentence for each kind: the first one heard.
struct ErrorCounts: Hashable {
  enum Kind: String, CaseIterable, Hashable {
    /// No connection came about.
    case connectFailed = "connect_failed"
    /// A connection ended that nobody here ended.
    case lost
    /// What came back is not what was sent.
    case mismatched
    /// Something came that was not asked for.
    case unexpected
    /// A connection still waited for an answer in the end, for too long.
    case stalled
    /// Nothing at all came back while it was measured.
    case silent
  }

  private(set) var counts: [Kind: Int] = [:]
  private(set) var samples: [Kind: String] = [:]

  var total: Int { counts.values.reduce(0, +) }

  mutating func count(_ kind: Kind, _ sentence: @autoclosure () -> String) {
    counts[kind, default: 0] += 1
    if samples[kind] == nil { samples[kind] = sentence() }
  }

  mutating func add(_ other: ErrorCounts) {
    counts.merge(other.counts, uniquingKeysWith: +)
    samples.merge(other.samples) { first, _ in first }
  }
}
