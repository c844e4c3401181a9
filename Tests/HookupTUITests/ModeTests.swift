import HookupCore
import Testing

@testable import HookupTUI

/// Finding, recalling, choosing: keys that do not write the draft.
@Suite struct ModeTests {
  var stage: Stage
  let ops: RoomName
  let dev: RoomName

  init() throws {
    stage = try Stage()
    ops = try RoomName("ops")
    dev = try RoomName("dev")
    try stage.goOnline()
  }

  func shows(_ text: String) -> Bool { stage.picture().contains(text) }

  mutating func enter(_ line: String) -> [ScreenEffect] {
    stage.type(line)
    stage.press(Key(.enter))
    return stage.effects
  }

  // MARK: Finding

  mutating func talk() throws {
    for number in 1...100 {
      try stage.say("bob", number % 10 == 0 ? "the Fox \(number)." : "line \(number).")
    }
  }

  @Test mutating func `finding goes to older lines, back to newer ones, and returns`() throws {
    try talk()
    stage.type("draft")
    let before = stage.picture()
    stage.press(.control("s"))
    stage.type("fox")
    #expect(shows("find here: fox"))
    #expect(shows("the Fox 100."))
    stage.press(.control("r"), .control("r"), Key(.up))
    #expect(shows("the Fox 70."))
    #expect(!shows("line 99.") || shows("below"))
    stage.press(.control("s"))
    #expect(shows("the Fox 80."))
    stage.press(Key(.escape))
    #expect(stage.picture() == before)
  }

  @Test mutating func `Enter stays where the finding led, and the draft is as it was`() throws {
    try talk()
    stage.type("draft")
    stage.press(.control("s"))
    stage.type("Fox 10.")
    #expect(stage.effects == [])
    #expect(shows("the Fox 10."))
    stage.press(Key(.enter))
    #expect(stage.effects == [])
    #expect(shows("the Fox 10.") && shows("[#ops] draft"))
    stage.press(Key(.enter))
    #expect(stage.effects == [.say(ops, "draft")])
  }

  @Test mutating func `what is not there rings, and erasing finds again`() throws {
    try talk()
    stage.press(.control("s"))
    stage.type("foxy")
    #expect(stage.effects == [.bell])
    #expect(shows("no more of it here"))
    stage.press(Key(.backspace))
    #expect(stage.effects == [])
    #expect(shows("find here: fox") && !shows("no more"))
    for _ in 0..<3 { stage.press(Key(.backspace)) }
    #expect(shows("find here: "))
    stage.press(Key(.backspace))
    #expect(shows("[#ops]"))
  }

  @Test mutating func `Tab asks the server for all rooms, and Enter on a hit goes there`() throws {
    try talk()
    stage.press(.control("s"))
    stage.type("wor*")
    stage.press(Key(.tab))
    #expect(shows("find everywhere: wor*"))
    stage.press(Key(.enter))
    #expect(stage.effects == [.ask(.search(ChatQuery(words: "wor*")))])
    func hit(_ room: RoomName, _ offset: UInt64) throws -> ChatHit {
      ChatHit(
        entry: RoomEntry(
          room: room, offset: offset, id: try MessageID("h\(offset)"), from: try Nick("bob"),
          milliseconds: stage.clock.wallMilliseconds, text: "x"),
        snippet: "the \u{2068}work\u{2069} \(offset)")
    }
    stage.feed(.chat(.found([try hit(ops, 70), try hit(dev, 3)], more: true)))
    #expect(shows("SEARCH wor*  2 found, and there are more") && shows("the work 70"))
    stage.press(Key(.enter))
    #expect(shows("the Fox 70."))
    #expect(shows("r reply"))
    // One in a room that is not open: it is joined, and fetched back to.
    stage.press(Key(.escape), .control("s"), Key(.tab))
    stage.type("x")
    stage.press(Key(.enter))
    stage.feed(.chat(.found([try hit(dev, 3)], more: false)))
    stage.press(Key(.enter))
    #expect(stage.effects == [.join(dev)])
    stage.feed(.chat(.joined(RoomSnapshot(room: dev, topic: "", members: [], last: 60))))
    func entry(_ offset: UInt64) throws -> RoomEntry {
      RoomEntry(
        room: dev, offset: offset, id: try MessageID("d\(offset)"), from: try Nick("carol"),
        milliseconds: stage.clock.wallMilliseconds, text: "dev \(offset).")
    }
    stage.feed(.chat(.entry(try entry(50))))
    #expect(stage.effects.contains(.fetchHistory(dev, before: 50)))
    for offset in 51...60 as ClosedRange<UInt64> { stage.feed(.chat(.entry(try entry(offset)))) }
    stage.feed(.chat(.page(ChatPage(room: dev, entries: try (20...49).map { try entry($0) }))))
    #expect(stage.effects.contains(.fetchHistory(dev, before: 20)))
    stage.feed(
      .chat(
        .page(
          ChatPage(room: dev, entries: try (1...19).map { try entry($0) }, isComplete: true))))
    #expect(shows("dev 3.") && shows("#dev begins here"))
  }

  // MARK: The history of lines

  @Test mutating func `an old line is found and taken, not sent`() throws {
    for line in ["make all", "git push", "make test"] { _ = enter(line) }
    stage.type("half")
    stage.press(.control("r"))
    stage.type("make")
    #expect(shows("history 'make': make test"))
    stage.press(.control("r"))
    #expect(shows("history 'make': make all"))
    stage.press(.control("r"))
    #expect(stage.effects == [.bell])
    stage.press(.control("s"))
    #expect(shows("history 'make': make test"))
    stage.press(Key(.escape))
    #expect(stage.screen.editor.text == "half")
    stage.press(.control("r"))
    stage.type("push")
    stage.press(Key(.enter))
    #expect(stage.effects == [])
    #expect(stage.screen.editor.text == "git push")
    stage.press(.control("_"))
    #expect(stage.screen.editor.text == "half")
  }

  // MARK: Rooms by name

  @Test mutating func `a room is gone to by a part of its name`() throws {
    for name in ["dev", "random", "develop"] {
      stage.feed(
        .chat(
          .joined(RoomSnapshot(room: try RoomName(name), topic: "", members: [], last: 0))))
    }
    stage.press(.control("g"))
    stage.type("and")
    stage.press(Key(.enter))
    #expect(stage.screen.room == (try RoomName("random")))
    stage.press(.control("g"))
    stage.type("dev")
    stage.press(Key(.down), Key(.enter))
    #expect(stage.screen.room == (try RoomName("develop")))
    stage.press(.control("g"))
    stage.type("nosuch")
    stage.press(Key(.enter))
    #expect(stage.effects == [.bell])
    #expect(shows("no room of that name"))
    stage.press(.control("g"), Key(.escape))
    #expect(stage.screen.mode == .write)
  }

  // MARK: A message

  @Test mutating func `a message is chosen and answered, edited, deleted, copied`() throws {
    try stage.say("bob", "first https://a.example/x")
    try stage.own("mine", .stored(offset: 2))
    stage.press(Key(.escape))
    #expect(shows("r reply  e edit  d delete"))
    stage.type("e")
    #expect(stage.screen.editor.text == "/edit 2 mine")
    stage.press(.control("c"), Key(.escape))
    stage.type("d")
    #expect(shows("d again deletes it for everybody"))
    stage.type("d")
    var deletion = RoomAct(.deleted)
    deletion.ref = 2
    #expect(stage.effects == [.act(ops, deletion)])
    stage.press(Key(.up, .alt))
    stage.type("k")
    stage.type("d")
    stage.type("j")
    stage.type("d")
    #expect(stage.effects == [], "the first of two, of another message")
    stage.press(Key(.escape), Key(.escape))
    stage.type("k")
    stage.type("r")
    #expect(stage.screen.editor.text == "/reply 1 ")
    stage.press(.control("c"), Key(.escape), Key(.up))
    stage.type("y")
    stage.press(.control("y"))
    #expect(stage.screen.editor.text == "first https://a.example/x")
    stage.press(.control("c"), Key(.escape), Key(.up))
    stage.type("e")
    #expect(stage.effects == [.bell])
    stage.type("o")
    #expect(stage.effects == [.showPlain(["https://a.example/x"])])
    stage.press(Key(.escape))
    stage.type("hello")
    #expect(stage.screen.editor.text == "hello", "a letter that means nothing begins a draft")
  }

  @Test mutating func `a failed message is said again, edited or put away by one letter`() throws {
    for text in ["one", "two", "three"] {
      try stage.own(text, .failed(reason: "read_only"))
    }
    stage.press(Key(.escape))
    #expect(shows("r retry  e edit  d drop"))
    stage.type("r")
    #expect(stage.effects == [.say(ops, "three")])
    stage.press(Key(.escape), Key(.up))
    stage.type("e")
    #expect(stage.screen.editor.text == "two")
    stage.press(.control("c"), Key(.escape), Key(.up), Key(.up))
    stage.type("d")
    #expect(stage.screen.window.timeline.failed == 0)
    #expect(shows("(dropped)") && shows("(said again below)"))
  }

  @Test mutating func `what waits is taken back, what is on its way is not, and that is said`()
    throws
  {
    let waits = try stage.own("waits", .buffered)
    let flies = try stage.own("flies", .sent)
    let failed = try stage.own("failed", .failed(reason: "no"))
    stage.press(Key(.escape), Key(.up))
    stage.type("d")
    #expect(stage.effects == [.bell] && shows("it is on its way"))
    stage.press(Key(.up))
    stage.type("r")
    #expect(stage.effects == [.bell] && shows("d takes it back"))
    stage.type("d")
    let waiting = try #require(stage.screen.window.timeline.own(sequence: waits))
    #expect(stage.effects.last == .withdraw(waiting.id))
    #expect(enter("/drop \(waits)") == [.withdraw(waiting.id)])
    for number in [flies, 4711] { #expect(enter("/drop \(number)") == [.bell]) }
    #expect(enter("/drop \(failed)") == [])
    #expect(shows("(dropped)"))
    #expect(stage.screen.window.timeline.failed == 0)

    var withdrawn = waiting
    withdrawn.state = .withdrawn
    stage.feed(.chat(.own(withdrawn)))
    #expect(shows("(taken back)"))
    #expect(stage.screen.window.timeline.failed == 0)
    #expect(enter("/drop \(waits)") == [.bell])
  }

  @Test mutating func `a reply of one's own shows what it replies to, and is said again as one`()
    throws
  {
    try stage.say("bob", "is it red?")
    var reply = OwnMessage(
      id: try MessageID("r1"), sequence: 1, room: ops, text: "green",
      milliseconds: stage.clock.wallMilliseconds, state: .failed(reason: "no"))
    reply.ref = 1
    stage.feed(.chat(.own(reply)))
    #expect(shows("↪ bob: is it red?"))
    #expect(enter("/retry") == [.speak(ops, .say("green", replyingTo: 1))])
  }
}
