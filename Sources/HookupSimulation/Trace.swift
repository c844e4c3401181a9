/// What happened in one run, a line each: time in milliseconds, node, what.
package struct Trace: Sendable {
  package private(set) var lines: [String] = []
  let isOn: Bool
  /// Lines kept at most; the oldest go.
  private static let limit = 200_000

  init(isOn: Bool) { self.isOn = isOn }

  mutating func add(_ line: String) {
    if lines.count == Self.limit { lines.removeFirst(Self.limit / 2) }
    lines.append(line)
  }
}
