import HookupCore

/// What one pane has to show; how much of it is shown depends on the height there is.
struct PaneContent: Hashable, Sendable {
  /// In capitals, with the pane's number: `UNACKED 3`.
  var title: String
  /// What the title line says instead of a rule when there is no room for more.
  var summary = StyledText()
  /// From the most to the least important.
  var body: [StyledText] = []
  /// Rows of the body that come first when panes compete.
  var essential = 1

  /// The pane's title line, exactly `columns` wide.
  func titleRow(columns: Int, key: Int?, signs: Signs, isOpen: Bool) -> StyledText {
    var row = StyledText(title + " ", .title, bold: true)
    let end = key.map { StyledText("[F\($0)]", .dim) } ?? StyledText()
    if isOpen {
      while row.width + end.width + 1 < columns { row.append(signs.horizontal, .border) }
    } else {
      row.append(summary)
    }
    return row.justified(with: end, columns: columns)
  }
}

/// Stacks panes into a column: each keeps at least its title line as long as there are rows, from the top down; what
/// is left goes to the bodies, the essential rows of all first.
enum PaneStack {
  static func rows(
    _ panes: [(pane: Pane, content: PaneContent)], columns: Int, rows: Int, signs: Signs
  ) -> [StyledText] {
    let panes = Array(panes.prefix(max(0, rows)))
    var granted = Array(repeating: 0, count: panes.count)
    var left = rows - panes.count
    for limit in [\PaneContent.essential, \PaneContent.body.count] {
      for (index, pane) in panes.enumerated() {
        let wanted = min(pane.content[keyPath: limit], pane.content.body.count)
        let more = min(max(0, wanted - granted[index]), left)
        granted[index] += more
        left -= more
      }
    }
    var result: [StyledText] = []
    for (index, pane) in panes.enumerated() {
      result.append(
        pane.content.titleRow(
          columns: columns, key: pane.pane.functionKey, signs: signs, isOpen: granted[index] > 0))
      result += pane.content.body.prefix(granted[index])
      if left > 0, index + 1 < panes.count {
        result.append(StyledText())
        left -= 1
      }
    }
    return result
  }
}
