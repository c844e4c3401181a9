/// The cell writer: the only way anything gets onto a screen.
extension ScreenBuffer {
  /// Writes at a place; what would pass `end` (the right edge unless told) is left out, a wide glyph whole. Places
  /// outside the grid are no error: nothing is written there. Returns the column behind the text.
  @discardableResult
  mutating func write(_ text: StyledText, row: Int, column: Int, end: Int? = nil) -> Int {
    let limit = min(columns, end ?? columns)
    var column = column
    guard (0..<rows).contains(row), column >= 0 else { return column }
    for (glyph, style) in zip(text.glyphs, text.styles) {
      guard column + glyph.width <= limit else { break }
      put(glyph, row: row, column: column, style: style)
      column += glyph.width
    }
    return column
  }

  @discardableResult
  mutating func write(
    _ text: String, _ style: CellStyle = CellStyle(), row: Int, column: Int, end: Int? = nil
  ) -> Int {
    write(StyledText(text, style), row: row, column: column, end: end)
  }

  /// Gives a stretch of a row one sign.
  mutating func fill(_ sign: String = " ", _ style: CellStyle, row: Int, columns range: Range<Int>)
  {
    guard (0..<rows).contains(row) else { return }
    let glyph = Glyph(text: sign, width: 1)
    for column in range.clamped(to: 0..<columns) {
      put(glyph, row: row, column: column, style: style)
    }
  }

  /// The second of two checks: whatever came here unsanitised is shown as U+FFFD, not obeyed.
  private mutating func put(_ glyph: Glyph, row: Int, column: Int, style: CellStyle) {
    let start = row * columns + column
    if glyph.isFlag {
      // Two cells of one letter each; a terminal that draws flags joins them.
      for offset in 0..<2 {
        guard let scalar = Unicode.Scalar(glyph.sign[offset]) else { continue }
        let sign = Self.safe(SignText(scalar: scalar))
        set(Cell(sign: sign, width: 1, style: style), at: start + offset, row: row)
      }
      return
    }
    let width = min(2, max(1, glyph.width))
    let cell = Cell(sign: Self.safe(glyph.sign), width: UInt8(width), style: style)
    set(cell, at: start, row: row)
    if width == 2 {
      set(Cell(sign: SignText(), width: 0, style: style), at: start + 1, row: row)
    }
  }

  /// Sets a cell and, where that takes half of a wide cell, blanks the other half.
  private mutating func set(_ cell: Cell, at index: Int, row: Int) {
    let bounds = (row * columns)..<((row + 1) * columns)
    guard bounds.contains(index) else { return }
    if cells[index].width == 0, cell.width != 0, bounds.contains(index - 1) {
      cells[index - 1] = Cell(sign: .space, style: cells[index - 1].style)
    }
    if cells[index].width == 2, bounds.contains(index + 1) {
      cells[index + 1] = Cell(sign: .space, style: cells[index + 1].style)
    }
    cells[index] = cell
  }

  private static func safe(_ sign: SignText) -> SignText {
    let count = sign.count
    if count == 1, (0x20...0x7E).contains(sign[0]) { return sign }
    for index in 0..<count {
      guard let scalar = Unicode.Scalar(sign[index]), Sanitizer.keeps(scalar) else {
        return .replacement
      }
    }
    return count == 0 ? .replacement : sign
  }
}
