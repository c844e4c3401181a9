/// F1: the keys and the commands.
enum HelpPage {
  static func rows(columns: Int) -> [StyledText] {
    let keys = KeyMap.help.map { ($0.keys, $0.meaning) }
    let commands = SlashCommand.all.map { help in
      ("/" + help.name + (help.arguments.isEmpty ? "" : " " + help.arguments), help.meaning)
    }
    if columns >= 100 { return sideBySide(keys, commands, columns: columns) }
    return [StyledText("KEYS  (PgUp PgDn; Esc closes this page)", .title, bold: true)]
      + flow(keys, columns: columns)
      + [StyledText("COMMANDS  (any unique beginning; // sends a slash)", .title, bold: true)]
      + flow(commands, columns: columns)
  }

  private static func sideBySide(
    _ keys: [(String, String)], _ commands: [(String, String)], columns: Int
  ) -> [StyledText] {
    let half = columns / 2
    func column(_ title: String, _ items: [(String, String)], width: Int) -> [StyledText] {
      [StyledText(title, .title, bold: true)]
        + items.map { name, meaning in
          let first = name.rightPadded(to: width)
          return StyledText(first + " ", .accent) + StyledText(meaning)
        }
    }
    let left = column("KEYS", keys, width: 11)
    let right = column("COMMANDS", commands, width: 18)
    return (0..<max(left.count, right.count)).map { index in
      var row = index < left.count ? left[index].truncated(to: half - 1) : StyledText()
      row.pad(to: half)
      if index < right.count { row.append(right[index].truncated(to: columns - half)) }
      return row
    }
  }

  /// One behind the other, as many in a row as fit.
  private static func flow(_ items: [(String, String)], columns: Int) -> [StyledText] {
    var rows: [StyledText] = []
    var row = StyledText()
    for (name, meaning) in items {
      let item = StyledText(name, .accent) + StyledText(" " + meaning)
      if row.width > 0, row.width + 3 + item.width > columns {
        rows.append(row)
        row = StyledText()
      }
      if row.width > 0 { row.append("   ") }
      row.append(item)
    }
    return row.width > 0 ? rows + [row] : rows
  }
}
