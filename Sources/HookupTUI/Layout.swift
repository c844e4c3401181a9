/// Where things stand on a screen of a given size. Every size has a layout, down to none at all.
struct Layout: Hashable, Sendable {
  struct Area: Hashable, Sendable {
    var row = 0
    var column = 0
    var columns = 0
    var rows = 0
    var end: Int { column + columns }
  }

  /// By width.
  enum Kind: Hashable, Sendable {
    /// 110 columns and more: rooms, chat, panes.
    case wide
    /// 76...109: chat and panes; the rooms are in the status line.
    case medium
    /// 50...75: chat; a pane takes its place while it is open.
    case narrow
    /// 30...49: no times, `<nick>` in the text.
    case slim
    /// Less than 30 columns or 6 rows: the state's word, the last lines, the input.
    case tiny
  }

  static let roomsColumns = 18
  /// The chat never gets fewer columns than this beside a pane.
  static let minimumChatColumns = 45
  /// Rows of the newest lines that stay in sight while the view is scrolled up, and the height from which there is room for
  /// them.
  static let tailRows = 3
  static let minimumRowsForTail = 12

  var kind: Kind
  var header: Area?
  var rooms: Area?
  var chat = Area()
  var side: Area?
  var status: Area?
  var input = Area()

  /// - Parameters:
  ///   - inputRows: rows the draft would like; it gets a third of the height at most.
  ///   - showsRooms: whether the list of rooms is switched on; it is shown only on a wide screen.
  ///   - showsSide: whether any side pane is switched on.
  init(columns: Int, rows: Int, inputRows: Int, showsRooms: Bool, showsSide: Bool) {
    kind =
      if columns < 30 || rows < 6 { .tiny } else if columns < 50 { .slim } else if columns < 76 {
        .narrow
      } else if columns < 110 {
        .medium
      } else {
        .wide
      }
    guard columns > 0, rows > 0 else { return }
    let inputHeight = min(max(1, inputRows), max(1, rows / 3))
    input = Area(row: rows - inputHeight, columns: columns, rows: inputHeight)
    var (top, bottom) = (0, input.row)
    if rows >= 10 {
      bottom -= 1
      status = Area(row: bottom, columns: columns, rows: 1)
    }
    if bottom > top {
      header = Area(row: top, columns: columns, rows: 1)
      top += 1
    }
    chat = Area(row: top, columns: columns, rows: max(0, bottom - top))
    guard rows >= 10, kind == .wide || kind == .medium else { return }
    if showsSide {
      let width = kind == .wide ? 28 : 22
      side = Area(row: top, column: columns - width, columns: width, rows: chat.rows)
      chat.columns -= width + 1
    }
    if kind == .wide, showsRooms, chat.columns - Self.roomsColumns - 1 >= Self.minimumChatColumns {
      rooms = Area(row: top, columns: Self.roomsColumns, rows: chat.rows)
      chat.column += Self.roomsColumns + 1
      chat.columns -= Self.roomsColumns + 1
    }
  }
}
