import HookupCore
import Testing

@testable import HookupTUI

@Suite struct SanitizerTests {
  func shown(_ text: String) -> String { Sanitizer.glyphs(of: text).map(\.text).joined() }

  @Test(arguments: [
    ("plain ASCII ~", "plain ASCII ~"),
    ("\u{1B}]0;x\u{7}", "^[]0;x^G"), ("\u{1B}[2J\u{1B}c", "^[[2J^[c"), ("\u{0}", "^@"),
    ("\u{9B}2J\u{9D}\u{80}\u{85}", "\\u{9b}2J\\u{9d}\\u{80}\\u{85}"),
    ("a\rb", "ab"), ("a\u{8}b\u{7F}", "a^Hb^?"), ("a\nb\r\nc", "a^Jb^Jc"), ("\u{B}\u{C}", "^K^L"),
    ("a\tb", "a       b"),
    ("\u{202A}\u{202E}\u{2066}\u{2069}", "<202A><202E><2066><2069>"),
    ("\u{200E}\u{200F}\u{61C}", "<200E><200F><061C>"),
    ("\u{2028}\u{2029}\u{FEFF}\u{FFF9}", "<2028><2029><FEFF><FFF9>"),
    ("a\u{E0041}\u{E007F}", "a<E0041><E007F>"),
    ("a\u{200B}b\u{AD}c\u{2060}d\u{200C}e\u{200D}f\u{34F}g", "abcdefg"),
    ("a\u{A0}b\u{2003}c\u{3164}d", "a b c d"),
    ("e\u{301}", "e\u{301}"), ("\u{301}x", "\u{25CC}\u{301}x"), (" \u{301}", " \u{25CC}\u{301}"),
    ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{1F468}"),
    ("\u{1F44D}\u{1F3FD}", "\u{1F44D}"),
    ("\u{1F3FD}", "\u{1F3FD}"), ("\u{2764}\u{FE0F}", "\u{2764}"), ("1\u{FE0F}\u{20E3}", "1"),
    ("\u{1F1E9}\u{1F1EA}", "\u{1F1E9}\u{1F1EA}"), ("\u{1F1E9}!", "D!"),
    ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"), ("\u{1112}\u{1161}", "\u{D558}"),
    ("\u{1FAE8}\u{E000}\u{10FFFF}\u{378}", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
    ("\u{BA8}\u{BBF}", "\u{BA8}\u{BBF}"), ("日本", "日本"), ("", ""),
  ]) func `what cannot be shown as it is, is shown by name or dropped`(
    text: String, expected: String
  ) {
    #expect(Array(shown(text).unicodeScalars) == Array(expected.unicodeScalars))
    #expect(Array(Sanitizer.clean(text).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test func `at most four marks stand on one base`() {
    let glyphs = Sanitizer.glyphs(of: "a" + String(repeating: "\u{301}", count: 120) + "b")
    #expect(glyphs.map(\.width) == [1, 1])
    #expect(glyphs[0].text.unicodeScalars.count == 5)
  }

  @Test func `names of hidden characters are marked, text that looks like one is not`() {
    let glyphs = Sanitizer.glyphs(of: "\u{7}^G")
    #expect(glyphs.map(\.isEscape) == [true, true, false, false])
  }

  @Test func `lines break at line ends only, and an empty last one is left out`() {
    func lines(_ text: String) -> [String] {
      Sanitizer.lines(of: text).map { $0.map(\.text).joined() }
    }
    #expect(lines("a\nb\r\nc\rd\u{2028}e\n") == ["a", "b", "cd<2028>e"])
    #expect(lines("\n\nx") == ["", "", "x"])
    #expect(lines("") == [""])
    #expect(lines("\n") == [""])
  }

  @Test func `large texts are cut with a word on their size`() {
    let text = String(repeating: "x", count: 20_000)
    let lines = Sanitizer.lines(of: text, limit: 100)
    #expect(lines.count == 2)
    #expect(lines[0].count == 100)
    #expect(lines[1].map(\.text).joined() == "[cut here: 20000 bytes in all]")
    #expect(Sanitizer.lines(of: String(repeating: "\n", count: 9_000)).count == 201)
    #expect(Sanitizer.clean(text, limit: 10) == "xxxxxxxxxx...")
    let one = "a" + String(repeating: "\u{301}", count: 1_000_000)
    #expect(Sanitizer.lines(of: one).count == 2)
  }

  @Test func `every scalar of Unicode becomes whole printable cells`() {
    // The planes between hold nothing but unassigned scalars; their ends stand for them.
    let planes = (UInt32(4)...13).map { $0 << 16 }.flatMap { [$0, $0 + 0x8000, $0 + 0xFFFF] }
    var values = Array(UInt32(0)...0x3_FFFF) + planes
    values += Array(UInt32(0xE_0000)...0xE_0FFF) + [0xF_0000, 0x10_FFFF]
    for value in values {
      guard let scalar = Unicode.Scalar(value) else { continue }
      for glyph in Sanitizer.glyphs(of: String(scalar)) {
        for part in glyph.text.unicodeScalars where Sanitizer.treatment(of: part) != .keep {
          Issue.record("U+\(String(value, radix: 16)) is shown as \(glyph.text.debugDescription)")
        }
        if glyph.width != 1 && glyph.width != 2 {
          Issue.record("U+\(String(value, radix: 16)) has width \(glyph.width)")
        }
      }
    }
  }
}

@Suite struct TextWidthTests {
  @Test(arguments: [
    ("a", 1), ("é", 1), ("日", 2), ("\u{1F44D}", 2), ("\u{2764}", 1), ("\u{301}", 0),
    ("\u{AC00}", 2),
    ("\u{FF21}", 2), ("\u{FF71}", 1), ("\u{2500}", 1), ("\u{25CF}", 1), ("\u{2713}", 1),
    ("\u{1F1E9}", 1), ("\u{1100}", 2), ("\u{1161}", 0), ("\u{20DD}", 0), ("\u{3000}", 2),
    ("\u{303F}", 1), ("\u{20000}", 2), ("\u{231A}", 2), ("\u{4DC0}", 2), ("\u{BBF}", 1),
  ]) func `a scalar has the width that terminals give it`(text: String, width: Int) throws {
    let scalar = try #require(text.unicodeScalars.first)
    #expect(TextWidth.width(of: scalar) == width)
  }

  @Test func `all signs of both sets are one cell`() {
    for signs in [Signs.ascii, Signs.unicode] {
      let all =
        signs.levels + [
          signs.vertical, signs.horizontal, signs.newMessages, signs.ellipsis, signs.barFull,
          signs.barEmpty, signs.online, signs.busy, signs.offline, signs.queued, signs.sent,
          signs.stored, signs.failed,
        ]
      for sign in all { #expect(StyledText(sign).width == 1) }
    }
  }
}

@Suite struct WrapTests {
  func rows(_ text: String, _ width: Int) -> [String] {
    Sanitizer.glyphs(of: text).wrapped(to: width).map { $0.map(\.text).joined() }
  }

  @Test func `words stay whole and the spaces of a break go`() {
    #expect(rows("the quick brown fox", 9) == ["the quick", "brown fox"])
    #expect(rows("the   quick", 5) == ["the", "quick"])
    #expect(rows("abcdefgh ij", 4) == ["abcd", "efgh", "ij"])
    #expect(rows("ab cdefghij", 4) == ["ab", "cdef", "ghij"])
    #expect(rows("  indented text", 10) == ["  indented", "text"])
    #expect(rows("", 5) == [""])
  }

  @Test func `wide signs are not cut, even where they cannot fit`() {
    #expect(rows("日本語", 5) == ["日本", "語"])
    #expect(rows("日本", 1) == ["日", "本"])
    #expect(rows("ab", 0) == ["a", "b"])
  }

  @Test(arguments: 0..<50) func `wrapping loses nothing but spaces and fits`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let alphabet = Array("ab  c日é👍 ")
    let text = String(
      (0..<80).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
    let width = 2 + Int(random.next() % 20)
    let glyphs = Sanitizer.glyphs(of: text)
    let wrapped = glyphs.wrapped(to: width)
    #expect(wrapped.allSatisfy { Array($0).width <= width })
    #expect(wrapped.joined().filter { !$0.isSpace } == glyphs.filter { !$0.isSpace })
  }
}
