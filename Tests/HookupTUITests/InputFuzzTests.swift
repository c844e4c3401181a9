import HookupCore
import Testing

@testable import HookupTUI

/// What a keyboard, a paste or a hostile peer may bring, drawn at random: nothing traps, nothing hangs, and what comes out is
/// what may come out.
@Suite struct InputFuzzTests {
  private static let bytes: [[UInt8]] = [
    Array("\u{1B}[A".utf8), Array("\u{1B}[1;5D".utf8), Array("\u{1B}[200~".utf8),
    Array("\u{1B}[201~".utf8), Array("\u{1B}[<0;10;10M".utf8), Array("\u{1B}[<64;1;1m".utf8),
    Array("\u{1B}[M !!".utf8), Array("\u{1B}OP".utf8), Array("\u{1B}[I".utf8),
    Array("\u{1B}[O".utf8), Array("\u{1B}[27;2;13~".utf8), Array("\u{1B}[13;2u".utf8),
    Array("\u{1B}\u{1B}".utf8), Array("\u{1B}]0;x\u{7}".utf8), [0x9B], [0xC2, 0x9B], [0xFF, 0xFE],
    [0xE2, 0x82], [0xF0, 0x9F, 0x91], [0xED, 0xA0, 0x80], Array("日本👍e\u{301}".utf8), [0], [0x7F],
    [0x0D], [0x0A], [0x16], Array("text ".utf8),
  ]

  @Test func `any bytes in any pieces become keys whose text is text`() {
    Fuzz.rounds(400, "keys") { random, place in
      var decoder = KeyDecoder()
      var now = MonotonicInstant.zero
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        var piece = Self.bytes.randomElement(using: &random) ?? []
        if random.next() % 4 == 0 {
          piece = (0..<Int.random(in: 1...8, using: &random)).map { _ in
            .random(in: 0...255, using: &random)
          }
        }
        for byte in piece { decoder.receive(.byte(byte), at: now) }
        if random.next() % 8 == 0 {
          let names = ["KEY_UP", "kLFT5", "KEY_BTAB", "", "KEY_F(1)", "^[", "nonsense"]
          decoder.receive(.named(names.randomElement(using: &random) ?? ""), at: now)
        }
        if random.next() % 3 == 0 { now = now + .milliseconds(Int(random.next() % 3_000)) }
        decoder.settle(at: now)
        Self.check(decoder.takeKeys(), place)
      }
      // Nothing is held back for ever.
      decoder.settle(at: now + .seconds(60))
      decoder.settle(at: now + .seconds(120))
      Self.check(decoder.takeKeys(), place)
      #expect(decoder.nextDeadline == nil, place)
    }
  }

  private static func check(_ keys: [Key], _ place: Comment) {
    for key in keys {
      switch key.base {
      case .character(let character):
        let isControl = character.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        #expect(!isControl, place)
      case .paste(let text):
        let hasControl = text.unicodeScalars.contains {
          ($0.value < 0x20 && $0.value != 0x0A && $0.value != 0x09) || $0.value == 0x7F
        }
        #expect(!hasControl, place)
      default: break
      }
    }
  }

  @Test func `the line editor keeps its cursor inside and its size in bounds`() {
    let pieces = [
      "a", " ", "word ", "\n", "日", "e", "\u{301}", "👩\u{200D}👩", "\u{1F1E9}", "\u{1F1EA}", "\r",
      String(repeating: "long ", count: 400),
    ]
    Fuzz.rounds(150, "editor") { random, place in
      var editor = LineEditor()
      for _ in 0..<60 {
        switch random.next() % 18 {
        case 0...4:
          _ = editor.insert(
            pieces.randomElement(using: &random) ?? "", isTyped: random.next() % 2 == 0)
        case 5: editor.moveLeft()
        case 6: editor.moveRight()
        case 7: editor.moveWordLeft()
        case 8: editor.moveWordRight()
        case 9: editor.moveToLineStart()
        case 10: editor.up()
        case 11: editor.down()
        case 12: editor.deleteBackward()
        case 13: editor.deleteWordBackward()
        case 14: editor.killToEnd()
        case 15: _ = editor.yank()
        case 16: editor.undo()
        default: if random.next() % 2 == 0 { editor.redo() } else { _ = editor.takeText() }
        }
        #expect((0...editor.text.count).contains(editor.cursor), place)
        #expect(editor.text.utf8.count <= LineEditor.maximumBytes, place)
      }
    }
  }

  @Test func `any text becomes whole printable cells`() {
    Fuzz.rounds(500, "sanitiser") { random, place in
      var text = ""
      for _ in 0..<Int.random(in: 0...30, using: &random) {
        if random.next() % 3 == 0 {
          text += Injection.all.randomElement(using: &random) ?? ""
        } else {
          let value = UInt32.random(in: 0...0x1_FFFF, using: &random)
          text.unicodeScalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
        }
      }
      let glyphs = Sanitizer.glyphs(of: text)
      var buffer = ScreenBuffer(columns: Int.random(in: 1...60, using: &random), rows: 1)
      buffer.write(StyledText(glyphs, CellStyle()), row: 0, column: 0)
      #expect(buffer.fault == nil, place)
      for line in Sanitizer.lines(of: text) {
        for row in line.wrapped(to: Int.random(in: 2...40, using: &random)) {
          #expect(row.reduce(0) { $0 + $1.width } <= 40, place)
        }
      }
      let clean = Sanitizer.clean(text)
      #expect(Sanitizer.clean(clean) == clean, "cleaning twice is cleaning once; \(place)")
    }
  }

  @Test func `no line traps a slash command, and nothing that begins like one is said by mistake`()
  {
    let names = SlashCommand.all.map { "/" + $0.name }
    Fuzz.rounds(1_000, "commands") { random, place in
      var line = names.randomElement(using: &random) ?? "/"
      if random.next() % 4 == 0 { line = String(line.prefix(Int(random.next() % 5))) }
      for _ in 0..<Int(random.next() % 5) {
        let words =
          Injection.all + ["#ops", "@bob", "bob", "12", "-1", "99999999999999999999", "on"]
        line += " " + (words.randomElement(using: &random) ?? "")
      }
      switch SlashCommand.parse(line) {
      case .text: #expect(!line.hasPrefix("/") || line.hasPrefix("//"), place)
      case .error(let sentence): #expect(!sentence.isEmpty, place)
      case .command: break
      }
    }
  }

  @Test func `keys of any kind in any order keep the whole screen whole`() throws {
    try Fuzz.rounds(12, "screen") { random, place in
      var stage = try Stage(unicode: random.next() % 2 == 0)
      var decoder = KeyDecoder()
      for _ in 0..<60 {
        stage.seconds += 0.2
        let piece = Self.bytes.randomElement(using: &random) ?? []
        for byte in piece { decoder.receive(.byte(byte), at: stage.clock.now) }
        decoder.settle(at: stage.clock.now)
        for key in decoder.takeKeys() { stage.press(key) }
        if random.next() % 3 == 0 { try ScreenPropertyTests.happen(&stage, &random) }
        if random.next() % 10 == 0 {
          stage.resize(Int(random.next() % 130), Int(random.next() % 45))
        }
        #expect(stage.render().fault == nil, place)
      }
    }
  }
}
