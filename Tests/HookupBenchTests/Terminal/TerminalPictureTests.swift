import Testing

@testable import hookup_bench

@Suite struct TerminalPictureTests {
  private func picture(_ bytes: String, columns: Int = 10, rows: Int = 3) -> TerminalPicture {
    var picture = TerminalPicture(columns: columns, rows: rows)
    picture.receive(Array(bytes.utf8))
    return picture
  }

  @Test(arguments: [
    ("abc", "abc\n\n\n"), ("abc\r\ndef", "abc\ndef\n\n"), ("abc\u{8}x", "abx\n\n\n"),
    ("\u{1B}[2;3Hx\u{1B}[Ay", "   y\n  x\n\n"), ("abcdef\u{1B}[3G\u{1B}[K", "ab\n\n\n"),
    ("abcdef\u{1B}[1G\u{1B}[2P", "cdef\n\n\n"), ("abc\u{1B}[1G\u{1B}[2@", "  abc\n\n\n"),
    ("abcdef\u{1B}[2G\u{1B}[3X", "a   ef\n\n\n"), ("ab\u{1B}[2Jc", "  c\n\n\n"),
    ("a\u{1B}[4b", "aaaaa\n\n\n"), ("1234567890x", "1234567890\nx\n\n"),
    ("123456789日", "123456789\n日\n\n"), ("a\r\nb\r\nc\r\nd", "b\nc\nd\n"),
    ("a\r\nb\r\nc\u{1B}[2;3r\u{1B}[3;1H\nx", "a\nc\nx\n"),
    ("a\r\nb\u{1B}[1;1H\u{1B}[L", "\na\nb\n"),
    ("a\r\nb\u{1B}[1;1H\u{1B}[M", "b\n\n\n"), ("a\u{1B}[1;1H\u{1B}M", "\na\n\n"),
    ("\u{1B}]0;title\u{7}a\u{1B}]8;;x\u{1B}\\b\u{1B}P1\u{1B}\\c", "abc\n\n\n"),
    ("\u{1B}7ab\u{1B}8c", "cb\n\n\n"), ("e\u{301}x", "ex\n\n\n"),
    ("\u{1B}(B\u{1B}[0;1mx", "x\n\n\n"),
  ]) func `bytes do what they do on a terminal`(bytes: String, text: String) {
    #expect(picture(bytes).text == text)
  }

  @Test func `control functions are counted by name, wherever their pieces are cut`() {
    let bytes = Array("\u{1B}[?25l\u{1B}[1;31mx\u{1B}]52;c;x\u{7}\u{9B}\u{1B}c\u{7}".utf8)
    var whole = TerminalPicture(columns: 5, rows: 2)
    whole.receive(bytes)
    var single = TerminalPicture(columns: 5, rows: 2)
    for byte in bytes { single.receive([byte]) }
    #expect(
      whole.controls == [
        "CSI ?25l": 1, "CSI m": 1, "OSC 52": 1, "C0 9b": 1, "ESC c": 1, "C0 07": 1,
      ])
    #expect(single.controls == whole.controls && single.cells == whole.cells)
    #expect(!whole.isCursorVisible)
  }

  @Test func `what is asked is answered`() {
    #expect(picture("ab\u{1B}[6n").answers == Array("\u{1B}[1;3R".utf8))
    #expect(picture("\u{1B}[c").answers == Array("\u{1B}[?62;22c".utf8))
    #expect(picture("\u{1B}[>c").answers == Array("\u{1B}[>41;380;0c".utf8))
  }

  @Test func `a new size keeps the top left corner`() {
    var picture = picture("abcdef\r\n123")
    picture.resize(columns: 4, rows: 5)
    #expect(picture.text == "abcd\n123\n\n\n\n")
    #expect((picture.row, picture.column) == (1, 3))
  }

  @Test func `any bytes at any size leave a whole picture`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var picture = TerminalPicture(
        columns: .random(in: 1...20, using: &random), rows: .random(in: 1...8, using: &random))
      for _ in 0..<40 {
        let functions = Array("ABCDGHJKLMPSTXdbr@m".utf8)
        var bytes: [UInt8] = (0..<5).map { _ in .random(in: 0...255, using: &random) }
        bytes += [0x1B, 0x5B] + Array("\(Int.random(in: 0...99, using: &random))".utf8)
        bytes.append(functions.randomElement(using: &random) ?? 0x41)
        picture.receive(bytes)
      }
      #expect(picture.cells.count == picture.columns * picture.rows)
      #expect((0..<picture.rows).contains(picture.row))
      #expect((0..<picture.columns).contains(picture.column))
    }
  }
}

@Suite struct TerminalTableTests {
  @Test func `a budget that is missed is named, also beside others that miss it`() {
    var ours = TerminalFigures()
    ours.paintMilliseconds = 12
    ours.idleMB = 20.5
    var others = TerminalFigures()
    others.paintMilliseconds = 99
    let table = TerminalTable(
      budgets: TerminalBudget.all(lines: 1_000, lively: 500),
      columns: [("hookup-chat", ours), ("irssi", others)])
    #expect(table.missed == ["memory idle, connected, panes on"])
    let lines = table.text.split(separator: "\n").map(String.init)
    #expect(lines.count == 3, "figures that nobody has are left out")
    #expect(lines[0].hasSuffix("irssi"))
    #expect(lines[1].contains("40 ms") && lines[1].contains("12.0 ms  ok"))
    #expect(lines[1].hasSuffix("99.0 ms"))
    #expect(lines[2].contains("20.5 MB  MISSED") && lines[2].hasSuffix("-"))
  }

  @Test func `marks share no sign with one another at the same place`() {
    for number in 1..<6 {
      let pair = zip(LineText.mark(number), LineText.mark(number + 1))
      #expect(pair.allSatisfy { $0 != $1 })
    }
    var text = LineText(seed: 1)
    let lines = text.lines(100)
    #expect(lines.allSatisfy { (14...95).contains($0.utf8.count) })
    #expect(lines.allSatisfy { $0.allSatisfy { !$0.isUppercase } })
  }
}
