import HookupCore
import HookupEngine

/// When the clients of a server that restarted were back: counted in tenths of the window they were asked to come in.
struct ReconnectHistogram: Hashable, Sendable {
  static let tenths = 10

  /// Clients in each tenth of the window.
  private(set) var counts = Array(repeating: 0, count: tenths)
  /// Clients that were back before the window, and after it.
  private(set) var early = 0
  private(set) var late = 0
  /// When the last one was back, counted from the stop.
  private(set) var last = Duration.zero
  /// The window, counted from the stop.
  let start: Duration
  let window: Duration

  /// - Parameters:
  ///   - arrivals: when each client was back, counted from the stop.
  ///   - start: when the window begins, counted from the stop.
  ///   - window: how long it lasts; more than nothing.
  init(_ arrivals: [Duration], from start: Duration, over window: Duration) {
    self.start = start
    self.window = window
    for arrival in arrivals {
      last = max(last, arrival)
      let position = (arrival - start) / window * Double(Self.tenths)
      switch position {
      case ..<0: early += 1
      case Double(Self.tenths)...: late += 1
      default: counts[Int(position)] += 1
      }
    }
  }

  var total: Int { counts.reduce(early + late, +) }

  /// The fullest tenth, against what each would have if they came evenly; 1 is perfectly flat, and nobody counts as flat.
  var unevenness: Double {
    let mean = Double(total) / Double(Self.tenths)
    return mean > 0 ? Double(max(early, late, counts.max() ?? 0)) / mean : 1
  }

  /// A line for each tenth with a bar, and one for those outside if there are any; each ends with a line feed.
  func picture() -> String {
    let most = max(1, early, late, counts.max() ?? 0)
    func line(_ label: String, _ count: Int) -> String {
      let bar = String(repeating: "#", count: (count * 50 + most - 1) / most)
      return Self.left(label, 16) + Self.right(String(count), 7) + (bar.isEmpty ? "" : "  " + bar)
        + "\n"
    }
    var lines = early > 0 ? line("before", early) : ""
    for (index, count) in counts.enumerated() {
      lines += line("\(seconds(at: index)) - \(seconds(at: index + 1)) s", count)
    }
    return lines + (late > 0 ? line("after", late) : "")
  }

  private func seconds(at tenth: Int) -> String {
    fixed((start + window * tenth / Self.tenths) / .seconds(1), 2)
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  var fields: [Report.Field] {
    [
      .init("back", .count(total)), .init("early", .count(early)), .init("late", .count(late)),
      .init("largest_tenth", .count(counts.max() ?? 0)),
      .init("mean_tenth", .number(Double(total) / Double(Self.tenths), digits: 1)),
      .init("max_over_mean", .number(unevenness, digits: 2)),
      .init("all_back_seconds", .number(last / .seconds(1), digits: 2)),
      .init("tenths", .text(counts.map(String.init).joined(separator: " "))),
    ]
  }
}
