import NIOConcurrencyHelpers

/// What a server held, again and again, while it was under load.
final class SoakSamples: Sendable {
  struct Series: Sendable {
    var descriptors: [Int] = []
    var residentKiB: [Int] = []

    /// Connections come and go, so that a few descriptors more or less mean nothing.
    var descriptorFlatness: Flatness? { Flatness(descriptors, slack: 16, percent: 5) }
    /// Allocators keep what they once had: 8 MiB or a tenth.
    var memoryFlatness: Flatness? { Flatness(residentKiB, slack: 8 << 10, percent: 10) }
  }

  private let probe: ProcessProbe
  private let box = NIOLockedValueBox(Series())

  init(_ probe: ProcessProbe) {
    self.probe = probe
  }

  var series: Series { box.withLockedValue { $0 } }

  func take() {
    let (descriptors, memory) = (probe.descriptors(), probe.memory())
    box.withLockedValue { series in
      if let descriptors { series.descriptors.append(descriptors) }
      if let memory { series.residentKiB.append(memory.residentKiB) }
    }
  }
}

extension SoakSamples.Series {
  /// Whether both stayed flat; nil when too little could be read to say so.
  var isFlat: Bool? {
    guard let descriptorFlatness, let memoryFlatness else { return nil }
    return descriptorFlatness.isFlat && memoryFlatness.isFlat
  }

  func add(to report: inout Report) {
    let parts = [
      ("descriptors", descriptorFlatness, descriptors), ("rss_kib", memoryFlatness, residentKiB),
    ]
    for (name, flatness, samples) in parts {
      guard let flatness else { continue }
      report.add(
        name,
        .group([
          .init("early", .count(flatness.before)), .init("late", .count(flatness.after)),
          .init("highest", .count(samples.max() ?? 0)),
          .init("allowed_growth", .count(flatness.allowance)),
          .init("flat", .flag(flatness.isFlat)),
        ]))
    }
    if let isFlat { report.add("flat", .flag(isFlat)) }
  }
}
