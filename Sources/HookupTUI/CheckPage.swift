import HookupCore

/// `/check`: signs and colours, for a person to see whether the terminal shows them as they are meant.
enum CheckPage {
  /// What is shown, and how many cells it should take.
  private static let samples: [(text: String, meaning: String)] = [
    ("abc", "ASCII"), ("é ü ß", "Latin"), ("Ж ψ", "Cyrillic, Greek"), ("日本", "wide"),
    ("한글", "wide"), ("👍🚀", "emoji"), ("🇩🇪", "a flag"), ("e\u{301}a\u{308}", "marks"),
    ("שלום", "right to left"),
  ]

  static func rows(columns: Int, signs: Signs) -> [StyledText] {
    var rows = [
      StyledText("CHECK  every bar must stand under the one above it", .title, bold: true)
    ]
    let bar = 16
    for sample in samples {
      var row = StyledText("  ")
      row.append(sample.text, .plain)
      row.pad(to: bar)
      row.append(signs.vertical, .border)
      row.append(" " + sample.meaning, .dim)
      rows.append(row)
    }
    var states = StyledText("  ")
    for sign in [signs.queued, signs.sent, signs.stored, signs.failed, signs.online, signs.offline]
    {
      states.append(sign)
      states.append(" ")
    }
    states.pad(to: bar)
    states.append(signs.vertical, .border)
    states.append(" queued, sent, stored, failed, online, offline; --ascii if not", .dim)
    rows.append(states)
    var levels = StyledText("  ")
    for level in signs.levels { levels.append(level, .accent) }
    levels.pad(to: bar)
    levels.append(signs.vertical, .border)
    levels.append(" rising", .dim)
    rows.append(levels)
    rows.append(StyledText())
    var row = StyledText("  ")
    for role in CellStyle.Role.allCases {
      let name = "\(role) "
      if row.width + name.count > columns {
        rows.append(row)
        row = StyledText("  ")
      }
      row.append(name, role)
    }
    rows.append(row)
    var attributes = StyledText("  ")
    attributes.append("bold", CellStyle(.plain, bold: true))
    attributes.append(" ")
    attributes.append("underline", CellStyle(.plain, underline: true))
    attributes.append(" ")
    attributes.append("reverse", CellStyle(.plain, reverse: true))
    return (rows + [attributes]).map { $0.truncated(to: columns) }
  }
}
