import HookupCore
import Testing

@testable import HookupTUI

/// Whatever happens, the picture is a whole one: every row exactly as wide as the screen, no half sign, nothing that a
/// terminal would obey, the cursor inside.
@Suite struct ScreenPropertyTests {
  static let texts = [
    "hello", "", " ", "long words " + String(repeating: "wrapping ", count: 40), "日本語のテキスト",
    "\u{1B}[2J\u{9B}31m\u{7}\r\u{8}", "\u{202E}\u{2066}\u{200F}", "a\nb\r\nc\n\n\n",
    "\u{301}\u{301}",
    "\u{1F468}\u{200D}\u{1F469}", "\u{1F1E9}\u{1F1EA}\u{1F1E9}", "\tx\ty\t",
    "\u{5E9}\u{5DC}\u{5D5}\u{5DD}",
    String(repeating: "x", count: 500), String(repeating: "e\u{301}", count: 300), "alice: look",
    "👍👍👍👍👍👍👍👍👍👍👍👍", "\u{E0041}\u{FEFF}", String(repeating: "\u{301}", count: 2000),
    "#ops @bob /quit",
    "\u{1100}\u{1161}\u{11A8}", "\u{0}\u{1FAE8}\u{378}", String(repeating: "\n", count: 300),
  ]

  static let keys: [Key] = [
    Key(.enter), Key(.enter, .alt), Key(.tab), Key(.tab, .shift), Key(.backspace), Key(.delete),
    Key(.escape), Key(.up), Key(.down), Key(.left), Key(.right), Key(.home), Key(.end),
    Key(.pageUp), Key(.pageDown), Key(.home, .alt), Key(.end, .alt), Key(.function(1)),
    Key(.function(2)), Key(.function(3)), Key(.function(4)), Key(.function(5)), Key(.focusLost),
    Key(.focusGained), .control("n"), .control("p"), .control("c"), .control("w"), .control("k"),
    .control("y"), .control("t"), .control("_"), .alt("a"), .alt("/"), .alt("1"), .alt("2"),
    .alt("b"),
  ]

  @Test(arguments: 0..<8) func `no sequence of events breaks the picture`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var stage = try Stage(unicode: seed % 2 == 0)
    for step in 0..<80 {
      stage.seconds += Double(random.next() % 4_000) / 1000
      try Self.happen(&stage, &random)
      if step % 3 == 0 {
        stage.resize(Int(random.next() % 201), Int(random.next() % 61))
      }
      let fault = stage.render().fault
      #expect(
        fault == nil, "seed \(seed) step \(step): \(stage.screen.columns)x\(stage.screen.rows)")
      if fault != nil { return }
    }
  }

  @Test func `every size has a picture`() throws {
    var random = RandomSource(seed: 7)
    var stages = [
      try GoldenScreenTests.stage(.busy, columns: 80, rows: 24, unicode: true),
      try GoldenScreenTests.stage(.help, columns: 80, rows: 24, unicode: true),
    ]
    for _ in 0..<60 { try Self.happen(&stages[0], &random) }
    for columns in Array(0...40) + [49, 50, 74, 75, 76, 77, 109, 110, 111, 200] {
      for rows in Array(0...14) + [24, 60] {
        for index in stages.indices {
          stages[index].resize(columns, rows)
          let buffer = stages[index].render()
          #expect(buffer.columns == columns && buffer.rows == rows)
          #expect(buffer.fault == nil, "\(columns)x\(rows)")
        }
      }
    }
    stages[0].resize(-5, .max)
    #expect(stages[0].render().rows == ChatScreen.maximumCells || stages[0].screen.columns == 0)
  }

  static func happen(_ stage: inout Stage, _ random: inout RandomSource) throws {
    func pick<Element>(_ elements: [Element]) -> Element {
      elements[Int(random.next() % UInt64(elements.count))]
    }
    let rooms = [stage.ops, try RoomName("dev"), try RoomName("@bob")]
    let nicks = ["bob", "carol", "日本", "x-very-long-nick-of-32-letters-ok"].map {
      String($0.prefix(32))
    }
    switch random.next() % 16 {
    case 0...3: try stage.say(pick(nicks), pick(texts), room: pick(rooms))
    case 4...6: stage.press(pick(keys))
    case 7: stage.press(Key(.paste(pick(texts))))
    case 8: for character in pick(texts).prefix(40) { stage.press(.character(character)) }
    case 9:
      let number = random.next() % 30
      try stage.own(
        number, pick(texts),
        pick([
          .buffered, .sent, .stored(offset: random.next() % 100), .failed(reason: pick(texts)),
        ]), room: pick(rooms))
    case 10:
      let state = pick([
        LinkStatus.State.offline, .connecting, .resuming, .online, .stalled, .retrying,
      ])
      let (now, draw, failure) = (stage.clock.now, random.next() % 100_000, pick(texts))
      stage.link(state) {
        $0.roundTrip = .microseconds(Int(draw))
        $0.attempt = Int(draw % 2000)
        $0.retryAt = now + .milliseconds(Int(draw))
        $0.connectedSince = now
        $0.drops = Int(draw)
        $0.lastFailure = failure
      }
    case 11:
      stage.pending(
        (0..<Int(random.next() % 40)).map {
          (UInt64($0), Double(random.next() % 9000) / 100, Int(random.next() % 12))
        })
    case 12:
      let total = Int(random.next() % 100)
      stage.backlog(
        Int(random.next() % 100_000), Int(random.next() % 90_000_000), drained: total / 2, of: total
      )
    case 13: stage.feed(.chat(.notice(pick(texts))))
    case 14:
      stage.feed(
        .chat(
          .joined(
            RoomSnapshot(
              room: pick(rooms), topic: pick(texts), members: try nicks.map { try Nick($0) },
              last: 0))))
    default:
      stage.feed(.chat(.arrived(pick(rooms), try Nick(pick(nicks)))))
      stage.feed(.chat(.gap(pick(rooms), from: 1, to: random.next() % 200)))
      stage.feed(.chat(.refused(code: pick(texts), message: pick(texts), room: nil)))
      stage.feed(.chat(.left(pick(rooms), try Nick(pick(nicks)))))
    }
  }
}

@Suite struct CellWriterTests {
  @Test func `what was not sanitised is shown as the replacement sign`() {
    var buffer = ScreenBuffer(columns: 4, rows: 1)
    let forged = [
      Glyph(text: "\u{1B}", width: 1), Glyph(text: "a\u{202E}", width: 1),
      Glyph(text: "", width: 1),
    ]
    buffer.write(StyledText(forged, CellStyle()), row: 0, column: 0)
    #expect(buffer.cells.map(\.text) == ["\u{FFFD}", "\u{FFFD}", "\u{FFFD}", " "])
  }

  @Test func `half of a wide sign that is written over is blanked`() {
    var buffer = ScreenBuffer(columns: 5, rows: 1)
    buffer.write("日本", row: 0, column: 0)
    buffer.write("x", row: 0, column: 1)
    buffer.write("y", row: 0, column: 2)
    #expect(buffer.cells.map(\.text) == [" ", "x", "y", " ", " "])
    #expect(buffer.fault == nil)
  }

  @Test func `what does not fit is left out whole, and places outside are no error`() {
    var buffer = ScreenBuffer(columns: 3, rows: 1)
    buffer.write("a日本", row: 0, column: 0)
    buffer.write("x", row: 5, column: 0)
    buffer.write("x", row: 0, column: -1)
    buffer.write("x", row: 0, column: 9)
    #expect(buffer.picture == "|a日|\n")
  }

  @Test func `a flag is two cells`() {
    var buffer = ScreenBuffer(columns: 3, rows: 1)
    buffer.write("\u{1F1E9}\u{1F1EA}", row: 0, column: 0)
    #expect(buffer.cells.map(\.width) == [1, 1, 1])
    #expect(buffer.fault == nil)
  }
}

@Suite struct LayoutTests {
  @Test(arguments: [
    (120, 40, Layout.Kind.wide, 72, 28, true), (110, 24, .wide, 62, 28, true),
    (109, 24, .medium, 86, 22, false), (76, 10, .medium, 53, 22, false),
    (75, 24, .narrow, 75, 0, false), (50, 24, .narrow, 50, 0, false), (49, 24, .slim, 49, 0, false),
    (30, 6, .slim, 30, 0, false), (29, 24, .tiny, 29, 0, false), (120, 5, .tiny, 120, 0, false),
    (120, 9, .wide, 120, 0, false),
  ]) func `a size has its columns`(
    columns: Int, rows: Int, kind: Layout.Kind, chat: Int, side: Int, hasRooms: Bool
  ) {
    let layout = Layout(
      columns: columns, rows: rows, inputRows: 1, showsRooms: true, showsSide: true)
    #expect(layout.kind == kind)
    #expect(layout.chat.columns == chat)
    #expect((layout.side?.columns ?? 0) == side)
    #expect((layout.rooms != nil) == hasRooms)
    #expect((layout.status != nil) == (rows >= 10))
  }

  @Test func `the input takes a third of the height at most`() {
    let layout = Layout(columns: 80, rows: 24, inputRows: 50, showsRooms: true, showsSide: true)
    #expect(layout.input.rows == 8)
    #expect(layout.chat.rows == 24 - 8 - 2)
    let flat = Layout(columns: 80, rows: 1, inputRows: 3, showsRooms: true, showsSide: true)
    #expect(flat.input.rows == 1 && flat.header == nil && flat.chat.rows == 0)
  }
}
