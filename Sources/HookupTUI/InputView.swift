/// The draft as rows, and where the cursor is in them.
struct InputView {
  private(set) var rows: [StyledText] = []
  private(set) var cursor = (row: 0, column: 0)

  /// One line that is written, the cursor at its end.
  init(query: String, prompt: StyledText, columns: Int) {
    let characters = Array(query)
    self.init(
      draft: LineEditor.Draft(characters: characters, cursor: characters.count), prompt: prompt,
      columns: columns)
  }

  /// - Parameters:
  ///   - prompt: in front of the first row; the others are indented as far.
  ///   - columns: cells of a row, the prompt's among them.
  init(draft: LineEditor.Draft, prompt: StyledText, columns: Int) {
    let start = prompt.width
    var row = prompt
    func breakRow(_ rows: inout [StyledText]) {
      rows.append(row)
      row = StyledText()
      row.pad(to: start)
    }
    for (index, character) in draft.characters.enumerated() {
      let isLineEnd = character == "\n"
      let glyphs =
        isLineEnd ? [] : Sanitizer.glyphs(of: String(character), column: row.width - start)
      // What does not fit behind the prompt goes on the next row, the cursor with it.
      if let first = glyphs.first, row.width + first.width > columns, row.width > start {
        breakRow(&rows)
      }
      if index == draft.cursor {
        if row.width >= columns, row.width > start { breakRow(&rows) }
        cursor = (rows.count, row.width)
      }
      if isLineEnd { breakRow(&rows) }
      for glyph in glyphs {
        if row.width + glyph.width > columns, row.width > start { breakRow(&rows) }
        row.append(glyph, CellStyle(.plain))
      }
    }
    if draft.cursor == draft.characters.count {
      if row.width >= columns, row.width > start { breakRow(&rows) }
      cursor = (rows.count, row.width)
    }
    rows.append(row)
  }

  /// The first row in view when there are `height` rows: the cursor's row is always in view.
  func top(height: Int) -> Int {
    max(0, min(cursor.row - height + 1, rows.count - height))
  }
}
