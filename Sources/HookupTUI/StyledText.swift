/// One row of text in which every sign has its style.
struct StyledText: Hashable, Sendable {
  private(set) var glyphs: [Glyph] = []
  private(set) var styles: [CellStyle] = []
  /// Cells it takes.
  private(set) var width = 0

  init() {}

  /// Text of any origin; it is sanitised.
  init(_ text: String, _ style: CellStyle = CellStyle()) {
    append(text, style)
  }

  init(_ text: String, _ role: CellStyle.Role, bold: Bool = false) {
    append(text, CellStyle(role, bold: bold))
  }

  init(_ glyphs: some Sequence<Glyph>, _ style: CellStyle) {
    for glyph in glyphs { append(glyph, style) }
  }

  mutating func append(_ glyph: Glyph, _ style: CellStyle) {
    var style = style
    if glyph.isEscape { style.reverse.toggle() }
    glyphs.append(glyph)
    styles.append(style)
    width += glyph.width
  }

  mutating func append(_ text: String, _ style: CellStyle = CellStyle()) {
    // Most of what is shown needs no care, and none of its signs is an escape.
    if text.utf8.count <= 1_024, Sanitizer.isPlain(text) {
      let plain = Sanitizer.plainGlyphs(of: text)
      glyphs += plain
      styles += repeatElement(style, count: plain.count)
      width += plain.count
      return
    }
    for glyph in Sanitizer.glyphs(of: text, column: width) { append(glyph, style) }
  }

  mutating func append(_ text: String, _ role: CellStyle.Role, bold: Bool = false) {
    append(text, CellStyle(role, bold: bold))
  }

  mutating func append(_ other: StyledText) {
    glyphs += other.glyphs
    styles += other.styles
    width += other.width
  }

  /// Changes the style of some of its glyphs, by their indices; those that are not there are left out.
  mutating func restyle(_ range: Range<Int>, _ change: (inout CellStyle) -> Void) {
    for index in range.clamped(to: styles.indices) { change(&styles[index]) }
  }

  mutating func pad(to columns: Int, _ style: CellStyle = CellStyle()) {
    guard width < columns else { return }
    glyphs += repeatElement(.space, count: columns - width)
    styles += repeatElement(style, count: columns - width)
    width = columns
  }

  /// At most `columns` wide; what was cut is marked by `ellipsis`, one cell.
  func truncated(to columns: Int, ellipsis: String = "") -> StyledText {
    guard width > columns else { return self }
    let room = max(0, columns - (ellipsis.isEmpty ? 0 : 1))
    var short = StyledText()
    for (glyph, style) in zip(glyphs, styles) {
      guard short.width + glyph.width <= room else { break }
      short.append(glyph: glyph, exactly: style)
    }
    if !ellipsis.isEmpty, columns > 0 {
      short.append(Glyph(text: ellipsis, width: 1), short.styles.last ?? CellStyle())
    }
    return short
  }

  /// This at the left edge and `right` at the right one, `columns` wide together; the left one gives way.
  func justified(with right: StyledText, columns: Int, ellipsis: String = "") -> StyledText {
    var row = self
    let end = right.truncated(to: columns)
    row = row.truncated(
      to: max(0, columns - end.width - (end.width > 0 ? 1 : 0)), ellipsis: ellipsis)
    row.pad(to: columns - end.width)
    row.append(end)
    return row
  }

  /// The same as part of a bar, filled up to `columns`.
  func bar(columns: Int) -> StyledText {
    var bar = self
    bar.pad(to: columns)
    for index in bar.styles.indices { bar.styles[index].isBar = true }
    return bar
  }

  private mutating func append(glyph: Glyph, exactly style: CellStyle) {
    glyphs.append(glyph)
    styles.append(style)
    width += glyph.width
  }

  static func + (left: StyledText, right: StyledText) -> StyledText {
    var sum = left
    sum.append(right)
    return sum
  }
}

extension [Glyph] {
  var width: Int { reduce(0) { $0 + $1.width } }

  /// The rows that these glyphs make in a column of `width` cells: words stay whole where they fit, spaces at the end
  /// of a full row are swallowed. At least one row.
  func wrapped(to width: Int) -> [ArraySlice<Glyph>] {
    var rows: [ArraySlice<Glyph>] = []
    var start = 0
    while start < count {
      let end = endOfRow(from: start, width: Swift.max(1, width))
      rows.append(self[start..<end.text])
      start = end.next
    }
    return rows.isEmpty ? [[]] : rows
  }

  /// Rows as full as can be, whatever the words.
  func chunked(to width: Int) -> [ArraySlice<Glyph>] {
    var rows: [ArraySlice<Glyph>] = []
    var start = 0
    while start < count {
      var (end, column) = (start, 0)
      while end < count, column + self[end].width <= Swift.max(1, width) {
        column += self[end].width
        end += 1
      }
      // A glyph wider than the whole row takes a row of its own.
      end = Swift.max(end, start + 1)
      rows.append(self[start..<end])
      start = end
    }
    return rows
  }

  private func endOfRow(from start: Int, width: Int) -> (text: Int, next: Int) {
    var column = 0
    var index = start
    var lastBreak: Int?
    while index < count, column + self[index].width <= width {
      column += self[index].width
      if self[index].isSpace { lastBreak = index }
      index += 1
    }
    if index == count { return (count, count) }
    if self[index].isSpace {
      lastBreak = index
    } else if lastBreak == nil {
      // One word longer than the row. A glyph wider than the whole row takes a row of its own.
      let end = Swift.max(index, start + 1)
      return (end, end)
    }
    guard let space = lastBreak, space > start else { return (index, Swift.max(index, start + 1)) }
    var end = space
    while end > start, self[end - 1].isSpace { end -= 1 }
    var next = space
    while next < count, self[next].isSpace { next += 1 }
    // Leading spaces are the writer's indentation: they alone are no reason to leave a row empty.
    return end == start ? (index, Swift.max(index, start + 1)) : (end, next)
  }
}
