import HookupCore
import Testing

@testable import HookupTUI

/// One read per argument, each settled; then the last deadline passes.
private func keys(
  _ reads: String..., configuration: KeyDecoder.Configuration = KeyDecoder.Configuration()
) -> [Key] {
  var decoder = KeyDecoder(configuration: configuration)
  for (index, read) in reads.enumerated() {
    let now = MonotonicInstant(nanoseconds: Int64(index) * 1_000_000)
    for byte in read.utf8 { decoder.receive(.byte(byte), at: now) }
    decoder.settle(at: now)
  }
  if let deadline = decoder.nextDeadline { decoder.settle(at: deadline) }
  #expect(decoder.nextDeadline == nil)
  return decoder.takeKeys()
}

private func keys(bytes: [UInt8]) -> [Key] {
  var decoder = KeyDecoder()
  for byte in bytes { decoder.receive(.byte(byte), at: .zero) }
  decoder.settle(at: .zero)
  if let deadline = decoder.nextDeadline { decoder.settle(at: deadline) }
  return decoder.takeKeys()
}

private func key(named name: String, after prefix: String = "") -> [Key] {
  var decoder = KeyDecoder()
  for byte in prefix.utf8 { decoder.receive(.byte(byte), at: .zero) }
  decoder.receive(.named(name), at: .zero)
  decoder.settle(at: .zero)
  return decoder.takeKeys()
}

@Suite struct KeyDecoderTests {
  @Test func `plain text is one key for each character`() {
    #expect(keys("aé日") == [.character("a"), .character("é"), .character("日")])
  }

  @Test func `scalars that form one character are one key when one read brings them`() {
    #expect(keys("e\u{301}👨‍👩‍👧") == [.character("e\u{301}"), .character("👨‍👩‍👧")])
  }

  @Test func `a character is cut after 32 scalars`() {
    let key = keys("a" + String(repeating: "\u{301}", count: 500))
    #expect(key == [.character(Character("a" + String(repeating: "\u{301}", count: 31)))])
  }

  @Test func `control codes are Control with a letter or sign`() {
    #expect(
      keys("\u{1}\u{1A}\u{0}\u{1C}\u{1F}\u{A}") == [
        .control("a"), .control("z"), .control(" "), .control("\\"), .control("_"), .control("j"),
      ])
  }

  @Test func `Backspace is both DEL and Control-H, Tab and Return are themselves`() {
    #expect(
      keys("\u{7F}\u{8}\t\r") == [Key(.backspace), Key(.backspace), Key(.tab), Key(.enter)])
  }

  @Test func `a lone ESC is Escape as soon as its read is settled`() {
    #expect(keys("\u{1B}", "x") == [Key(.escape), .character("x")])
  }

  @Test func `ESC right before a key is Alt`() {
    #expect(
      keys("\u{1B}x\u{1B}é\u{1B}\r\u{1B}\u{7F}\u{1B}\u{1}") == [
        .alt("x"), .alt("é"), Key(.enter, .alt), Key(.backspace, .alt),
        Key(.character("a"), [.control, .alt]),
      ])
  }

  @Test func `ESC waits for its key as long as it is told to`() {
    var configuration = KeyDecoder.Configuration()
    configuration.escapeDelay = .milliseconds(25)
    #expect(keys("\u{1B}", "x", configuration: configuration) == [.alt("x")])
    #expect(keys("\u{1B}", configuration: configuration) == [Key(.escape)])
  }

  @Test func `two ESC are Escape and then what the second begins`() {
    #expect(keys("\u{1B}\u{1B}x") == [Key(.escape), .alt("x")])
    #expect(keys("\u{1B}\u{1B}") == [Key(.escape), Key(.escape)])
  }

  @Test(arguments: [
    ("\u{1B}[A", Key(.up)), ("\u{1B}[1;5D", Key(.left, .control)),
    ("\u{1B}[1;3A", Key(.up, .alt)), ("\u{1B}[5;2~", Key(.pageUp, .shift)),
    ("\u{1B}[Z", Key(.tab, .shift)), ("\u{1B}OH", Key(.home)), ("\u{1B}OP", Key(.function(1))),
    ("\u{1B}[15~", Key(.function(5))), ("\u{1B}[1;6Q", Key(.function(2), [.control, .shift])),
    ("\u{1B}[I", Key(.focusGained)), ("\u{1B}[O", Key(.focusLost)),
    ("\u{1B}[13;2u", Key(.enter, .shift)), ("\u{1B}[27;2;13~", Key(.enter, .shift)),
    ("\u{1B}[97;5u", .control("a")), ("\u{1B}[97;2u", .character("A")),
    ("\u{1B}[97:65;3u", .alt("a")), ("\u{1B}[127;3u", Key(.backspace, .alt)),
  ])
  func `a control sequence is its key`(sequence: String, key: Key) {
    #expect(keys(sequence) == [key])
  }

  @Test func `a control sequence may arrive in pieces`() {
    #expect(keys("\u{1B}[", "1;", "5", "Ax") == [Key(.up, .control), .character("x")])
  }

  @Test func `an unknown control sequence is dropped whole, however long`() {
    #expect(keys("\u{1B}[?1;2c\u{1B}[99~\u{1B}[31;1mx") == [.character("x")])
    #expect(keys("\u{1B}[" + String(repeating: "1;", count: 5_000) + "Ax") == [.character("x")])
    #expect(keys("\u{1B}[99999999999999999999Ax") == [.character("x")])
  }

  @Test func `a control sequence that stops is dropped, but for Alt-bracket and Alt-O`() {
    #expect(keys("\u{1B}[12") == [])
    #expect(keys("\u{1B}[") == [.alt("[")])
    #expect(keys("\u{1B}O") == [.alt("O")])
    #expect(keys("\u{1B}Oz") == [.alt("O"), .character("z")])
  }

  @Test func `a control code inside a control sequence ends it and counts`() {
    #expect(keys("\u{1B}[12\u{3}x") == [.control("c"), .character("x")])
  }

  @Test(arguments: [
    ("KEY_UP", Key(.up)), ("kLFT5", Key(.left, .control)), ("kUP3", Key(.up, .alt)),
    ("kDC", Key(.delete, .shift)), ("kRIT8", Key(.right, [.control, .alt, .shift])),
    ("KEY_SF", Key(.down, .shift)), ("KEY_BTAB", Key(.tab, .shift)),
    ("KEY_BACKSPACE", Key(.backspace)), ("KEY_F(1)", Key(.function(1))),
    ("KEY_F(13)", Key(.function(1), .shift)), ("KEY_F(63)", Key(.function(3), [.alt, .shift])),
    ("kxIN", Key(.focusGained)), ("kpADD", .character("+")),
  ])
  func `a name from the terminal's description is its key`(name: String, expected: Key) {
    #expect(key(named: name) == [expected])
  }

  @Test func `ESC before a named key is Alt`() {
    #expect(key(named: "KEY_UP", after: "\u{1B}") == [Key(.up, .alt)])
  }

  @Test(arguments: ["", "KEY_RESIZE", "KEY_F(0)", "KEY_F(64)", "KEY_F(x)", "kUP999", "k5"])
  func `a name that nobody has a binding for is no key, and no Alt for the next`(name: String) {
    #expect(key(named: name, after: "\u{1B}") == [])
  }

  @Test func `bytes that are no UTF-8 are shown as such and harm nothing around them`() {
    #expect(
      keys(bytes: [0x61, 0xFF, 0x62, 0xC3, 0x63]) == [
        .character("a"), .character("\u{FFFD}"), .character("b"), .character("\u{FFFD}"),
        .character("c"),
      ])
    #expect(keys(bytes: [0xE6, 0x97]) == [.character("\u{FFFD}")])
    #expect(keys(bytes: [0xED, 0xA0, 0x80]).allSatisfy { $0 == .character("\u{FFFD}") })
  }

  @Test func `a scalar cut in two by reads is still one key`() {
    var decoder = KeyDecoder()
    decoder.receive(.byte(0xC3), at: .zero)
    decoder.settle(at: .zero)
    #expect(decoder.takeKeys() == [])
    #expect(decoder.nextDeadline == .zero + .milliseconds(50))
    decoder.receive(.byte(0xA9), at: .zero + .milliseconds(1))
    decoder.settle(at: .zero + .milliseconds(1))
    #expect(decoder.takeKeys() == [.character("é")])
  }

  @Test func `eight-bit controls are no keys`() {
    #expect(keys("a\u{9B}31mb") == "a31mb".map(Key.character))
  }
}

@Suite struct PasteTests {
  private func paste(_ text: String) -> [Key] { keys("\u{1B}[200~" + text + "\u{1B}[201~") }

  @Test func `a paste is one key, with line ends as LF`() {
    #expect(paste("a\r\nb\rc\nd\te") == [Key(.paste("a\nb\nc\nd\te"))])
  }

  @Test func `control characters in a paste are dropped, a sequence becomes plain text`() {
    #expect(paste("a\u{1B}[31mb\u{7}\u{9B}c\u{7F}") == [Key(.paste("a[31mbc"))])
  }

  @Test func `an almost end marker belongs to the text`() {
    #expect(paste("\u{1B}[20\u{1B}[201x") == [Key(.paste("[20[201x"))])
    #expect(paste("\u{1B}") == [])
  }

  @Test func `keys after the end marker are keys again`() {
    #expect(
      keys("x\u{1B}[200~hi\u{1B}[201~\r") == [.character("x"), Key(.paste("hi")), Key(.enter)])
  }

  @Test func `a start marker inside a paste is text`() {
    #expect(paste("a\u{1B}[200~b") == [Key(.paste("a[200~b"))])
  }

  @Test func `named keys inside a paste are dropped`() {
    var decoder = KeyDecoder()
    for byte in "\u{1B}[200~ab".utf8 { decoder.receive(.byte(byte), at: .zero) }
    decoder.receive(.named("KEY_UP"), at: .zero)
    for byte in "c\u{1B}[201~".utf8 { decoder.receive(.byte(byte), at: .zero) }
    #expect(decoder.takeKeys() == [Key(.paste("abc"))])
  }

  @Test func `a paste that is not ended is one after two seconds of silence, not before`() {
    var decoder = KeyDecoder()
    for byte in "\u{1B}[200~ab".utf8 { decoder.receive(.byte(byte), at: .zero) }
    decoder.settle(at: .zero)
    let later = MonotonicInstant.zero + .seconds(1)
    decoder.receive(.byte(UInt8(ascii: "c")), at: later)
    decoder.settle(at: later + .milliseconds(1_999))
    #expect(decoder.takeKeys() == [])
    #expect(decoder.nextDeadline == later + .seconds(2))
    decoder.settle(at: later + .seconds(2))
    #expect(decoder.takeKeys() == [Key(.paste("abc"))])
    #expect(decoder.nextDeadline == nil)
  }

  @Test func `a paste is cut at its limit without cutting a scalar, and the rest is counted`() {
    var configuration = KeyDecoder.Configuration()
    configuration.maximumPasteBytes = 4
    var decoder = KeyDecoder(configuration: configuration)
    for byte in "\u{1B}[200~abcéd\u{1B}[201~".utf8 { decoder.receive(.byte(byte), at: .zero) }
    #expect(decoder.takeKeys() == [Key(.paste("abc"))])
    #expect(decoder.takeDroppedPasteBytes() == 2)
    #expect(decoder.takeDroppedPasteBytes() == 0)
  }
}

@Suite struct KeyDecoderFuzzTests {
  /// xorshift64*: the seed is the test's argument and so in its name.
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }

  private static let names = ["KEY_UP", "kLFT5", "KEY_F(3)", "kxIN", "", "KEY_BTAB"]
  /// Bytes that mean something, so that sequences and pastes are met often.
  private static let telling = [UInt8]("\u{1B}\u{1B}\u{1B}[[O01234567~;~uAIM\r\n".utf8)
  private static let whole = ["\u{1B}[200~", "\u{1B}[201~", "\u{1B}[1;5A", "é", "👍🏽", "\u{9B}"]

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `random input never brings a control character and always comes to rest`(seed: UInt64) {
    var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15)
    var configuration = KeyDecoder.Configuration()
    configuration.maximumPasteBytes = 50
    var decoder = KeyDecoder(configuration: configuration)
    var now = MonotonicInstant.zero
    for _ in 0..<3_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3: decoder.receive(.byte(.random(in: 0...255, using: &random)), at: now)
      case 4...6: decoder.receive(.byte(Self.telling.randomElement(using: &random) ?? 0), at: now)
      case 7:
        for byte in (Self.whole.randomElement(using: &random) ?? "").utf8 {
          decoder.receive(.byte(byte), at: now)
        }
      case 8: decoder.receive(.named(Self.names.randomElement(using: &random) ?? ""), at: now)
      default:
        now = now + .milliseconds(Int.random(in: 0...60, using: &random))
        decoder.settle(at: now)
      }
      for key in decoder.takeKeys() { check(key, seed: seed) }
    }
    decoder.settle(at: now + .seconds(5))
    for key in decoder.takeKeys() { check(key, seed: seed) }
    #expect(decoder.nextDeadline == nil, "seed \(seed)")
    decoder.receive(.byte(UInt8(ascii: "q")), at: now + .seconds(9))
    decoder.settle(at: now + .seconds(9))
    #expect(decoder.takeKeys() == [.character("q")], "seed \(seed)")
  }

  private func check(_ key: Key, seed: UInt64) {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .control
    }
    switch key.base {
    case .character(let character):
      #expect(!character.unicodeScalars.contains(where: isControl), "seed \(seed)")
    case .paste(let text):
      #expect(text.utf8.count <= 150, "seed \(seed)")
      let controls = text.unicodeScalars.filter { $0 != "\n" && $0 != "\t" && isControl($0) }
      #expect(controls.isEmpty, "seed \(seed)")
    default: break
    }
  }

  @Test(arguments: [
    ("\u{1B}[<0;5;3M", [Key(.click(row: 2, column: 4))]), ("\u{1B}[<0;5;3m", []),
    ("\u{1B}[<64;1;1M", [Key(.wheelUp)]), ("\u{1B}[<69;1;1M", [Key(.wheelDown)]),
    ("\u{1B}[<2;1;1M", []), ("\u{1B}[<0;0;0M", [Key(.click(row: 0, column: 0))]),
    ("\u{1B}[<0;1M", []), ("\u{1B}[<;;Mx", [Key.character("x")]),
    ("\u{1B}[<0;99999999;1Mx", [Key.character("x")]),
  ]) func `the mouse comes as keys`(bytes: String, keys: [Key]) {
    var decoder = KeyDecoder()
    for byte in bytes.utf8 { decoder.receive(.byte(byte), at: .zero) }
    decoder.settle(at: .zero + .seconds(1))
    #expect(decoder.takeKeys() == keys)
  }
}
