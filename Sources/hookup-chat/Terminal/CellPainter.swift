import CNcursesw
import HookupTUI

/// From cells to ncurses: attributes and colour pairs for each style, and rows as ncurses takes them.
@TerminalActor
struct CellPainter {
  /// Colour depths that are told apart.
  private enum Depth { case mono, basic, palette }

  private struct Look {
    var attributes: UInt8 = 0
    var pair: UInt8 = 0
  }

  /// Colour pairs that are used at most; those beyond are painted in the terminal's own colours.
  private static let maximumPairs: Int32 = 255

  private let depth: Depth
  private var theme: Theme
  /// By ``CellStyle/index``.
  private var looks: [Look?]
  private var pairs: [[UInt8?]: UInt8] = [:]
  private var row: [hk_cell] = []
  /// Nil when it must be set again.
  var cursorIsVisible: Bool?

  /// Call after ncurses has the terminal.
  init(options: TerminalOptions) {
    depth = options.colours ? Self.startColours(options) : .mono
    theme = depth == .mono ? .mono : options.theme
    looks = Array(repeating: nil, count: CellStyle.count)
  }

  /// Paints in other colours from now on, where there are any.
  mutating func use(_ theme: Theme) {
    guard depth != .mono else { return }
    self.theme = theme
    looks = Array(repeating: nil, count: CellStyle.count)
  }

  private static func startColours(_ options: TerminalOptions) -> Depth {
    guard TerminalProcess.environment("NO_COLOR") == nil,
      TerminalProcess.environment("TERM")?.hasSuffix("-mono") != true,
      has_colors(), start_color() == OK, use_default_colors() == OK, hk_colors() >= 8
    else { return .mono }
    return hk_colors() >= 256 && !options.onlyBasicColours ? .palette : .basic
  }

  /// Puts a stretch of one row into the standard screen.
  mutating func put(_ cells: ArraySlice<Cell>, row y: Int, column x: Int) {
    row.removeAll(keepingCapacity: true)
    for cell in cells where cell.width > 0 {
      let look = look(of: cell.style)
      var out = hk_cell()
      out.attributes = look.attributes
      out.pair = look.pair
      out.width = min(cell.width, 2)
      let count = cell.sign.count
      for index in 0..<count { hk_cell_set(&out, Int32(index), cell.sign[index]) }
      out.count = UInt8(count)
      row.append(out)
    }
    hk_put_row(Int32(y), Int32(x), row, Int32(row.count))
  }

  private mutating func look(of style: CellStyle) -> Look {
    let index = style.index
    if let look = looks[index] { return look }
    let look = makeLook(theme.paint(for: style))
    looks[index] = look
    return look
  }

  private mutating func makeLook(_ wanted: Theme.Paint) -> Look {
    let paint = depth == .basic ? Self.basic(wanted) : wanted
    var look = Look()
    if paint.bold { look.attributes |= UInt8(HK_BOLD) }
    if paint.underline { look.attributes |= UInt8(HK_UNDERLINE) }
    if paint.reverse { look.attributes |= UInt8(HK_REVERSE) }
    if paint.dim { look.attributes |= UInt8(HK_DIM) }
    look.pair = pair(paint.foreground, paint.background)
    return look
  }

  /// Eight colours have no greys: a grey ground becomes reverse video, grey text the terminal's own colour, dimmed
  /// where it was darker than half.
  private static func basic(_ paint: Theme.Paint) -> Theme.Paint {
    var result = paint
    if let background = paint.background, background >= 232 {
      result.background = nil
      result.foreground = nil
      result.reverse.toggle()
    } else if let foreground = paint.foreground, foreground >= 232 {
      result.foreground = nil
      result.dim = foreground < 244
    } else {
      result.foreground = paint.foreground.map(Theme.basicColour)
      result.background = paint.background.map(Theme.basicColour)
    }
    return result
  }

  private mutating func pair(_ foreground: UInt8?, _ background: UInt8?) -> UInt8 {
    guard foreground != nil || background != nil else { return 0 }
    if let known = pairs[[foreground, background]] { return known }
    let number = Int32(pairs.count + 1)
    guard number <= min(Self.maximumPairs, hk_color_pairs() - 1),
      init_pair(Int16(number), foreground.map(Int16.init) ?? -1, background.map(Int16.init) ?? -1)
        == OK
    else { return 0 }
    pairs[[foreground, background]] = UInt8(number)
    return UInt8(number)
  }
}

extension NcursesTerminal {
  /// Paints what differs from the last screen, in one update; the real cursor goes to the screen's cursor last.
  func draw(_ buffer: ScreenBuffer) {
    let diff = ScreenDiff(from: shown, to: buffer)
    guard !diff.isEmpty else { return }
    if shown == nil { werase(hk_stdscr()) }
    for run in diff.runs where run.row < rows {
      let cells = buffer[row: run.row]
      let start = cells.startIndex
      painter.put(
        cells[(start + run.columns.lowerBound)..<(start + run.columns.upperBound)], row: run.row,
        column: run.columns.lowerBound)
    }
    place(cursor: buffer.cursor)
    wnoutrefresh(hk_stdscr())
    doupdate()
    shown = buffer
    startupPages.releaseWhenDue(at: .now)
  }

  private func place(cursor: (row: Int, column: Int)?) {
    let isVisible = cursor != nil
    if painter.cursorIsVisible != isVisible {
      curs_set(isVisible ? 1 : 0)
      painter.cursorIsVisible = isVisible
    }
    let row = min(max(0, cursor?.row ?? 0), rows - 1)
    let column = min(max(0, cursor?.column ?? 0), columns - 1)
    wmove(hk_stdscr(), Int32(row), Int32(column))
  }
}
