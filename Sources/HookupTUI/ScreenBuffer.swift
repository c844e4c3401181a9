import HookupCore

/// How a cell looks: roles and attributes, no terminal codes. The terminal driver maps roles to colours.
public struct CellStyle: Hashable, Sendable {
  /// What a piece of text is, from which a theme makes its colour. Raw values index the theme's palette.
  public enum Role: UInt8, CaseIterable, Sendable {
    case plain, dim, border, title, good, warning, bad, accent, ownText, notice, mention
    /// Nick colours, chosen by a hash of the nick.
    case nick0, nick1, nick2, nick3, nick4, nick5, nick6, nick7, nick8, nick9, nick10, nick11
  }
  public var role: Role = .plain
  public var bold = false
  public var underline = false
  public var reverse = false
  /// Whether the cell is part of a bar across the screen: its ground differs from that of the text.
  public var isBar = false
  public init() {}
  public init(_ role: Role, bold: Bool = false, underline: Bool = false, reverse: Bool = false) {
    self.role = role
    self.bold = bold
    self.underline = underline
    self.reverse = reverse
  }
}

extension CellStyle {
  /// How many styles there are; their indices are below it.
  public static let count = Role.allCases.count * 16

  /// Another number for each style, for tables of what a driver makes of it.
  public var index: Int {
    Int(role.rawValue) * 16 + (isBar ? 8 : 0) + (bold ? 4 : 0) + (underline ? 2 : 0)
      + (reverse ? 1 : 0)
  }
}

/// One cell of the grid: a base scalar and up to four marks, or the right half of a wide cell. A flag is two cells of
/// one regional indicator each.
public struct Cell: Hashable, Sendable {
  /// Printable scalars only; empty for the right half of a wide cell.
  public var sign = SignText.space
  /// 1 or 2; 0 for the right half of a wide cell.
  public var width: UInt8 = 1
  public var style = CellStyle()
  public init() {}
  public init(_ text: String, width: UInt8 = 1, style: CellStyle = CellStyle()) {
    self.init(sign: SignText(text), width: width, style: style)
  }
  init(sign: SignText, width: UInt8 = 1, style: CellStyle = CellStyle()) {
    self.sign = sign
    self.width = width
    self.style = style
  }
  /// The same scalars as a string.
  public var text: String { sign.text }
}

/// The whole screen as a grid of cells, and where the real cursor stands.
public struct ScreenBuffer: Hashable, Sendable {
  public let columns: Int
  public let rows: Int
  /// Row by row, `rows * columns` of them.
  public internal(set) var cells: [Cell]
  public var cursor: (row: Int, column: Int)? {
    get { cursorRow.map { ($0, cursorColumn) } }
    set {
      cursorRow = newValue?.row
      cursorColumn = newValue?.column ?? 0
    }
  }
  private var cursorRow: Int?
  private var cursorColumn = 0

  public init(columns: Int, rows: Int) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    cells = Array(repeating: Cell(), count: self.columns * self.rows)
  }

  /// The cells of one row.
  public subscript(row row: Int) -> ArraySlice<Cell> {
    cells[(row * columns)..<((row + 1) * columns)]
  }
}
