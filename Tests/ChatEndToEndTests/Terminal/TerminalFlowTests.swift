import Foundation
import Testing

/// What people do, from the first key to the last, on real terminals. Each wait shows the screen when it fails.
extension EndToEnd {
  @Suite(
    .serialized, .enabled(if: Tmux.isInstalled, "tmux is not installed"), .timeLimit(.minutes(5)))
  struct TerminalFlowTests {
    private let world: World
    private let tmux: Tmux

    init() throws {
      world = try World()
      tmux = Tmux(home: world.home)
    }

    private func command(_ nick: String, room: String = "ops") -> String {
      "\(Child.directory.path)/hookup-chat \(world.url) --nick \(nick) --room \(room) --data \(world.home)/\(nick)"
    }

    /// Starts a client and waits until it is online.
    private func start(_ nick: String, room: String = "ops", columns: Int = 120, rows: Int = 40)
      throws
    {
      try tmux.start(nick, columns: columns, rows: rows, command(nick, room: room))
      try tmux.wait(for: nick, "that it is online") { $0.contains("ONLINE") }
    }

    /// Whether the row with this text ends, within the chat, with this sign.
    private func has(_ text: String, _ sign: String, _ screen: String) -> Bool {
      screen.split(separator: "\n").contains { row in
        row.contains(text) && (row.components(separatedBy: text).last ?? "").contains(sign)
      }
    }

    @Test func `two people talk, and each own line goes from queued to sent to stored`() throws {
      try world.startServer()
      try start("alice")
      try start("bob")
      for nick in ["alice", "bob"] {
        try tmux.wait(for: nick, "both members") { $0.contains("HERE 2") }
      }
      world.killServer()
      try tmux.wait(for: "alice", "the loss") { !$0.contains("ONLINE") }
      try tmux.type("written without a link", in: "alice")
      try tmux.wait(for: "alice", "the line as queued") { has("without a link", "\u{25CC}", $0) }
      try world.startServer()
      try tmux.wait(for: "alice", seconds: 60, "the line as stored") {
        has("without a link", "\u{2713}", $0)
      }
      try tmux.wait(for: "bob", seconds: 60, "alice's line") { $0.contains("without a link") }
      // A server that stands still takes bytes and answers nothing.
      let server = try #require(world.server)
      kill(server.pid, SIGSTOP)
      try tmux.type("said to a server that sleeps", in: "alice")
      let sent = try? tmux.wait(for: "alice", "the line as sent") {
        has("server that sleeps", "\u{2191}", $0)
      }
      kill(server.pid, SIGCONT)
      #expect(sent != nil)
      try tmux.wait(for: "alice", seconds: 60, "the line as stored") {
        has("server that sleeps", "\u{2713}", $0)
      }
      try tmux.type("heard you", in: "bob")
      try tmux.wait(for: "alice", "bob's answer") { $0.contains("heard you") }
      #expect(
        try world.log(count: 3).map(\.text) == [
          "written without a link", "said to a server that sleeps", "heard you",
        ])
    }

    @Test func `a message that is refused says why, and goes out when it is said again`() throws {
      try world.startServer()
      try start("alice")
      try tmux.type("/register", in: "alice")
      try tmux.wait(for: "alice", "the question") { $0.contains("new password:") }
      try tmux.type("correct horse battery", in: "alice")
      try tmux.wait(for: "alice", "the account") { $0.contains("logged in as alice") }
      try tmux.type("/create #news open", in: "alice")
      try tmux.wait(for: "alice", "the room") { $0.contains("[#news]") }
      try tmux.type("/set readonly on", in: "alice")
      try start("bob", room: "news")
      // What bob says before the setting is stored would go through.
      try tmux.wait(for: "bob", "the setting") {
        $0.contains("read-only") || $0.contains("readonly")
      }
      try tmux.type("may I?", in: "bob")
      try tmux.wait(for: "bob", "the failure") { screen in
        has("may I?", "\u{2717}", screen) && screen.contains("failed:")
      }
      try tmux.type("/set readonly off", in: "alice")
      try tmux.type("you may", in: "alice")
      try tmux.wait(for: "bob", "the permission") { $0.contains("you may") }
      try tmux.type("/retry", in: "bob")
      try tmux.wait(for: "alice", "bob's line") { $0.contains("may I?") }
      try tmux.wait(for: "bob", "it as stored") { has("may I?", "\u{2713}", $0) }
    }

    @Test
    func
      `one pages back through what was said, new lines do not move the view, and one comes back`()
      throws
    {
      try world.startServer()
      try start("alice", columns: 100, rows: 30)
      let bob = try world.send("bob")
      bob.write((1...120).map { "line \($0) of many\n" }.joined())
      #expect(try bob.waitForEnd().status == 0)
      try tmux.wait(for: "alice", "the last line") { $0.contains("line 120 of many") }
      try tmux.press("PageUp", in: "alice")
      try tmux.press("PageUp", in: "alice")
      let back = try tmux.wait(for: "alice", "older lines") { screen in
        screen.contains(" below") && screen.contains("line 60 of many")
      }
      let top = try #require(back.firstMatch(of: /line \d+ of many/)).output
      let more = try world.send("bob")
      more.write("something new\n")
      #expect(try more.waitForEnd().status == 0)
      let count = try #require(back.firstMatch(of: /(\d+) below/)).output.1
      let held = try tmux.wait(for: "alice", "one more line below") {
        $0.contains("\((Int(count) ?? 0) + 1) below")
      }
      #expect(try #require(held.firstMatch(of: /line \d+ of many/)).output == top, "\(held)")
      try tmux.press("M-End", in: "alice")
      try tmux.wait(for: "alice", "the newest line") {
        $0.contains("something new") && !$0.contains(" below")
      }
    }

    @Test func `rooms count what was not read, and the next one with news is a key away`() throws {
      try world.startServer()
      try start("alice", columns: 100, rows: 30)
      try tmux.type("/join #dev", in: "alice")
      try tmux.wait(for: "alice", "the other room") { $0.contains("[#dev]") }
      try tmux.type("here I am", in: "alice")
      try tmux.wait(for: "alice", "its line") { has("here I am", "\u{2713}", $0) }
      let bob = try world.send("bob")
      bob.write("one\ntwo\nalice: three\n")
      #expect(try bob.waitForEnd().status == 0)
      let news = try tmux.wait(for: "alice", "three unread lines, one of them for her") {
        $0.contains("#ops(3!)") || $0.contains("#ops(1!)") || $0.contains("#ops(3")
      }
      #expect(!news.contains("alice: three"), "the other room is not shown")
      try tmux.press("M-a", in: "alice")
      try tmux.wait(for: "alice", "the lines") {
        $0.contains("[#ops]") && $0.contains("alice: three") && !$0.contains("#ops(")
      }
      try tmux.press("M-/", in: "alice")
      try tmux.wait(for: "alice", "the room before") { $0.contains("[#dev]") }
    }

    @Test func `what was said long ago is found`() throws {
      try world.startServer()
      let bob = try world.send("bob")
      bob.write(
        "the needle is in here\n" + (1...300).map { "hay \($0)\n" }.joined())
      #expect(try bob.waitForEnd().status == 0)
      try start("alice", columns: 100, rows: 30)
      try tmux.wait(for: "alice", "the newest lines") { $0.contains("hay 300") }
      try tmux.type("/search needle", in: "alice")
      try tmux.wait(for: "alice", "the message") { $0.contains("needle is in here") }
    }

    @Test func `a hidden room is made, and only who is invited reads it`() throws {
      try world.startServer()
      try start("alice")
      try tmux.type("/register", in: "alice")
      try tmux.wait(for: "alice", "the question") { $0.contains("new password:") }
      try tmux.type("correct horse battery", in: "alice")
      let account = try tmux.wait(for: "alice", "the account") { $0.contains("logged in as alice") }
      #expect(!account.contains("horse"), "the password is not shown")
      try start("bob")
      try tmux.type("/register", in: "bob")
      try tmux.wait(for: "bob", "the question") { $0.contains("new password:") }
      try tmux.type("incorrect horse battery", in: "bob")
      try tmux.wait(for: "bob", "the account") { $0.contains("logged in as bob") }
      try tmux.type("/create #den hidden", in: "alice")
      try tmux.wait(for: "alice", "the room") { $0.contains("[#den]") }
      try tmux.type("the secret", in: "alice")
      try tmux.wait(for: "alice", "the line as stored") { has("the secret", "\u{2713}", $0) }
      try tmux.type("/join #den", in: "bob")
      let refused = try tmux.wait(for: "bob", "the refusal") { $0.contains("refused") }
      #expect(!refused.contains("the secret"))
      try tmux.type("/invite bob", in: "alice")
      try tmux.wait(for: "bob", "the invitation") { $0.contains("alice invites you") }
      try tmux.type("/join #den", in: "bob")
      try tmux.wait(for: "bob", "what was said in it") { $0.contains("the secret") }
    }

    @Test func `a paste of many lines is not sent by itself`() throws {
      try world.startServer()
      try start("alice", columns: 80, rows: 24)
      let lines = (1...12).map { "pasted line \($0)" }
      try tmux.paste(lines.joined(separator: "\n") + "\n", in: "alice")
      let held = try tmux.wait(for: "alice", "the draft") { screen in
        screen.contains("pasted line 12") && screen.contains("12") && !screen.contains("\u{2713}")
      }
      #expect(!held.contains("\u{2191}"), "nothing is on its way")
      try tmux.press("C-c", in: "alice")
      try tmux.wait(for: "alice", "an empty input") { !$0.contains("pasted line") }
      try tmux.type("typed by hand", in: "alice")
      try tmux.wait(for: "alice", "it as stored") { has("typed by hand", "\u{2713}", $0) }
      #expect(try world.log(count: 1).map(\.text) == ["typed by hand"])
    }

    @Test func `a storm of sizes ends in a whole screen`() throws {
      try world.startServer()
      try start("alice")
      try tmux.type("still here", in: "alice")
      try tmux.wait(for: "alice", "the line") { has("still here", "\u{2713}", $0) }
      for step in 0..<60 {
        try tmux.resize("alice", columns: 3 + (step * 37) % 180, rows: 2 + (step * 23) % 58)
      }
      try tmux.type("during the storm", in: "alice")
      try tmux.resize("alice", columns: 100, rows: 30)
      let shown = try tmux.wait(for: "alice", "the whole screen") { screen in
        screen.contains("LINK") && screen.contains("still here")
          && has("during the storm", "\u{2713}", screen)
      }
      let rows = shown.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(rows[0].contains("#ops") && rows[0].contains("ONLINE"), "\(shown)")
      #expect(rows.count { $0.contains("[#ops]") } == 1, "one input line: \(shown)")
    }

    @Test(arguments: [SIGSEGV, SIGHUP, SIGTERM])
    func `however it ends, the terminal's settings are those of before`(signal: Int32) throws {
      let home = world.home
      let script = """
        stty -g >\(home)/before
        sh -c 'echo $$ >\(home)/pid; exec \(command("alice"))'
        stty -g >\(home)/after
        echo end of it
        """
      try Data(script.utf8).write(to: URL(fileURLWithPath: home + "/script"))
      try tmux.start("shell", columns: 80, rows: 24, "sh \(home)/script")
      try tmux.wait(for: "shell", "the screen") { $0.contains("[#ops]") }
      let pid = try String(contentsOfFile: home + "/pid", encoding: .utf8)
      kill(try #require(pid_t(pid.filter(\.isNumber))), signal)
      try tmux.wait(for: "shell", "the shell") { $0.contains("end of it") }
      let before = try String(contentsOfFile: home + "/before", encoding: .utf8)
      #expect(!before.isEmpty)
      #expect(try String(contentsOfFile: home + "/after", encoding: .utf8) == before)
    }
  }
}
