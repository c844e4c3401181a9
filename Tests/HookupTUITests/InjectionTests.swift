import HookupCore
import Testing

@testable import HookupTUI

/// What a hostile peer may put into a text to move the cursor of those who read it, to forge a line, to hide or to turn what
/// is written, to ask their terminal something or to reach their clipboard.
enum Injection: String, CaseIterable, CustomTestStringConvertible {
  case title = "\u{1B}]0;PWNED\u{7}"
  case clipboard = "\u{1B}]52;c;UFdORUQ=\u{7}"
  case hyperlink = "\u{1B}]8;;http://x/\u{1B}\\link\u{1B}]8;;\u{1B}\\"
  case openString = "\u{1B}]0;never ends"
  case device = "\u{1B}P+q544e\u{1B}\\\u{1B}_Gi=1;AAAA\u{1B}\\"
  case erase = "\u{1B}[2J\u{1B}[H"
  case reset = "\u{1B}c"
  case report = "\u{1B}[6n\u{1B}[c\u{1B}[21t"
  case modes = "\u{1B}[?1049l\u{1B}[?25l\u{1B}(0"
  case c1 = "\u{9B}2J\u{9D}0;PWNED\u{9C}\u{85}\u{84}"
  case bell = "\u{7}\u{7}"
  case backspace = "\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}"
  case carriageReturn = "\r12:00    bob  forged"
  case lineFeed = "\n12:00    bob  forged\r\n12:01    bob  forged"
  case tabs = "\u{9}\u{B}\u{C}\u{0}"
  case delete = "\u{7F}\u{7F}\u{7F}"
  case override = "\u{202E}desrever\u{202C}"
  case isolate = "\u{2066}\u{2067}\u{2068}x\u{2069}\u{200E}\u{200F}\u{61C}"
  case hidden = "pay\u{200B}p\u{AD}al\u{2060}\u{200C}\u{200D}"
  case mark = "\u{FEFF}x\u{FFF9}y\u{FFFB}"
  case tags = "\u{E0041}\u{E0042}\u{E007F}"
  case separators = "a\u{2028}12:00    bob  forged\u{2029}b"
  case blanks = "\u{3164}\u{115F}\u{2800}\u{A0}"

  /// 120 marks on one letter.
  static let zalgo = "z" + String(repeating: "\u{301}", count: 120)

  static let all = allCases.map(\.rawValue) + [zalgo]
  /// Around it ordinary text, so that what it does to its neighbours is seen.
  static var texts: [String] { all.map { "before" + $0 + "behind" } }

  var testDescription: String { "\(self)" }
}

@Suite struct InjectionTests {
  /// Where a text comes from, and what puts it on the screen.
  static let sources: [(name: String, put: @Sendable (inout Stage, String) throws -> Void)] = [
    ("message", { try $0.say("bob", $1) }),
    ("action", { try entry(&$0, RoomAct(.me, text: $1)) }),
    ("topic", { try entry(&$0, .topic($1)) }),
    (
      "topic of a room",
      {
        $0.feed(.chat(.joined(RoomSnapshot(room: $0.ops, topic: $1, members: [$0.me], last: 0))))
      }
    ),
    ("reason", { try entry(&$0, RoomAct(.kicked, text: $1, nick: $0.me)) }),
    ("unknown kind", { try entry(&$0, RoomAct(.init(rawValue: $1), text: $1)) }),
    (
      "edited message",
      {
        try $0.say("bob", "harmless")
        try entry(&$0, RoomAct(.edited, text: $1, ref: 1))
      }
    ),
    (
      "reaction",
      {
        try $0.say("bob", "harmless")
        try entry(&$0, RoomAct(.reacted, text: $1, ref: 1))
      }
    ),
    ("own message", { try $0.own($1, .sent) }),
    ("failure", { try $0.own("mine", .failed(reason: $1)) }),
    ("error", { $0.feed(.chat(.refused(code: $1, message: $1, room: $0.ops))) }),
    ("server notice", { $0.feed(.chat(.serverNotice(.announcement, $1))) }),
    ("unknown server notice", { $0.feed(.chat(.serverNotice(ChatNotice(rawValue: $1), $1))) }),
    (
      "notice of this client, with a file name",
      {
        $0.feed(.chat(.notice("the buffer '\($1)/outbox' was set aside")))
      }
    ),
    ("away", { $0.feed(.chat(.away(try Nick("bob"), $1))) }),
    (
      "person",
      {
        $0.feed(
          .chat(
            .person(ChatPerson(nick: try Nick("bob"), isAccount: true, isOnline: true, away: $1))))
      }
    ),
    (
      "device",
      {
        $0.feed(.chat(.devices([ChatDevice(id: $1, name: $1, created: 0, seen: 0, isThis: true)])))
      }
    ),
    (
      "search",
      {
        let entry = RoomEntry(
          room: $0.ops, offset: 1, id: try MessageID("a"), from: try Nick("bob"), milliseconds: 0,
          text: $1)
        $0.type("/search x")
        $0.press(Key(.enter))
        $0.feed(.chat(.found([ChatHit(entry: entry, snippet: $1)], more: false)))
      }
    ),
    (
      "history",
      {
        let entry = RoomEntry(
          room: $0.ops, offset: 1, id: try MessageID("a"), from: try Nick("bob"),
          milliseconds: $0.clock.wallMilliseconds, text: $1)
        $0.feed(.chat(.page(ChatPage(room: $0.ops, entries: [entry], problem: $1))))
      }
    ),
    ("failure of the link", { stage, text in stage.link(.retrying) { $0.lastFailure = text } }),
    ("server", { $0.feed(.server($1)) }),
    ("draft", { $0.press(Key(.paste($1))) }),
    (
      "unknown command",
      {
        $0.press(Key(.paste("/" + $1)))
        $0.press(Key(.enter))
      }
    ),
    (
      "bad argument",
      {
        $0.press(Key(.paste("/join " + $1)))
        $0.press(Key(.enter))
      }
    ),
  ]

  private static func entry(_ stage: inout Stage, _ act: RoomAct) throws {
    stage.feed(
      .chat(
        .entry(
          RoomEntry(
            room: stage.ops, offset: 2, act: act, id: try MessageID("x"), from: try Nick("bob"),
            milliseconds: stage.clock.wallMilliseconds))))
  }

  @Test(arguments: sources.map(\.name))
  func `nothing in a text is obeyed, wherever it comes from`(_ name: String) throws {
    let source = try #require(Self.sources.first { $0.name == name })
    for (index, text) in Injection.texts.enumerated() {
      var stage = try Stage(unicode: index % 4 != 0)
      try stage.goOnline()
      try source.put(&stage, text)
      for (columns, rows) in [(80, 16), (40, 12), (20, 5)] {
        stage.resize(columns, rows)
        let buffer = stage.render()
        let place: Comment = "\(name), \(text.debugDescription) at \(columns)x\(rows)"
        #expect(buffer.fault == nil, place)
        #expect(!Self.hasForgedLine(buffer), place)
      }
    }
  }

  /// Whether a row looks like a line that bob said, where only a line's own first row may look so.
  private static func hasForgedLine(_ buffer: ScreenBuffer) -> Bool {
    (0..<buffer.rows).contains { row in
      buffer[row: row].map(\.text).joined().drop { $0 == " " || $0 == "|" }.wholeMatch(
        of: /(\d\d:\d\d *)?<?bob>? +forged.*/) != nil && isAtStart(buffer, row)
    }
  }

  /// Whether the row begins in the first column of the chat, where times stand.
  private static func isAtStart(_ buffer: ScreenBuffer, _ row: Int) -> Bool {
    let chat = Layout(
      columns: buffer.columns, rows: buffer.rows, inputRows: 1, showsRooms: true, showsSide: true
    ).chat
    return buffer[row: row].dropFirst(chat.column).first?.text != " "
  }

  @Test func `the frame around the chat is the same whatever is said in it`() throws {
    func frame(_ text: String, _ columns: Int, _ rows: Int) throws -> [Cell] {
      var stage = try Stage(columns: columns, rows: rows)
      try stage.goOnline()
      try stage.say("bob", text)
      let buffer = stage.render()
      let chat = stage.screen.layout.chat
      return (0..<buffer.rows).flatMap { row in
        buffer[row: row].enumerated().filter { column, _ in
          row < chat.row || row >= chat.row + chat.rows || column < chat.column
            || column >= chat.end
        }.map(\.element)
      }
    }
    for (columns, rows) in [(110, 24), (60, 16), (40, 12)] {
      let expected = try frame("harmless", columns, rows)
      for text in Injection.texts {
        #expect(try frame(text, columns, rows) == expected, "\(text.debugDescription)")
      }
    }
  }

  @Test func `a nick or a room takes none of it, or takes it as it looks`() throws {
    for text in Injection.texts {
      let nick = try? Nick("x" + text)
      let room = try? RoomName("x" + text)
      if let nick {
        var stage = try Stage()
        try stage.goOnline()
        try stage.say(nick.text, "hello")
        stage.feed(.chat(.arrived(stage.ops, nick)))
        #expect(stage.render().fault == nil, "\(text.debugDescription)")
      }
      if let room {
        var stage = try Stage(columns: 120, rows: 40)
        try stage.say("bob", "hello", room: room)
        #expect(stage.render().fault == nil, "\(text.debugDescription)")
      }
    }
    let refused = Injection.texts.filter { (try? Nick("x" + $0)) == nil }
    #expect(refused.count >= Injection.texts.count - 1, "nicks are strict")
  }

  @Test func `what is handed on to the shell is clean as well`() throws {
    for text in Injection.texts {
      var stage = try Stage()
      try stage.goOnline()
      stage.press(Key(.focusLost))
      try stage.say("bob", "alice: " + text)
      for case .notify(let notification) in stage.effects {
        let glyphs = Sanitizer.glyphs(of: notification.text)
        #expect(glyphs.map(\.text).joined() == notification.text, "\(text.debugDescription)")
      }
    }
  }
}
