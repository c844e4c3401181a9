import HookupCore

/// The windows with their numbers and what is unread in them: the list of a wide screen, the line of a smaller one.
struct RoomsPane {
  /// One window, as it is listed.
  struct Entry: Hashable, Sendable {
    /// `status`, `#ops`, `@bob`.
    var label: String
    var unread = 0
    var mentions = 0
  }

  var entries: [Entry]
  var current: Int
  var signs: Signs

  /// Rows of the list; the current window is always among them.
  func rows(columns: Int, rows: Int) -> [StyledText] {
    [StyledText("ROOMS", .title, bold: true)]
      + shown(rows: rows).map { row($0, columns: columns) }
  }

  /// The window that stands in that row of the list; nil where there is none.
  func number(at row: Int, rows: Int) -> Int? {
    let shown = shown(rows: rows)
    return row >= 1 && row - 1 < shown.count ? shown[shown.startIndex + row - 1] : nil
  }

  private func shown(rows: Int) -> ArraySlice<Int> {
    let height = max(0, rows - 1)
    let first = max(0, min(current - height / 2, entries.count - height))
    return Array(entries.indices).dropFirst(first).prefix(height)
  }

  /// The windows side by side, the current one first when there is no room for all, then those with news.
  /// - Parameter onlyNews: leaves out what the list beside the chat shows as well.
  func line(columns: Int, onlyNews: Bool = false) -> StyledText {
    var line = StyledText()
    for (number, _) in order where !onlyNews || (number != current && !news(number).isEmpty) {
      var item = StyledText(
        "\(number + 1):\(entries[number].label)",
        CellStyle(number == current ? .title : role(number), bold: number == current))
      if !news(number).isEmpty { item.append("(\(news(number)))", role(number)) }
      guard line.width + item.width + 1 <= columns else { continue }
      if line.width > 0 { line.append(" ") }
      line.append(item)
    }
    return line
  }

  /// All in their order when they fit; else those that matter first.
  private var order: [(Int, Entry)] {
    let all = Array(entries.enumerated())
    let width = all.reduce(0) { $0 + $1.1.label.count + 4 + news($1.0).count + 2 }
    guard width > 60 else { return all.map { ($0.offset, $0.element) } }
    return all.sorted { left, right in
      let (first, second) = (rank(left.offset), rank(right.offset))
      return first != second ? first < second : left.offset < right.offset
    }.map { ($0.offset, $0.element) }
  }

  private func rank(_ number: Int) -> Int {
    if number == current { return 0 }
    if entries[number].mentions > 0 { return 1 }
    return entries[number].unread > 0 ? 2 : 3
  }

  private func role(_ number: Int) -> CellStyle.Role {
    entries[number].mentions > 0 ? .mention : entries[number].unread > 0 ? .accent : .plain
  }

  private func news(_ number: Int) -> String {
    let entry = entries[number]
    if entry.unread == 0 { return "" }
    return NumberText.unread(entry.unread) + (entry.mentions > 0 ? "!" : "")
  }

  func row(_ number: Int, columns: Int) -> StyledText {
    let isCurrent = number == current
    var row = StyledText(isCurrent ? ">" : " ", .accent)
    row.append(String(number + 1).leftPadded(to: 2) + " ", .dim)
    row.append(
      entries[number].label, CellStyle(isCurrent ? .title : role(number), bold: isCurrent))
    return row.justified(
      with: StyledText(news(number), role(number)), columns: columns, ellipsis: signs.ellipsis)
  }
}
