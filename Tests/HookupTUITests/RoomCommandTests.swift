import HookupCore
import Testing

@testable import HookupTUI

@Suite struct RoomCommandTests {
  private func act(_ line: String) -> RoomAct? {
    if case .command(.act(let act)) = SlashCommand.parse(line) { act } else { nil }
  }

  private func isError(_ line: String) -> Bool {
    if case .error = SlashCommand.parse(line) { true } else { false }
  }

  @Test func `what is done to persons`() throws {
    let bob = try Nick("bob")
    #expect(act("/kick bob spam and eggs") == RoomAct(.kicked, text: "spam and eggs", nick: bob))
    #expect(act("/ban @bob 2h spam") == RoomAct(.banned, text: "spam", nick: bob, seconds: 7_200))
    #expect(act("/ban bob spam 2h") == RoomAct(.banned, text: "spam 2h", nick: bob))
    #expect(act("/mute bob 90s") == RoomAct(.muted, nick: bob, seconds: 90))
    #expect(act("/ban bob 400d") == RoomAct(.banned, text: "400d", nick: bob))
    #expect(act("/unban bob") == RoomAct(.unbanned, nick: bob))
    #expect(act("/invite bob") == RoomAct(.invited, nick: bob))
    #expect(act("/rank bob moderator") == RoomAct(.rank, nick: bob, rank: .moderator))
    #expect(act("/rank bob none") == RoomAct(.rank, nick: bob))
    for line in ["/kick", "/kick a/b", "/rank bob", "/rank bob king", "/whois", "/invite"] {
      #expect(isError(line))
    }
  }

  @Test func `what is set of a room`() {
    #expect(act("/set slow 10") == RoomAct(.settings, settings: .init(slowSeconds: 10)))
    #expect(act("/set readonly on") == RoomAct(.settings, settings: .init(isReadOnly: true)))
    #expect(act("/set access hidden") == RoomAct(.settings, settings: .init(access: .hidden)))
    #expect(act("/set about our plans") == RoomAct(.settings, settings: .init(about: "our plans")))
    for line in ["/set", "/set slow", "/set slow x", "/set access none", "/set colour red"] {
      #expect(isError(line))
    }
    guard
      case .command(.create(let room, let settings)) = SlashCommand.parse("/create #plans hidden")
    else {
      Issue.record("no room")
      return
    }
    #expect(room.text == "plans" && settings == .init(access: .hidden))
    #expect(isError("/create") && isError("/create #a b") && isError("/create #a hidden x"))
  }

  @Test func `what is about an entry may name it`() {
    func about(_ line: String) -> (UInt64?, RoomAct)? {
      if case .command(.about(let ref, let act)) = SlashCommand.parse(line) {
        (ref, act)
      } else {
        nil
      }
    }
    #expect(about("/edit better")! == (nil, RoomAct(.edited, text: "better")))
    #expect(about("/edit 12 better")! == (12, RoomAct(.edited, text: "better")))
    #expect(about("/react +1")! == (nil, RoomAct(.reacted, text: "+1")))
    #expect(about("/react 👍")! == (nil, RoomAct(.reacted, text: "👍")))
    #expect(about("/delete 7 oops")! == (7, RoomAct(.deleted, text: "oops")))
    #expect(about("/delete")! == (nil, RoomAct(.deleted)))
    #expect(about("/reply yes")! == (nil, .say("yes")))
    #expect(isError("/edit") && isError("/edit 12") && isError("/react"))
  }

  @Test func `a password never stands in a command`() {
    #expect(SlashCommand.parse("/login") == .command(.secret(.logIn)))
    #expect(SlashCommand.parse("/register") == .command(.secret(.register)))
    guard case .error(let sentence) = SlashCommand.parse("/login hunter22") else {
      Issue.record("taken")
      return
    }
    #expect(!sentence.contains("hunter22"))
  }
}

@Suite struct SecretPromptTests {
  private var stage = try! Stage()

  @Test mutating func `a password is neither shown nor kept`() {
    stage.type("/login")
    stage.press(Key(.enter))
    #expect(stage.picture().contains("|password: "))
    stage.type("hunter22")
    #expect(!stage.picture().contains("hunter"))
    // Nothing that would make it a draft, a history line or a message.
    for key in [Key(.up), Key(.tab), .control("n"), .control("p"), Key(.function(1))] {
      stage.press(key)
    }
    #expect(stage.screen.secret != nil)
    stage.press(Key(.enter))
    #expect(stage.effects.first == .logIn(password: "hunter22"))
    stage.press(Key(.up), .control("y"), .control("_"))
    #expect(!stage.screen.editor.text.contains("hunter"))
    #expect(!stage.picture().contains("hunter"))
  }

  @Test mutating func `it can be let be`() {
    stage.type("/register")
    stage.press(Key(.enter))
    stage.type("hunter22")
    stage.press(.control("c"))
    #expect(stage.screen.secret == nil && stage.screen.editor.isEmpty)
    stage.press(Key(.up))
    #expect(!stage.screen.editor.text.contains("hunter"))
  }
}

/// What becomes of a message is seen where it stands.
@Suite struct EntryChangeScreenTests {
  private var stage = try! Stage()

  private mutating func feed(_ act: RoomAct, by nick: String, at offset: UInt64) throws {
    stage.feed(
      .chat(
        .entry(
          RoomEntry(
            room: stage.ops, offset: offset, act: act, id: try MessageID("x\(offset)"),
            from: try Nick(nick), milliseconds: stage.clock.wallMilliseconds))))
  }

  private func shows(_ text: String) -> Bool { stage.picture().contains(text) }

  @Test mutating func `an edit, a reaction and a deletion change the line`() throws {
    try stage.say("bob", "frist post")
    try stage.say("carol", "hm")
    try feed(RoomAct(.edited, text: "first post", ref: 1), by: "bob", at: 3)
    #expect(shows("first post (edited)") && !shows("frist"))
    try feed(RoomAct(.reacted, text: "+", ref: 1), by: "carol", at: 4)
    try feed(RoomAct(.reacted, text: "+", ref: 1), by: "alice", at: 5)
    #expect(shows("+ 2"))
    try feed(RoomAct(.deleted, ref: 1), by: "bob", at: 6)
    #expect(shows("(deleted)") && !shows("first post") && !shows("+ 2"))
    try feed(.say("why?", replyingTo: 2), by: "bob", at: 7)
    #expect(shows("↪ "))
    #expect(shows("why?"))
    try feed(RoomAct(.me, text: "waves"), by: "bob", at: 8)
    #expect(shows("* bob waves"))
    // What is not in view is told in words.
    try feed(RoomAct(.deleted, text: "spam", ref: 900), by: "bob", at: 9)
    #expect(shows("bob deleted 900: spam"))
  }

  @Test mutating func `an own message is edited whether its answer or its entry came first`() throws
  {
    for (sequence, isAnsweredFirst) in [(1, true), (2, false)] as [(UInt64, Bool)] {
      let offset = sequence * 10
      try stage.own(sequence, "frist \(sequence)", .sent)
      if isAnsweredFirst { try stage.own(sequence, "frist \(sequence)", .stored(offset: offset)) }
      stage.feed(
        .chat(
          .entry(
            RoomEntry(
              room: stage.ops, offset: offset, act: .say("frist \(sequence)"),
              id: try MessageID("m\(sequence)"), from: stage.me, milliseconds: 0))))
      let edit = RoomAct(.edited, text: "first \(sequence)", ref: offset)
      stage.feed(
        .chat(
          .entry(
            RoomEntry(
              room: stage.ops, offset: offset + 1, act: edit, id: try MessageID("e\(sequence)"),
              from: stage.me, milliseconds: 0))))
      #expect(shows("first \(sequence) (edited)") && !shows("frist"))
    }
  }

  @Test mutating func `what is done to the room and to persons is told in words`() throws {
    let bob = try Nick("bob")
    for (offset, (act, words)) in [
      (RoomAct(.created, settings: .init(access: .hidden)), "carol made this room access hidden"),
      (RoomAct(.kicked, text: "spam", nick: bob), "carol kicked bob: spam"),
      (RoomAct(.banned, nick: bob, seconds: 7_200), "carol banned bob for 2h"),
      (RoomAct(.rank, nick: bob, rank: .owner), "carol made bob owner"),
      (RoomAct(.settings, settings: .init(slowSeconds: 5)), "carol set slow 5 s"),
      (RoomAct(.init(rawValue: "waltz"), text: "x\u{1B}[2J"), "carol: waltz: x"),
    ].enumerated() {
      try feed(act, by: "carol", at: UInt64(offset) + 1)
      #expect(shows(words), "\(words)")
    }
    #expect(!stage.picture().contains("\u{1B}"))
  }

  @Test mutating func `without a number the newest message that fits is meant`() throws {
    try stage.say("bob", "one")
    try stage.own("mine", .stored(offset: 2))
    stage.type("/react +")
    stage.press(Key(.enter))
    #expect(stage.effects == [.act(stage.ops, RoomAct(.reacted, text: "+", ref: 1))])
    stage.type("/edit better")
    stage.press(Key(.enter))
    #expect(stage.effects == [.act(stage.ops, RoomAct(.edited, text: "better", ref: 2))])
    stage.type("/reply yes")
    stage.press(Key(.enter))
    #expect(stage.effects == [.speak(stage.ops, .say("yes", replyingTo: 1))])
    stage.type("/delete 1")
    stage.press(Key(.enter))
    #expect(stage.effects == [.act(stage.ops, RoomAct(.deleted, ref: 1))])
  }

  @Test mutating func `a search shows where, and what a stranger wrote stays text`() throws {
    let entry = RoomEntry(
      room: stage.ops, offset: 7, id: try MessageID("1"), from: try Nick("bob"), milliseconds: 0,
      text: "x")
    let unasked = stage.picture()
    stage.feed(.chat(.found([ChatHit(entry: entry, snippet: "pushed")], more: false)))
    #expect(stage.picture() == unasked, "nobody but the person covers the chat")
    stage.type("/search fox")
    stage.press(Key(.enter))
    stage.feed(
      .chat(.found([ChatHit(entry: entry, snippet: "a \u{2068}fox\u{2069}\u{1B}c")], more: true)))
    #expect(shows("#ops bob  a fox^[c"))
    #expect(shows("1 found, and there are more"))
    stage.type("/search fix")
    stage.press(Key(.enter))
    stage.feed(.chat(.found([], more: false)))
    #expect(shows("nothing found"))
  }
}
