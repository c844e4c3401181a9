import HookupCore

/// A ``ListPage`` as rows: one for each entry, the chosen one in reverse.
struct ListPane {
  var page: ListPage
  var columns: Int
  var signs: Signs
  var clock: ScreenClock

  func rows(_ count: Int) -> [StyledText] {
    let keys = StyledText(columns < 76 ? "" : "Enter goes there  Esc closes", .dim)
    let title = StyledText(page.title, .title, bold: true).justified(with: keys, columns: columns)
    guard !page.items.isEmpty else { return [title, StyledText(page.emptyText, .dim)] }
    let height = max(1, count - 1)
    let first = max(0, min(page.selected - height / 2, page.items.count - height))
    return [title]
      + page.items.indices.dropFirst(first).prefix(height).map { index in
        row(page.items[index], isSelected: index == page.selected)
      }
  }

  private func row(_ item: ListPage.Item, isSelected: Bool) -> StyledText {
    var row = StyledText(isSelected ? "> " : "  ", .accent)
    if columns >= 50 { row.append(when(item) + " ", .dim) }
    row.append(item.room.label + " ", .accent)
    row.append(item.from.text + "  ", CellStyle(NickColour.role(of: item.from)))
    for part in ListPane.parts(of: item.text) {
      row.append(part.text, CellStyle(.plain, bold: part.isFound, underline: part.isFound))
      if row.width > columns { break }
    }
    row = row.truncated(to: columns, ellipsis: signs.ellipsis)
    if isSelected {
      row.pad(to: columns)
      row.restyle(0..<row.glyphs.count) { $0.reverse.toggle() }
    }
    return row
  }

  /// The clock time of today, the date of another day.
  private func when(_ item: ListPage.Item) -> String {
    let day = NumberText.day(item.milliseconds, clock.utcOffsetSeconds)
    let today = NumberText.day(clock.wallMilliseconds, clock.utcOffsetSeconds)
    let text =
      day == today
      ? NumberText.clock(item.milliseconds, clock.utcOffsetSeconds)
      : String(NumberText.date(day: day).dropFirst(4))
    return text.leftPadded(to: 11)
  }

  /// A snippet, told apart into what was found and what stands around it; the marks themselves are left out.
  static func parts(of text: String) -> [(text: String, isFound: Bool)] {
    var parts: [(text: String, isFound: Bool)] = []
    var part = String.UnicodeScalarView()
    var isFound = false
    func end() {
      if !part.isEmpty { parts.append((String(part), isFound)) }
      part = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x2068, 0x2069:
        end()
        isFound = scalar.value == 0x2068
      case 0x0A, 0x0D: part.append(" ")
      default: part.append(scalar)
      }
    }
    end()
    return parts
  }
}
