import Testing

@testable import HookupTUI

/// A screen from a picture; a sign beyond U+2E80 is two columns wide.
private func screen(_ rows: String...) -> ScreenBuffer {
  let grid = rows.map { row in
    row.flatMap { character -> [Cell] in
      let isWide = (character.unicodeScalars.first?.value ?? 0) > 0x2E80
      return isWide
        ? [Cell(String(character), width: 2), Cell("", width: 0)] : [Cell(String(character))]
    }
  }
  var screen = ScreenBuffer(columns: grid.map(\.count).max() ?? 0, rows: rows.count)
  for (row, cells) in grid.enumerated() {
    for (column, cell) in cells.enumerated() { screen.cells[row * screen.columns + column] = cell }
  }
  return screen
}

private func runs(_ old: ScreenBuffer, _ new: ScreenBuffer) -> [ScreenDiff.Run] {
  ScreenDiff(from: old, to: new).runs
}

@Suite struct ScreenDiffTests {
  @Test func `nothing is painted when nothing changed`() {
    let diff = ScreenDiff(from: screen("abc", "日d"), to: screen("abc", "日d"))
    #expect(diff.isEmpty)
  }

  @Test func `everything is painted when nothing is known`() {
    let diff = ScreenDiff(from: nil, to: screen("abc", "def"))
    #expect(diff.runs == [.init(row: 0, columns: 0..<3), .init(row: 1, columns: 0..<3)])
    #expect(diff.cursorMoved)
  }

  @Test func `everything is painted when the size changed`() {
    #expect(runs(screen("abc"), screen("abcd")) == [.init(row: 0, columns: 0..<4)])
    #expect(runs(screen("abc", "def"), screen("abc")) == [.init(row: 0, columns: 0..<3)])
  }

  @Test func `only what changed is painted, rows from the top`() {
    #expect(
      runs(screen("abcdef", "abcdef", "abcdef"), screen("xbcdef", "abcdef", "abcdyz")) == [
        .init(row: 0, columns: 0..<1), .init(row: 2, columns: 4..<6),
      ])
  }

  @Test func `changes that are close are one run, changes far apart are two`() {
    #expect(runs(screen("abcdefghij"), screen("Abcdefghij")) == [.init(row: 0, columns: 0..<1)])
    #expect(runs(screen("abcdefghij"), screen("AbcdeFghij")) == [.init(row: 0, columns: 0..<6)])
    #expect(
      runs(screen("abcdefghij"), screen("AbcdefGhij")) == [
        .init(row: 0, columns: 0..<1), .init(row: 0, columns: 6..<7),
      ])
  }

  @Test func `a wide cell is painted whole, whichever half changed`() {
    #expect(runs(screen("a日b"), screen("a本b")) == [.init(row: 0, columns: 1..<3)])
    #expect(runs(screen("axyb"), screen("a日b")) == [.init(row: 0, columns: 1..<3)])
    #expect(runs(screen("a日b"), screen("axyb")) == [.init(row: 0, columns: 1..<3)])
    var rightHalf = screen("a日b")
    rightHalf.cells[2].style = CellStyle(.bad)
    #expect(runs(screen("a日b"), rightHalf) == [.init(row: 0, columns: 1..<3)])
  }

  @Test func `a change of style alone is a change`() {
    var bold = screen("abc")
    bold.cells[1].style = CellStyle(.plain, bold: true)
    #expect(runs(screen("abc"), bold) == [.init(row: 0, columns: 1..<2)])
  }

  @Test func `a cursor that moved, came or went is something to do`() {
    let without = screen("abc")
    var at1 = without
    at1.cursor = (0, 1)
    var at2 = without
    at2.cursor = (0, 2)
    for (old, new) in [(without, at1), (at1, at2), (at2, without)] {
      let diff = ScreenDiff(from: old, to: new)
      #expect(diff.runs.isEmpty && diff.cursorMoved && !diff.isEmpty)
    }
    #expect(ScreenDiff(from: at1, to: at1).isEmpty)
  }

  @Test func `an empty screen paints nothing and does not trap`() {
    #expect(ScreenDiff(from: nil, to: ScreenBuffer(columns: 0, rows: 5)).isEmpty)
    #expect(ScreenDiff(from: nil, to: ScreenBuffer(columns: 5, rows: 0)).runs.isEmpty)
  }

  /// Painting the runs of a difference over the old screen gives the new one, for any two screens.
  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func `the runs turn the old screen into the new`(seed: UInt64) {
    var state = seed
    func next(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    func row() -> String {
      var text = ""
      var width = 0
      while width < 20 {
        let isWide = width < 19 && next(4) == 0
        text += isWide ? ["日", "本"][next(2)] : ["a", "b", "a", "a"][next(4)]
        width += isWide ? 2 : 1
      }
      return text
    }
    let (old, new) = (screen(row(), row(), row()), screen(row(), row(), row()))
    var painted = old
    for run in runs(old, new) {
      #expect(new.cells[run.row * 20 + run.columns.lowerBound].width != 0, "seed \(seed)")
      for column in run.columns {
        painted.cells[run.row * 20 + column] = new.cells[run.row * 20 + column]
      }
    }
    #expect(painted == new, "seed \(seed)")
  }

  @Test func `every style has an index of its own, and none is beyond the count`() {
    var seen: Set<Int> = []
    var styles = 0
    for role in CellStyle.Role.allCases {
      for flags in 0..<16 {
        var style = CellStyle(
          role, bold: flags & 1 != 0, underline: flags & 2 != 0, reverse: flags & 4 != 0)
        style.isBar = flags & 8 != 0
        seen.insert(style.index)
        styles += 1
      }
    }
    #expect(seen.count == styles)
    #expect(seen.allSatisfy { (0..<CellStyle.count).contains($0) })
  }
}

@Suite struct SignTextTests {
  @Test(arguments: [
    "", "a", "é", "e\u{301}", "日", "\u{1F1E9}\u{1F1EA}", "a\u{301}\u{302}\u{303}\u{304}",
    "\u{10FFFF}\u{10FFFE}\u{10FFFD}\u{10FFFC}\u{10FFFB}",
  ]) func `five scalars are held as they were`(text: String) {
    let sign = SignText(text)
    #expect(sign.text.unicodeScalars.elementsEqual(text.unicodeScalars))
    #expect(sign.count == text.unicodeScalars.count)
    #expect(sign.isEmpty == text.isEmpty)
    #expect(sign[sign.count] == 0 || sign.count == SignText.maximumScalars)
  }

  @Test func `what is beyond five is dropped, and a cell is small and without references`() {
    #expect(SignText("abcdefg").text == "abcde")
    #expect(MemoryLayout<Cell>.stride <= 24 && MemoryLayout<Glyph>.stride <= 24)
    #expect(_isPOD(Cell.self) && _isPOD(Glyph.self))
  }

  @Test func `the quick answer on a scalar is the thorough one`() {
    for value in UInt32(0)...0x1_FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if Sanitizer.keeps(scalar) != (Sanitizer.treatment(of: scalar) == .keep) {
        Issue.record("U+\(String(value, radix: 16))")
      }
    }
  }
}
