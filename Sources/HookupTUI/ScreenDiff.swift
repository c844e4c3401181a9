/// What must be painted to turn one screen into another.
public struct ScreenDiff: Hashable, Sendable {
  /// A stretch of changed cells in one row. It begins at a cell's left edge and ends at one's right edge.
  public struct Run: Hashable, Sendable {
    public var row: Int
    public var columns: Range<Int>
    public init(row: Int, columns: Range<Int>) {
      self.row = row
      self.columns = columns
    }
  }

  /// Top to bottom, left to right.
  public private(set) var runs: [Run] = []
  public private(set) var cursorMoved = false

  /// Nothing to paint.
  public var isEmpty: Bool { runs.isEmpty && !cursorMoved }

  /// Unchanged cells between two changed ones that are painted along: moving the cursor costs more bytes.
  static let bridge = 4

  /// `old` is what the terminal shows; nil, or a screen of another size, paints everything.
  public init(from old: ScreenBuffer?, to new: ScreenBuffer) {
    guard let old, old.columns == new.columns, old.rows == new.rows else {
      guard new.columns > 0 else { return }
      runs = (0..<new.rows).map { Run(row: $0, columns: 0..<new.columns) }
      cursorMoved = true
      return
    }
    cursorMoved =
      old.cursor?.row != new.cursor?.row || old.cursor?.column != new.cursor?.column
    // Screens made from one another share their storage: then this is one comparison of pointers.
    guard old.cells != new.cells else { return }
    old.cells.withUnsafeBufferPointer { before in
      new.cells.withUnsafeBufferPointer { after in
        for row in 0..<new.rows {
          let range = (row * new.columns)..<((row + 1) * new.columns)
          compare(row: row, before[range], after[range])
        }
      }
    }
  }

  private mutating func compare(
    row: Int, _ old: Slice<UnsafeBufferPointer<Cell>>, _ new: Slice<UnsafeBufferPointer<Cell>>
  ) {
    var open: Range<Int>?
    let base = new.startIndex
    for column in 0..<new.count where old[base + column] != new[base + column] {
      let start = Self.leftEdge(of: column, in: new)
      let end = Self.rightEdge(of: column, in: new)
      if let range = open, start - range.upperBound <= Self.bridge {
        open = range.lowerBound..<max(range.upperBound, end)
      } else {
        if let range = open { runs.append(Run(row: row, columns: range)) }
        open = start..<end
      }
    }
    if let range = open { runs.append(Run(row: row, columns: range)) }
  }

  private static func leftEdge(of column: Int, in row: Slice<UnsafeBufferPointer<Cell>>) -> Int {
    var column = column
    while column > 0, row[row.startIndex + column].width == 0 { column -= 1 }
    return column
  }

  private static func rightEdge(of column: Int, in row: Slice<UnsafeBufferPointer<Cell>>) -> Int {
    var end = column + 1
    while end < row.count, row[row.startIndex + end].width == 0 { end += 1 }
    return end
  }
}
