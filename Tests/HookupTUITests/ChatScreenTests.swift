import HookupCore
import Testing

@testable import HookupTUI

/// What events do: effects, windows, unread counts, notices.
@Suite struct ChatScreenTests {
  var stage: Stage
  let ops: RoomName
  let dev: RoomName
  let bob: RoomName

  init() throws {
    stage = try Stage()
    ops = try RoomName("ops")
    dev = try RoomName("dev")
    bob = try RoomName("@bob")
    try stage.goOnline()
  }

  mutating func enter(_ line: String) -> [ScreenEffect] {
    stage.type(line)
    stage.press(Key(.enter))
    return stage.effects
  }

  func shows(_ text: String) -> Bool { stage.picture().contains(text) }

  @Test func `round trips below a millisecond fit the narrow pane whole`() throws {
    var stage = try Stage(columns: 80, rows: 24)
    for microseconds in [412, 431, 460] {
      stage.link(.online) { $0.roundTrip = .microseconds(microseconds) }
    }
    #expect(stage.picture().contains("rtt 0.4ms p95 0.4ms"))
  }

  @Test mutating func `Enter says the draft in the room that is shown`() {
    #expect(enter("hello") == [.say(ops, "hello")])
    #expect(stage.screen.editor.isEmpty)
    #expect(enter("   ") == [])
    stage.press(.control("u"))
    #expect(enter("//slash") == [.say(ops, "/slash")])
  }

  @Test mutating func `Alt-Enter and a paste make lines that go as one message`() {
    stage.type("one")
    stage.press(Key(.enter, .alt))
    stage.press(Key(.paste("two\nthree\n")))
    #expect(stage.effects == [])
    stage.press(Key(.enter))
    #expect(stage.effects == [.say(ops, "one\ntwo\nthree\n")])
  }

  @Test mutating func `commands become effects`() throws {
    #expect(enter("/join #dev") == [.join(dev)])
    #expect(stage.screen.room == dev)
    #expect(enter("/topic new topic") == [.setTopic(dev, "new topic")])
    #expect(enter("/names") == [.requestMembers(dev)])
    #expect(enter("/list") == [.requestRooms])
    #expect(enter("/reconnect") == [.reconnect])
    #expect(enter("/go offline") == [.setOnline(false)])
    #expect(enter("/go online") == [.setOnline(true)])
    #expect(enter("/part") == [.part(dev)])
    #expect(stage.screen.room == ops)
    #expect(enter("/query bob") == [.join(bob)])
    #expect(enter("/msg bob hi there") == [.join(bob), .say(bob, "hi there")])
    #expect(enter("/quit") == [.quit])
  }

  @Test mutating func `an unknown command is an error line and stays in the input`() {
    #expect(enter("/nosuch thing") == [.bell])
    #expect(shows("unknown command /nosuch"))
    #expect(stage.screen.editor.text == "/nosuch thing")
  }

  @Test mutating func `the status window takes commands only`() {
    stage.press(.alt("1"))
    #expect(enter("hello") == [.bell])
    #expect(stage.screen.editor.text == "hello")
    stage.press(.control("c"))
    #expect(enter("/part") == [.bell])
    #expect(enter("/topic x") == [.bell])
  }

  @Test mutating func `control C clears, asks, and quits when pressed again`() {
    stage.type("draft")
    stage.press(.control("c"))
    #expect(stage.effects == [])
    #expect(stage.screen.editor.isEmpty)
    stage.press(.control("c"))
    #expect(stage.effects == [])
    #expect(shows("^C again quits"))
    stage.press(Key(.left))
    stage.press(.control("c"))
    #expect(stage.effects == [])
    stage.press(.control("c"))
    #expect(stage.effects == [.quit])
  }

  @Test mutating func `keys of the shell become its effects`() {
    stage.press(.control("q"))
    #expect(stage.effects == [.quit])
    stage.press(.control("l"))
    #expect(stage.effects == [.redraw])
    stage.press(.control("z"))
    #expect(stage.effects == [.suspend])
  }

  @Test mutating func `a draft that is full rings the bell and says why`() {
    stage.press(Key(.paste(String(repeating: "x", count: LineEditor.maximumBytes + 1))))
    #expect(stage.effects == [.bell])
    #expect(stage.screen.editor.isEmpty)
    #expect(shows("at most 8192 bytes"))
  }

  @Test mutating func `every room keeps its own draft`() throws {
    stage.feed(.chat(.joined(RoomSnapshot(room: dev, topic: "", members: [], last: 0))))
    stage.type("for ops")
    stage.press(.control("n"))
    #expect(stage.screen.room == dev)
    #expect(stage.screen.editor.isEmpty)
    stage.type("for dev")
    stage.press(.alt("/"))
    #expect(stage.screen.editor.text == "for ops")
    stage.press(.alt("3"))
    #expect(stage.screen.editor.text == "for dev")
    stage.press(.alt("9"))
    #expect(shows("there is no window 9"))
  }

  @Test mutating func `messages elsewhere count as unread until the room is shown`() throws {
    try stage.say("bob", "one", room: dev)
    try stage.say("bob", "alice: two", room: dev)
    #expect(shows("3:#dev(2!)"))
    stage.press(.alt("a"))
    #expect(stage.screen.room == dev)
    #expect(shows("2 new messages"))
    #expect(!shows("(2!)"))
    stage.press(.alt("/"), .alt("/"))
    #expect(!shows("new messages"))
  }

  @Test mutating func `a mention or a direct message elsewhere rings the bell when it is fresh`()
    throws
  {
    try stage.say("bob", "hi", room: dev)
    #expect(stage.effects == [])
    let nick = try Nick("bob")
    try stage.say("bob", "hi alice\u{7}", room: dev)
    #expect(
      stage.effects == [
        .bell,
        .notify(
          ScreenNotification(room: dev, from: nick, text: "hi alice^G", isMention: true)),
      ])
    try stage.say("bob", "psst", room: bob)
    #expect(
      stage.effects == [
        .bell,
        .notify(ScreenNotification(room: bob, from: nick, text: "psst", isMention: false)),
      ])
    try stage.say("bob", "hi alice")
    #expect(stage.effects == [.read(ops, offset: 1)])
    stage.press(Key(.focusLost))
    _ = enter("/notify off")
    try stage.say("bob", "hi alice")
    #expect(
      stage.effects == [
        .notify(ScreenNotification(room: ops, from: nick, text: "hi alice", isMention: true))
      ])
    _ = enter("/notify on")
    stage.seconds -= 3600
    let old = stage.clock.wallMilliseconds
    stage.seconds += 3600
    stage.feed(
      .chat(
        .entry(
          RoomEntry(
            room: bob, offset: 9, id: try MessageID("x"), from: try Nick("bob"), milliseconds: old,
            text: "long ago"))))
    #expect(stage.effects == [])
  }

  @Test mutating func `an own message shows its state in its place, and once`() throws {
    let sequence = try stage.own("precious", .buffered)
    #expect(shows("precious                                   ◌"))
    try stage.own(sequence, "precious", .sent)
    #expect(shows("precious                                   ↑"))
    try stage.own(sequence, "precious", .stored(offset: 1))
    stage.feed(
      .chat(
        .entry(
          RoomEntry(
            room: ops, offset: 1, id: try MessageID("m\(sequence)"), from: stage.me,
            milliseconds: Stage.noon, text: "precious"))))
    #expect(shows("precious                                   ✓"))
    #expect(stage.picture().components("precious") == 1)
  }

  @Test mutating func `a failed message says why, and retry says it again as another`() throws {
    try stage.own("fragile", .failed(reason: "room is\u{1B}[2J closed"))
    #expect(shows("✗ failed: room is^[[2J closed  /retry"))
    #expect(shows("✗1"))
    stage.resize(120, 40)
    #expect(enter("/retry") == [.say(ops, "fragile")])
    #expect(shows("(said again below)"))
    #expect(enter("/retry") == [])
    #expect(shows("nothing failed here"))
  }

  @Test
  mutating func `what the link does is one line until something else happens`() throws {
    for attempt in 1...5 {
      stage.link(.retrying) {
        $0.attempt = attempt
        $0.lastFailure = "connection refused"
      }
      stage.seconds += 1
      stage.link(.connecting)
    }
    stage.link(.resuming)
    stage.link(.online)
    #expect(stage.picture().components("link lost (connection refused)") == 0)
    #expect(stage.picture().components("back after 5.0s") == 1)
    for _ in 0..<9 {
      stage.link(.retrying)
      stage.link(.online)
    }
    #expect(stage.picture().components("back after 0.0s (lost 10 times)") == 1)
    try stage.say("bob", "hello")
    stage.link(.retrying)
    #expect(shows("link lost (connection refused)"))
  }

  @Test mutating func `what the network says is shown sanitised everywhere`() throws {
    let evil = "\u{1B}]0;x\u{7}\u{202E}\nroot"
    stage.feed(
      .chat(.joined(RoomSnapshot(room: ops, topic: evil, members: [stage.me], last: 0))))
    stage.feed(.chat(.notice(evil)))
    stage.feed(.chat(.refused(code: evil, message: evil, room: ops)))
    stage.feed(.server(evil))
    stage.link(.retrying) { $0.lastFailure = evil }
    for size in [(120, 40), (80, 24), (40, 12), (20, 5)] {
      stage.resize(size.0, size.1)
      #expect(stage.render().fault == nil)
    }
    stage.resize(120, 40)
    #expect(shows("^[]0;x^G<202E>^Jroot"))
  }

  @Test mutating func `scrolling holds the view while lines arrive, and finds back`() throws {
    for number in 1...100 { try stage.say("bob", "line \(number).") }
    stage.press(Key(.pageUp))
    let before = stage.picture()
    #expect(before.contains("-- 16 below --"))
    #expect(before.contains(" 16 below ") && before.contains("line 100."), "in sight")
    for number in 101...103 { try stage.say("bob", "line \(number).") }
    let after = stage.picture()
    #expect(after.contains("-- 19 below --"))
    #expect(after.contains("line 103."))
    func view(_ picture: String) -> ArraySlice<Substring> {
      picture.split(separator: "\n").prefix(18).dropFirst()
    }
    #expect(view(after) == view(before))
    stage.press(Key(.pageDown), Key(.pageDown))
    #expect(shows("line 103."))
    #expect(!shows("below"))
    stage.press(Key(.home, .alt))
    #expect(shows("line 1.") && shows("line 15.") && shows("line 103."))
    stage.press(Key(.pageUp))
    #expect(shows("line 1.") && shows("line 15."))
    stage.press(Key(.end, .alt))
    #expect(shows("line 103."))
  }

  @Test mutating func `pages up and down show every line once`() throws {
    for number in 1...200 {
      try stage.say("bob", "line \(number) " + String(repeating: "x ", count: number % 60))
    }
    var seen: Set<Int> = []
    for _ in 0..<60 {
      let picture = stage.picture()
      for number in 1...200 where picture.contains("line \(number) ") { seen.insert(number) }
      stage.press(Key(.pageUp))
    }
    #expect(seen.count == 200)
    for _ in 0..<60 { stage.press(Key(.pageDown)) }
    #expect(stage.screen.window.scroll == nil)
  }

  @Test mutating func `a view on lines that were dropped stays within those that are left`() throws
  {
    for number in 1...50 { try stage.say("bob", "line \(number)") }
    stage.press(Key(.home, .alt))
    for number in 51...10_100 { try stage.say("bob", "line \(number)") }
    #expect(stage.render().fault == nil)
    stage.press(Key(.pageUp), Key(.pageDown), Key(.pageDown))
    #expect(stage.render().fault == nil)
    #expect(shows("below"))
  }

  @Test mutating func `Tab completes and lists, Tab again takes the next`() throws {
    stage.type("/re")
    stage.press(Key(.tab))
    #expect(stage.screen.editor.text == "/retry ")
    #expect(shows("[/retry] /reconnect /react"))
    stage.press(Key(.tab))
    #expect(stage.screen.editor.text == "/reconnect ")
    stage.press(Key(.tab, .shift))
    #expect(stage.screen.editor.text == "/retry ")
    stage.press(.control("u"))
    try stage.say("carol", "last to speak")
    stage.type("c")
    stage.press(Key(.tab))
    #expect(stage.screen.editor.text == "carol: ")
  }

  @Test mutating func `people come, go, and are named when asked for`() throws {
    stage.feed(.chat(.arrived(ops, try Nick("dave"))))
    #expect(shows("dave joined") && shows("HERE 4"))
    stage.feed(.chat(.left(ops, try Nick("bob"))))
    #expect(shows("HERE 3"))
    stage.feed(.chat(.members(ops, [stage.me])))
    #expect(shows("HERE 1") && !shows("1 here"))
    _ = enter("/names")
    stage.feed(.chat(.members(ops, [try Nick("zoe"), stage.me])))
    #expect(shows("2 here: alice, zoe"))
  }

  @Test mutating func `a room that was left does not open again by what is still on its way`()
    throws
  {
    #expect(enter("/part") == [.part(ops)])
    try stage.say("bob", "late")
    #expect(stage.screen.index(of: ops) == nil)
    stage.feed(.chat(.parted(ops)))
    #expect(enter("/join ops") == [.join(ops)])
    #expect(stage.screen.room == ops)
  }

  @Test mutating func `whoever is shown out is told, and sees nobody there any more`() throws {
    stage.feed(.chat(.members(ops, [try Nick("zoe"), stage.me])))
    #expect(shows("HERE 2"))
    stage.feed(.chat(.parted(ops)))
    #expect(shows("you are no longer in #ops") && shows("HERE 0") && !shows("zoe"))
  }

  @Test mutating func `the next ping is shown where there is room and while it is due`() {
    let now = stage.clock.now
    stage.link(.online) {
      $0.lastPing = now + .seconds(-13)
      $0.nextPing = now + .seconds(2)
    }
    #expect(shows("13s ago next 2s"))
    stage.link(.online) { $0.nextPing = now + .seconds(12) }
    #expect(shows("ping  13s ago") && !shows("next"), "22 columns are one too few")
    stage.link(.online) { $0.nextPing = now + .seconds(-1) }
    #expect(shows("ping  13s ago") && !shows("next"))
  }

  @Test mutating func `strangers cannot open windows without end`() throws {
    for number in 0..<300 { try stage.say("s\(number)", "hi", room: try RoomName("@s\(number)")) }
    #expect(stage.screen.windows.count == ChatScreen.maximumWindows)
    #expect(enter("/join another") == [.bell])
    #expect(stage.render().fault == nil)
  }

  @Test mutating func `panes are switched by key and by command`() {
    stage.press(Key(.function(2)))
    #expect(!shows("LINK") && shows("UNACKED"))
    _ = enter("/panes link on")
    #expect(shows("LINK"))
    _ = enter("/panes off")
    #expect(!shows("UNACKED") && !shows("HERE"))
    _ = enter("/panes")
    #expect(shows("UNACKED") && shows("HERE"))
    _ = enter("/pending")
    #expect(shows("UNACKED"))
    stage.press(Key(.escape))
    #expect(stage.screen.page == nil)
  }
}

extension String {
  /// How often `part` stands in it.
  func components(_ part: String) -> Int { ranges(of: part).count }
}
