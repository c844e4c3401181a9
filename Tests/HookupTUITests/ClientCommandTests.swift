import HookupCore
import Testing

@testable import HookupTUI

/// The commands about this client, and what they show.
@Suite struct ClientCommandTests {
  var stage: Stage
  let ops: RoomName

  init() throws {
    stage = try Stage()
    ops = try RoomName("ops")
    try stage.goOnline()
  }

  func shows(_ text: String) -> Bool { stage.picture().contains(text) }

  mutating func enter(_ line: String) -> [ScreenEffect] {
    stage.press(.control("u"))
    stage.type(line)
    stage.press(Key(.enter))
    return stage.effects
  }

  @Test func `commands are read`() throws {
    let bob = try Nick("bob")
    let table: [(String, SlashCommand)] = [
      ("/retry all", .retry(nil)), ("/retry 812", .retry(812)), ("/drop 812", .drop(812)),
      ("/drop failed", .drop(nil)), ("/connect", .reconnect),
      ("/disconnect", .online(false)), ("/ping", .ask(.ping)), ("/search", .search(nil)),
      ("/lastlog a b", .search("a b")), ("/mentions", .mentions), ("/url", .url(nil)),
      ("/url 3", .url(3)), ("/export x.txt", .export("x.txt")), ("/ignore @bob", .ignore(bob)),
      ("/unignore bob", .unignore(bob)), ("/notify off", .bell(false)), ("/help url", .help("url")),
      ("/close", .part(nil)), ("/who", .names), ("/theme dark", .theme("dark")),
    ]
    for (line, command) in table {
      #expect(SlashCommand.parse(line) == .command(command), "\(line)")
    }
    for line in [
      "/retry x", "/drop", "/drop -1", "/drop all", "/url 0", "/url x", "/export ../x",
      "/export .x",
      "/unignore",
      "/notify maybe", "/theme", "/export \(String(repeating: "x", count: 201))",
    ] {
      guard case .error = SlashCommand.parse(line) else {
        Issue.record("\(line) is taken")
        continue
      }
    }
  }

  @Test func `every command of the help is read, or says how it is written`() {
    for help in SlashCommand.all {
      for rest in ["", " x", " 1", " bob", " #room"] {
        if case .text = SlashCommand.parse("/\(help.name)\(rest)") {
          Issue.record("/\(help.name)\(rest) would be sent")
        }
        if case .error(let sentence) = SlashCommand.parse("/\(help.name)\(rest)") {
          #expect(!sentence.hasPrefix("unknown"), "/\(help.name)")
        }
      }
    }
    #expect(Set(SlashCommand.all.map(\.name)).count == SlashCommand.all.count)
  }

  @Test mutating func `links have numbers, and are shown alone`() throws {
    let long = "https://a.example/" + String(repeating: "path/", count: 20)
    try stage.say("bob", "see http://b.example/x, and")
    try stage.say("bob", "this \(long) too")
    #expect(shows("see http://b.example/x [1], and"))
    #expect(shows("|https://a.example/path/"), "flush left")
    #expect(shows("[2] too"))
    #expect(stage.render().fault == nil)
    #expect(enter("/url 2") == [.showPlain([long])])
    #expect(enter("/url") == [.showPlain(["[1] http://b.example/x", "[2] \(long)"])])
    #expect(enter("/url 9") == [.bell])
    stage.press(.alt("l"))
    guard case .showPlain(let lines)? = stage.effects.first else {
      Issue.record("\(stage.effects)")
      return
    }
    #expect(lines.contains { $0.hasSuffix("<bob> this \(long) too") })
  }

  @Test mutating func `who is ignored is not read, not counted and does not ring`() throws {
    let dev = try RoomName("dev")
    try stage.say("bob", "before")
    _ = enter("/ignore bob")
    #expect(shows("(ignored)") && !shows("before"))
    stage.feed(.chat(.joined(RoomSnapshot(room: dev, topic: "", members: [], last: 0))))
    try stage.say("bob", "hi alice", room: dev)
    #expect(stage.effects == [])
    #expect(!shows("#dev("))
    _ = enter("/ignore")
    #expect(shows("ignored: bob"))
    #expect(stage.screen.saved.ignored == ["bob"])
    _ = enter("/unignore bob")
    #expect(shows("before"))
  }

  @Test mutating func `an alias stands for what was written, once, and for no command`() throws {
    #expect(enter("/alias gm good morning, all") == [])
    #expect(shows("/gm stands for: good morning, all"))
    #expect(enter("/gm") == [.say(ops, "good morning, all")])
    #expect(enter("/GM and bob") == [.say(ops, "good morning, all and bob")])
    #expect(enter("/alias loop /loop again") == [])
    #expect(enter("/loop") == [.bell], "what it says is not looked at again")
    #expect(enter("/alias /back /topic the topic of") == [])
    #expect(enter("/back yesterday") == [.setTopic(ops, "the topic of yesterday")])
    _ = enter("/alias quit nothing")
    #expect(shows("/quit is a command"))
    _ = enter("/alias a/b nothing")
    #expect(shows("is no name for an alias"))
    _ = enter("/alias long \(String(repeating: "x", count: 401))")
    #expect(shows("at most 400 bytes"))
    _ = enter("/alias")
    #expect(shows("/back: /topic the topic of") && shows("/gm: good morning, all"))
    #expect(enter("//gm") == [.say(ops, "/gm")])

    var again = try Stage()
    again.feed(.restored(stage.screen.saved))
    #expect(again.screen.aliases == stage.screen.aliases)
    #expect(enter("/unalias gm") == [])
    #expect(enter("/gm") == [.bell] && shows("unknown command /gm"))
    for number in stage.screen.aliases.texts.count..<64 { _ = enter("/alias n\(number) x") }
    _ = enter("/alias onemore x")
    #expect(shows("no more than 64 aliases"))
    _ = enter("/alias back x")
    #expect(stage.screen.aliases.texts["back"] == "x")
  }

  @Test mutating func `mentions of all rooms are listed, and gone to`() throws {
    let dev = try RoomName("dev")
    stage.feed(.chat(.joined(RoomSnapshot(room: dev, topic: "", members: [], last: 0))))
    try stage.say("carol", "alice: build is red", room: dev)
    for number in 1...60 { try stage.say("carol", "commit \(number)", room: dev) }
    _ = enter("/mentions")
    #expect(shows("MENTIONS 1") && shows("#dev carol  alice: build is red"))
    stage.press(Key(.enter))
    #expect(stage.screen.room == dev)
    #expect(shows("alice: build is red") && shows("below"))
    stage.press(Key(.end, .alt), Key(.escape), .alt("p"))
    #expect(shows("alice: build is red"))
    stage.press(.alt("n"))
    #expect(shows("no mention below"))
  }

  @Test mutating func `the first unread message is gone to, and all is read by one key`() throws {
    for number in 1...30 { try stage.say("bob", "seen \(number).") }
    stage.press(Key(.focusLost))
    for number in 1...60 { try stage.say("bob", "new \(number).") }
    stage.press(Key(.focusGained), .alt("u"))
    #expect(shows("60 new messages") && shows("new 1."))
    stage.press(.alt("U"))
    #expect(shows("all is read"))
  }

  @Test mutating func `a window is exported without controls`() throws {
    try stage.say("mallory", "a\u{1B}[2J\n12:00 <root> forged")
    guard case .export(let name, let lines)? = enter("/export").first else {
      Issue.record("\(stage.effects)")
      return
    }
    #expect(name == "ops-2026-11-23.txt")
    #expect(lines.contains { $0.contains("<mallory> a^[[2J\n      12:00 <root> forged") })
    #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 } })
  }

  @Test mutating func `the mouse, the check and the keys`() throws {
    #expect(enter("/mouse") == [.setMouse(true)])
    stage.press(.alt("m"))
    #expect(stage.effects == [.setMouse(false)])
    _ = enter("/check")
    #expect(shows("CHECK") && stage.render().fault == nil)
    stage.press(Key(.escape))
    _ = enter("/keys")
    stage.press(.control("x"), Key(.escape))
    #expect(shows("KEYS as they arrive") && shows("escape"))
    stage.press(Key(.escape))
    #expect(!shows("KEYS as they arrive"))
    for number in 1...40 { try stage.say("bob", "line \(number)") }
    stage.press(Key(.wheelUp))
    #expect(shows("below"))
  }

  @Test mutating func `a click on a room shows it`() throws {
    stage.resize(120, 40)
    stage.press(Key(.click(row: 2, column: 4)))
    #expect(stage.screen.room == nil)
    stage.press(Key(.click(row: 3, column: 4)))
    #expect(stage.screen.room == ops)
    stage.press(Key(.click(row: 30, column: 4)), Key(.click(row: 3, column: 60)))
    #expect(stage.screen.room == ops)
  }

  @Test mutating func `the editor gets the draft and gives it back`() throws {
    stage.type("draft")
    stage.press(.alt("e"))
    #expect(stage.effects == [.edit("draft")])
    stage.feed(.edited("a\nb\n"))
    #expect(stage.screen.editor.text == "a\nb")
    stage.feed(.edited(nil))
    stage.feed(.edited(String(repeating: "x", count: LineEditor.maximumBytes + 1)))
    #expect(stage.screen.editor.text == "a\nb" && shows("not taken"))
  }

  @Test mutating func `the help scrolls, and one command is explained`() throws {
    stage.resize(60, 16)
    stage.press(Key(.function(1)))
    #expect(!shows("/quit"))
    var pages = 0
    while !shows("/rank"), pages < 20 {
      stage.press(Key(.pageDown))
      pages += 1
    }
    #expect(shows("/rank"))
    stage.press(Key(.home, .alt))
    #expect(shows("KEYS"))
    stage.press(Key(.function(1)))
    _ = enter("/help drop")
    #expect(shows("/drop N|failed: take back, or put failed away"))
  }
}
