/// What a terminal of the xterm family shows after the bytes it was sent, as far as ncurses programs go: a grid of
/// scalars, the cursor, and which control functions came.
///
/// Attributes are not kept. A wide scalar takes its cell and leaves the next one empty; a mark changes nothing.
struct TerminalPicture: Sendable {
  private(set) var columns: Int
  private(set) var rows: Int
  /// Row by row; 0 for the right half of a wide scalar.
  private(set) var cells: [UInt32]
  private(set) var row = 0
  private(set) var column = 0
  private(set) var isCursorVisible = true
  /// How often each control function came, by name: `CSI H`, `CSI ?25h`, `ESC (B`, `C0 0d`, `OSC 0`.
  private(set) var controls: [String: Int] = [:]
  /// What the terminal answers to what it was asked, to be sent to the program.
  var answers: [UInt8] = []

  private var parser = TerminalParser()
  /// The next scalar begins a new row: the last one was written into the last column.
  private var wrapsNext = false
  private var top = 0
  private var bottom: Int
  private var saved = (row: 0, column: 0)
  private var lastScalar: UInt32 = 0x20
  /// Functions beyond these get no name of their own.
  private static let maximumNames = 1_000

  init(columns: Int, rows: Int) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
    cells = Array(repeating: 0x20, count: self.columns * self.rows)
    bottom = self.rows - 1
  }

  /// Takes over a new size as xterm does: the top left corner stays.
  mutating func resize(columns newColumns: Int, rows newRows: Int) {
    var changed = TerminalPicture(columns: newColumns, rows: newRows)
    for row in 0..<min(rows, changed.rows) {
      for column in 0..<min(columns, changed.columns) {
        changed.cells[row * changed.columns + column] = cells[row * columns + column]
      }
    }
    (columns, rows, cells) = (changed.columns, changed.rows, changed.cells)
    (top, bottom) = (0, rows - 1)
    (row, column) = (min(row, rows - 1), min(column, columns - 1))
    wrapsNext = false
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      if let event = parser.receive(byte) { apply(event) }
    }
  }

  /// One row as text, without the blanks at its end.
  func text(row: Int) -> String {
    guard (0..<rows).contains(row) else { return "" }
    var scalars = String.UnicodeScalarView()
    var end = (row + 1) * columns
    while end > row * columns, cells[end - 1] == 0x20 { end -= 1 }
    for value in cells[(row * columns)..<end] where value != 0 {
      scalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return String(scalars)
  }

  /// All rows, each with its line feed.
  var text: String { (0..<rows).map { text(row: $0) + "\n" }.joined() }

  func contains(_ text: String) -> Bool {
    (0..<rows).contains { self.text(row: $0).contains(text) }
  }

  // MARK: - What the bytes do

  private mutating func apply(_ event: TerminalParser.Event) {
    switch event {
    case .scalar(let value): put(value)
    case .control(let byte):
      note("C0 " + (byte < 16 ? "0" : "") + String(byte, radix: 16))
      control(byte)
    case .escape(let intermediates, let final):
      note("ESC " + intermediates + String(Unicode.Scalar(final)))
      if intermediates.isEmpty { escape(final) }
    case .sequence(let sequence):
      note(sequence.name)
      perform(sequence)
    case .text(let name): note(name)
    }
  }

  private mutating func note(_ name: String) {
    guard controls[name] != nil || controls.count < Self.maximumNames else { return }
    controls[name, default: 0] += 1
  }

  private mutating func put(_ value: UInt32) {
    guard let scalar = Unicode.Scalar(value) else { return }
    let width = TerminalWidth.of(scalar)
    guard width > 0 else { return }
    if wrapsNext || column + width > columns {
      column = 0
      lineFeed()
    }
    wrapsNext = false
    cells[row * columns + column] = value
    if width == 2, column + 1 < columns { cells[row * columns + column + 1] = 0 }
    lastScalar = value
    column += width
    if column >= columns {
      column = columns - 1
      wrapsNext = true
    }
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x08: move(to: row, column - 1)
    case 0x09: move(to: row, (column / 8 + 1) * 8)
    case 0x0A, 0x0B, 0x0C: lineFeed()
    case 0x0D: move(to: row, 0)
    default: break
    }
  }

  private mutating func escape(_ final: UInt8) {
    switch final {
    case UInt8(ascii: "7"): saved = (row, column)
    case UInt8(ascii: "8"): move(to: saved.row, saved.column)
    case UInt8(ascii: "M"): if row == top { scroll(by: -1) } else { move(to: row - 1, column) }
    case UInt8(ascii: "D"): lineFeed()
    case UInt8(ascii: "E"):
      column = 0
      lineFeed()
    case UInt8(ascii: "c"):
      erase(0..<cells.count)
      move(to: 0, 0)
    default: break
    }
  }

  private mutating func perform(_ sequence: TerminalParser.Sequence) {
    guard sequence.prefix.isEmpty, sequence.intermediates.isEmpty else {
      return performPrivate(sequence)
    }
    let count = max(1, sequence.parameter(0) ?? 1)
    switch sequence.final {
    case "A": move(to: row - count, column)
    case "B", "e": move(to: row + count, column)
    case "C", "a": move(to: row, column + count)
    case "D": move(to: row, column - count)
    case "E": move(to: row + count, 0)
    case "F": move(to: row - count, 0)
    case "G", "`": move(to: row, count - 1)
    case "d": move(to: count - 1, column)
    case "H", "f": move(to: count - 1, max(1, sequence.parameter(1) ?? 1) - 1)
    case "J": eraseScreen(sequence.parameter(0) ?? 0)
    case "K": eraseRow(sequence.parameter(0) ?? 0)
    case "X": erase(here..<min(here + count, (row + 1) * columns))
    case "P": shift(by: -count)
    case "@": shift(by: count)
    case "L", "M": insertRows(sequence.final == "L" ? count : -count)
    case "S": scroll(by: count)
    case "T": scroll(by: -count)
    case "b": for _ in 0..<min(count, columns) { put(lastScalar) }
    case "r": setRegion(sequence)
    case "n": if count == 6 { answers += Array("\u{1B}[\(row + 1);\(column + 1)R".utf8) }
    case "c": answers += Array("\u{1B}[?62;22c".utf8)
    default: break
    }
  }

  private mutating func performPrivate(_ sequence: TerminalParser.Sequence) {
    switch sequence.name {
    case "CSI ?25h": isCursorVisible = true
    case "CSI ?25l": isCursorVisible = false
    case "CSI ?1049h", "CSI ?1049l": erase(0..<cells.count)
    case "CSI >c": answers += Array("\u{1B}[>41;380;0c".utf8)
    default: break
    }
  }

  private var here: Int { row * columns + column }

  private mutating func move(to newRow: Int, _ newColumn: Int) {
    row = min(max(0, newRow), rows - 1)
    column = min(max(0, newColumn), columns - 1)
    wrapsNext = false
  }

  private mutating func lineFeed() {
    wrapsNext = false
    if row == bottom { scroll(by: 1) } else if row < rows - 1 { row += 1 }
  }

  private mutating func setRegion(_ sequence: TerminalParser.Sequence) {
    let first = max(1, sequence.parameter(0) ?? 1) - 1
    let last = min(rows, max(1, sequence.parameter(1) ?? rows)) - 1
    guard first < last else { return }
    (top, bottom) = (first, last)
    move(to: 0, 0)
  }

  private mutating func erase(_ range: Range<Int>) {
    for index in range.clamped(to: cells.indices) { cells[index] = 0x20 }
  }

  private mutating func eraseScreen(_ which: Int) {
    switch which {
    case 0: erase(here..<cells.count)
    case 1: erase(0..<(here + 1))
    case 2: erase(0..<cells.count)
    default: break
    }
  }

  private mutating func eraseRow(_ which: Int) {
    let start = row * columns
    switch which {
    case 0: erase(here..<(start + columns))
    case 1: erase(start..<(here + 1))
    default: erase(start..<(start + columns))
    }
  }

  /// Moves what is right of the cursor, to the right for a positive count.
  private mutating func shift(by count: Int) {
    let end = (row + 1) * columns
    let rest = Array(cells[here..<end])
    let blank = Array(repeating: UInt32(0x20), count: min(abs(count), rest.count))
    let moved = count > 0 ? blank + rest : Array(rest.dropFirst(-count)) + blank
    cells.replaceSubrange(here..<end, with: moved.prefix(rest.count))
  }

  /// Inserts rows at the cursor, or takes them away, down to the end of the scrolling region.
  private mutating func insertRows(_ count: Int) {
    guard (top...bottom).contains(row) else { return }
    let region = top
    top = row
    scroll(by: -count)
    top = region
  }

  /// Moves the scrolling region's rows up, or down for a negative count.
  private mutating func scroll(by count: Int) {
    let range = (top * columns)..<((bottom + 1) * columns)
    let step = min(abs(count), bottom - top + 1) * columns
    let old = Array(cells[range])
    let blank = Array(repeating: UInt32(0x20), count: step)
    cells.replaceSubrange(
      range, with: count > 0 ? Array(old.dropFirst(step)) + blank : blank + old.dropLast(step))
  }
}

/// How many cells a terminal gives a scalar, roughly: enough to follow what programs print.
enum TerminalWidth {
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F320,
    0x1F3E0...0x1F3F0, 0x1F400...0x1F43E, 0x1F442...0x1F4FC, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5,
    0x1F90C...0x1F93A, 0x1F947...0x1F9FF, 0x20000...0x3FFFD,
  ]

  static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    guard value >= 0x300 else { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return wide.contains { $0.contains(value) } ? 2 : 1
    }
  }
}
