import HookupCore
import Testing

@testable import HookupTUI

@Suite struct SlashCommandTests {
  @Test func `commands are understood with their arguments`() throws {
    let ops = try RoomName("ops")
    let bob = try Nick("bob")
    let table: [(String, SlashCommand)] = [
      ("/join #ops", .join(ops)), ("/join ops", .join(ops)), ("/j  #ops ", .join(ops)),
      ("/JOIN ops", .join(ops)), ("/part", .part(nil)), ("/part #ops", .part(ops)),
      ("/msg bob hi  there", .message(bob, "hi  there")), ("/msg @bob hi", .message(bob, "hi")),
      ("/query bob", .message(bob, "")), ("/topic a b", .topic("a b")), ("/names", .names),
      ("/rooms", .rooms), ("/list", .list), ("/pending", .pending), ("/backlog", .backlog),
      ("/retry", .retry(nil)), ("/reconnect", .reconnect), ("/clear", .clear),
      ("/help", .help(nil)),
      ("/quit", .quit), ("/go online", .online(true)),
      ("/go offline", .online(false)), ("/panes", .panes(nil, shown: nil)),
      ("/panes off", .panes(nil, shown: false)), ("/panes acks on", .panes(.acks, shown: true)),
      ("/panes people", .panes(.members, shown: nil)), ("/nick carol", .nick),
    ]
    for (line, command) in table {
      #expect(SlashCommand.parse(line) == .command(command), "\(line)")
    }
  }

  @Test(arguments: [
    ("hello", "hello"), ("//quit", "/quit"), ("a /quit", "a /quit"), ("", ""), (" hello", " hello"),
    (" /nosuch", " /nosuch"), (" //quit", " //quit"), ("///", "//"),
  ]) func `a line that is no command is text, without the first of two slashes`(
    line: String, text: String
  ) {
    #expect(SlashCommand.parse(line) == .text(text))
  }

  @Test(arguments: [
    ("/", "missing"), ("/nosuch x", "unknown command /nosuch"), ("/p", "/part"),
    ("/q", "/query /quit"),
    ("/re", "/retry /reconnect"), ("/join", "missing"), ("/join #", "not allowed"),
    ("/join a b", "not allowed"), ("/msg bob", "usage"), ("/msg", "usage"),
    ("/msg ! hi", "not allowed"),
    ("/topic", "usage"), ("/go away", "usage"), ("/panes nosuch", "usage"),
    ("/panes acks maybe", "usage"), (" /quit", "not sent"), ("  /qui", "not sent"),
    ("/\u{1B}[2J", "^[[2J"), ("/ x", "missing"), ("/\u{301}join ops", "unknown"),
  ]) func `what is not understood is an error with a way out, never text`(
    line: String, part: String
  ) {
    guard case .error(let sentence) = SlashCommand.parse(line) else {
      Issue.record("\(line) is not an error")
      return
    }
    #expect(sentence.contains(part), "\(sentence)")
  }

  @Test func `every command of the help is understood`() {
    for help in SlashCommand.all {
      if case .error(let sentence) = SlashCommand.parse("/\(help.name)") {
        #expect(!sentence.contains("unknown"), "\(help.name): \(sentence)")
      }
    }
  }

  @Test(arguments: 0..<20) func `no line traps`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let pieces = ["/", "join", " ", "#", "@", "msg", "\u{301}", "日", "panes", "off", "\n", "\u{0}"]
    for _ in 0..<500 {
      let line = (0..<Int(random.next() % 8)).map { _ in
        pieces[Int(random.next() % UInt64(pieces.count))]
      }.joined()
      let parsed = SlashCommand.parse("/" + line)
      if case .text(let text) = parsed { #expect(text == line && line.unicodeScalars.first == "/") }
    }
  }
}

@Suite struct KeyMapTests {
  @Test func `keys mean what readline and most chats agree on`() {
    let table: [(Key, KeyAction?)] = [
      (Key(.enter), .send), (Key(.enter, .alt), .newline), (Key(.enter, .shift), .newline),
      (.character("x"), .insert("x")), (.character("?"), .insert("?")),
      (.control("a"), .moveToLineStart),
      (.control("e"), .moveToLineEnd), (.control("b"), .moveLeft), (.control("f"), .moveRight),
      (.alt("b"), .moveWordLeft), (.alt("f"), .moveWordRight), (.control("w"), .deleteToSpace),
      (Key(.backspace), .deleteBackward), (Key(.backspace, .alt), .deleteWordBackward),
      (.control("h"), .deleteBackward), (.alt("d"), .deleteWordForward),
      (.control("k"), .killToEnd),
      (.control("u"), .killToStart), (.control("y"), .yank), (.control("t"), .transpose),
      (.control("_"), .undo), (.alt("_"), .redo), (Key(.up), .up), (Key(.down), .down),
      (Key(.left, .control), .moveWordLeft), (Key(.right, .control), .moveWordRight),
      (Key(.left, .alt), .previousRoom), (Key(.right, .alt), .nextRoom),
      (.control("p"), .previousRoom),
      (.control("n"), .nextRoom), (.alt("a"), .nextActiveRoom), (.alt("/"), .lastRoom),
      (.alt("1"), .room(1)), (.alt("0"), .room(10)), (Key(.pageUp), .pageUp),
      (Key(.pageDown), .pageDown), (Key(.home, .alt), .scrollToTop),
      (Key(.end, .alt), .scrollToBottom),
      (Key(.home), .moveToLineStart), (Key(.tab), .complete), (Key(.tab, .shift), .completeBack),
      (Key(.function(1)), .help), (Key(.function(2)), .toggle(.link)),
      (Key(.function(5)), .toggle(.members)), (Key(.function(9)), nil), (.control("l"), .redraw),
      (.control("z"), .suspend), (.control("c"), .cancel), (.control("q"), .quit), (.alt("x"), nil),
      (Key(.insert), nil), (Key(.paste("p")), .paste("p")), (Key(.focusLost), .focus(false)),
    ]
    for (key, action) in table { #expect(KeyMap.action(for: key) == action, "\(key)") }
  }
}
