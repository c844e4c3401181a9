/// Rows with names, as columns side by side, for a person; control characters are spelled out.
struct AdminTable {
  /// Of one column; what is longer is cut.
  private static let maximumWidth = 60

  private var rows: [[String]] = []

  mutating func add(_ row: [(String, String)]) {
    if rows.isEmpty { rows.append(row.map { LogText.plain($0.0).uppercased() }) }
    rows.append(row.map { LogText.plain($0.1) })
  }

  /// One line each, the names first; empty without rows.
  var text: String {
    let columns = rows.first?.count ?? 0
    let widths = (0..<columns).map { column in
      min(Self.maximumWidth, rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0)
    }
    return rows.map { row in
      zip(row, widths).map(Self.fit).joined(separator: "  ").trimmingSpaces + "\n"
    }.joined()
  }

  private static func fit(_ text: String, _ width: Int) -> String {
    text.count > width
      ? text.prefix(width - 1) + "…" : text + String(repeating: " ", count: width - text.count)
  }
}

extension String {
  /// Without spaces at its end.
  fileprivate var trimmingSpaces: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
