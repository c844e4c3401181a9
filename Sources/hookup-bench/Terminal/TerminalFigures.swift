/// What one chat program needed. A figure that was not taken is nil.
struct TerminalFigures: Sendable {
  /// From the start of the process to the last byte of its first whole screen, without a server, milliseconds.
  var paintMilliseconds: Double?
  var paintCPUMilliseconds: Double?
  /// Connected, panes on, nothing said yet, MB (10^6 bytes).
  var idleMB: Double?
  var idlePrivateMB: Double?
  /// Of one core, while nothing happens.
  var idlePercent: Double?
  var idleBytesPerSecond: Double?
  /// From a key to its sign on the screen while 500 lines a second come, milliseconds.
  var echo50Milliseconds: Double?
  var echo95Milliseconds: Double?
  /// For each line of so many a second.
  var livelyMicroseconds: Double?
  var livelyBytes: Double?
  /// For each line of as many as come.
  var floodMicroseconds: Double?
  var floodBytes: Double?
  var floodLinesPerSecond: Double?
  /// From a new size to the last byte of the screen in it, 10,000 lines in the room, milliseconds.
  var resizeMilliseconds: Double?
  var manyLinesMB: Double?
  var manyLinesPrivateMB: Double?
}

/// One row of the table: what it is, what it may be, and how it is.
struct TerminalBudget: Sendable {
  let name: String
  let unit: String
  /// Nil for a figure without a limit of its own.
  let limit: Double?
  let digits: Int
  let figure: @Sendable (TerminalFigures) -> Double?

  /// The budgets of a terminal client, and what explains them.
  static func all(lines: Int, lively: Int) -> [TerminalBudget] {
    [
      .init("first full paint, no server, median", "ms", 40, 1) { $0.paintMilliseconds },
      .init("  CPU for it", "ms", nil, 1) { $0.paintCPUMilliseconds },
      .init("memory idle, connected, panes on", "MB", 20, 1) { $0.idleMB },
      .init("  private", "MB", 12, 1) { $0.idlePrivateMB },
      .init("memory, \(lines) lines in one room", "MB", 45, 1) { $0.manyLinesMB },
      .init("  private", "MB", nil, 1) { $0.manyLinesPrivateMB },
      .init("flood: CPU a line", "us", 60, 1) { $0.floodMicroseconds },
      .init("flood: terminal bytes a line", "B", 40, 1) { $0.floodBytes },
      .init("  flood: lines a second", "/s", nil, 0) { $0.floodLinesPerSecond },
      // Not a flood: each line comes alone, and wakes every thread on its way.
      .init("\(lively) lines/s: CPU a line", "us", nil, 1) { $0.livelyMicroseconds },
      .init("\(lively) lines/s: terminal bytes a line", "B", nil, 1) { $0.livelyBytes },
      .init("key echo at 500 lines/s, p95", "ms", 5, 2) { $0.echo95Milliseconds },
      .init("  p50", "ms", nil, 2) { $0.echo50Milliseconds },
      .init("idle CPU, panes on", "%", 0.5, 2) { $0.idlePercent },
      .init("  terminal bytes a second", "B", nil, 1) { $0.idleBytesPerSecond },
      .init("resize settled, 10000 lines, median", "ms", 30, 1) { $0.resizeMilliseconds },
    ]
  }

  private init(
    _ name: String, _ unit: String, _ limit: Double?, _ digits: Int,
    _ figure: @escaping @Sendable (TerminalFigures) -> Double?
  ) {
    self.name = name
    self.unit = unit
    self.limit = limit
    self.digits = digits
    self.figure = figure
  }

  /// Nil without a limit, or when the figure was not taken.
  func isMet(by figures: TerminalFigures) -> Bool? {
    guard let limit, let value = figure(figures) else { return nil }
    return value <= limit
  }
}

/// The table that is printed: a row for each budget, a column for each program.
struct TerminalTable: Sendable {
  var budgets: [TerminalBudget]
  /// Ours first, if it was measured.
  var columns: [(name: String, figures: TerminalFigures)]
  var isOurs: Bool { columns.first?.name == "hookup-chat" }

  /// Names of the budgets that ours does not meet.
  var missed: [String] {
    guard isOurs, let ours = columns.first?.figures else { return [] }
    return budgets.filter { $0.isMet(by: ours) == false }.map(\.name)
  }

  var text: String {
    var rows = [["", "budget"] + columns.prefix(1).map(\.name) + [""]]
    rows[0] += columns.dropFirst().map(\.name)
    for budget in budgets {
      guard let ours = columns.first, columns.contains(where: { budget.figure($0.figures) != nil })
      else { continue }
      let limit = budget.limit.map { "\(fixed($0, $0 < 1 ? 1 : 0)) \(budget.unit)" } ?? ""
      var row = [budget.name, limit, Self.shown(ours.figures, budget)]
      let isMet = isOurs ? budget.isMet(by: ours.figures) : nil
      row.append(isMet.map { $0 ? "ok" : "MISSED" } ?? "")
      row += columns.dropFirst().map { Self.shown($0.figures, budget) }
      rows.append(row)
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 || column == 3 ? row[column] + space : space + row[column]
      }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private static func shown(_ figures: TerminalFigures, _ budget: TerminalBudget) -> String {
    budget.figure(figures).map { "\(fixed($0, budget.digits)) \(budget.unit)" } ?? "-"
  }
}
