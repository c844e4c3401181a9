import HookupCore
import Testing

@testable import HookupTUI

/// What an earlier run left, older messages, what is read.
@Suite struct ScreenHistoryTests {
  var stage: Stage
  let ops: RoomName
  let dev: RoomName

  init() throws {
    stage = try Stage()
    ops = try RoomName("ops")
    dev = try RoomName("dev")
  }

  func shows(_ text: String) -> Bool { stage.picture().contains(text) }

  func page(_ offsets: ClosedRange<UInt64>, complete: Bool = false) throws -> ChatPage {
    ChatPage(
      room: ops,
      entries: try offsets.map { offset in
        RoomEntry(
          room: ops, offset: offset, id: try MessageID("p\(offset)"), from: try Nick("bob"),
          milliseconds: stage.clock.wallMilliseconds, text: "old \(offset).")
      }, isComplete: complete)
  }

  @Test mutating func `a run begins where the last one ended`() throws {
    stage.screen = ChatScreen(nick: stage.me)
    stage.resize(80, 24)
    let saved = SavedScreen(
      windows: [
        .init(room: ops, draft: "half a sen", cursor: 4, read: 8),
        .init(room: dev, draft: "x\ny", cursor: 99),
      ], current: ops, lines: ["one", "two"])
    stage.feed(.restored(saved))
    stage.feed(.chat(.page(try page(1...10, complete: true))))
    #expect(stage.effects == [])
    #expect(shows("old 10.") && shows("2 new messages") && shows("[#ops] half a sen"))
    #expect(stage.render().cursor?.column == 11)
    var again = saved
    again.windows[1].cursor = 3
    #expect(stage.screen.saved == again)
    stage.press(Key(.up), Key(.up))
    #expect(stage.screen.editor.text == "one")
  }

  @Test mutating func `a room that was asked for is shown, not the last one`() throws {
    stage.feed(.restored(SavedScreen(windows: [.init(room: dev, draft: "d")], current: dev)))
    #expect(stage.screen.room == ops)
    stage.press(.control("n"))
    #expect(stage.screen.room == dev && stage.screen.editor.text == "d")
  }

  @Test mutating func `a password is not among what is kept`() throws {
    stage.type("/register")
    stage.press(Key(.enter))
    stage.type("correct horse")
    #expect(stage.screen.saved.windows.map(\.draft) == [""])
    #expect(!stage.screen.saved.lines.contains { $0.contains("horse") })
  }

  @Test mutating func `damaged state is taken as far as it goes`() throws {
    let long = String(repeating: "x", count: LineEditor.maximumBytes + 1)
    stage.feed(
      .restored(
        SavedScreen(
          windows: [
            .init(room: ops, draft: long, cursor: -4, read: .max),
            .init(room: dev, draft: "\u{1B}[2Jx", cursor: -1),
          ], current: nil, lines: [long, "\u{1B}]0;x\u{7}"])))
    #expect(stage.screen.editor.isEmpty)
    stage.press(.control("n"))
    #expect(stage.screen.editor.text == "[2Jx" && stage.screen.editor.cursor == 0)
    #expect(stage.render().fault == nil)
  }

  @Test mutating func `scrolling to the top fetches older messages, and the view stays`() throws {
    try stage.goOnline()
    stage.feed(.chat(.page(try page(60...100))))
    stage.press(Key(.pageUp))
    #expect(stage.effects == [.fetchHistory(ops, before: 60), .read(ops, offset: 100)])
    stage.press(Key(.pageUp))
    #expect(stage.effects == [], "asked once")
    #expect(shows("old 69."))
    stage.press(Key(.pageUp), Key(.pageUp))
    #expect(shows("fetching older messages") && shows("old 60."))
    let before = stage.picture().split(separator: "\n")
    stage.feed(.chat(.page(try page(30...59))))
    let after = stage.picture().split(separator: "\n")
    #expect(before.dropFirst(4) == after.dropFirst(4), "no line moved")
    #expect(shows("old 59.") || shows("old 60."))
    stage.press(Key(.home, .alt))
    #expect(stage.effects == [.fetchHistory(ops, before: 30)])
    stage.feed(.chat(.page(try page(1...29, complete: true))))
    stage.press(Key(.home, .alt))
    #expect(shows("#ops begins here") && shows("old 1."))
    stage.press(Key(.pageUp))
    #expect(stage.effects == [])
    stage.press(Key(.end, .alt))
    #expect(shows("old 100."))
  }

  @Test mutating func `why there is nothing older for now is said, and asking goes on later`()
    throws
  {
    stage.feed(.chat(.page(try page(60...70))))
    stage.press(Key(.pageUp))
    #expect(stage.effects == [], "all lines are in view")
    stage.feed(.chat(.page(try page(40...59))))
    stage.press(Key(.pageUp), Key(.home, .alt))
    #expect(stage.screen.window.isFetching)
    stage.feed(.chat(.page(ChatPage(room: ops, entries: [], problem: "not connected\u{1B}"))))
    #expect(stage.effects == [])
    #expect(shows("not connected^["))
    stage.press(Key(.pageUp))
    #expect(stage.effects == [.fetchHistory(ops, before: 40)])
    stage.feed(.chat(.page(ChatPage(room: ops, entries: []))))
    #expect(stage.effects == [], "an answer that brings nothing is not asked for again")
    #expect(shows("nothing older came"))
  }

  @Test mutating func `the server hears how far one has read, not oftener than every two seconds`()
    throws
  {
    try stage.goOnline()
    try stage.say("bob", "one")
    #expect(stage.effects == [.read(ops, offset: 1)])
    try stage.say("bob", "two")
    #expect(stage.effects == [])
    let due = try #require(stage.screen.nextTick(at: stage.clock))
    #expect(stage.clock.now.duration(to: due) <= .seconds(2))
    stage.seconds += 2
    stage.feed(.tick)
    #expect(stage.effects == [.read(ops, offset: 2)])
    stage.press(Key(.focusLost))
    stage.seconds += 5
    try stage.say("bob", "three")
    #expect(stage.effects == [])
    stage.press(Key(.focusGained))
    #expect(stage.effects == [.read(ops, offset: 3)])
    stage.feed(.chat(.read(ops, offset: 3)))
    stage.seconds += 5
    stage.feed(.tick)
    #expect(stage.effects == [])
  }

  @Test mutating func `what was missed is counted while it comes`() throws {
    try stage.goOnline()
    try stage.say("bob", "one")
    stage.feed(.chat(.joined(RoomSnapshot(room: ops, topic: "", members: [], last: 5))))
    #expect(shows("in    0/4"))
    try stage.say("bob", "two")
    stage.seconds += 1
    #expect(shows("in    1/4") && shows("25%") && shows("1/s  eta 3.0s") && shows("<25%"))
    for _ in 3...5 { try stage.say("bob", "more") }
    #expect(!shows("/4 ") && shows("4 new messages"))
  }

  @Test mutating func `somebody writes, and it is over after a while`() throws {
    try stage.goOnline()
    stage.feed(.chat(.typing(ops, try Nick("carol"))))
    #expect(shows("carol is typing"))
    let due = try #require(stage.screen.nextTick(at: stage.clock))
    #expect(stage.clock.now.duration(to: due) <= ChatWindow.typingLasts)
    stage.seconds += 6
    #expect(!shows("typing"))
    stage.feed(.chat(.typing(ops, try Nick("carol"))))
    try stage.say("carol", "done")
    #expect(!shows("typing"))
    stage.feed(.chat(.typing(ops, stage.me)))
    #expect(!shows("typing"))
  }

  @Test mutating func `writing is told, at most every four seconds, and never of a command`() throws
  {
    try stage.goOnline()
    stage.type("h")
    #expect(stage.effects == [.ask(.typing(ops))])
    stage.type("i")
    #expect(stage.effects == [])
    stage.seconds += 4
    stage.type("!")
    #expect(stage.effects == [.ask(.typing(ops))])
    stage.press(.control("u"))
    stage.seconds += 4
    stage.type("/")
    stage.type("register")
    #expect(stage.effects == [])
    stage.press(Key(.enter))
    stage.type("secret")
    #expect(stage.effects == [])
  }
}
