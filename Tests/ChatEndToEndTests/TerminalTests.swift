import Foundation
import Testing

/// The screens, on real terminals.
extension EndToEnd {
  @Suite(
    .serialized, .enabled(if: Tmux.isInstalled, "tmux is not installed"), .timeLimit(.minutes(5)))
  struct TerminalTests {
    private func chat(_ world: World, _ nick: String) -> String {
      "\(Child.directory.path)/hookup-chat \(world.url) --nick \(nick) --room ops --data \(world.home)/\(nick)"
    }

    @Test
    func `two people write while the server is dead, and everything arrives once and in order`()
      throws
    {
      let world = try World()
      try world.startServer()
      let tmux = Tmux(home: world.home)
      try tmux.start("alice", columns: 120, rows: 60, chat(world, "alice"))
      try tmux.start("bob", columns: 120, rows: 60, chat(world, "bob"))
      for nick in ["alice", "bob"] {
        try tmux.wait(for: nick, "both members") { $0.contains("ONLINE") && $0.contains("HERE 2") }
      }
      world.killServer()
      for nick in ["alice", "bob"] {
        try tmux.wait(for: nick, "the retry") { $0.contains("RETRY #") }
        for number in 1...20 { try tmux.type("\(nick) says \(number)", in: nick) }
        let shown = try tmux.wait(for: nick, "20 buffered messages") { $0.contains("20 msg") }
        #expect(shown.contains("\(nick) says 20"))
        #expect(!shown.contains("\u{2713}"), "nothing can be stored yet")
      }
      try world.startServer()
      let everything = ["alice", "bob"].flatMap { nick in (1...20).map { "\(nick) says \($0)" } }
      for nick in ["alice", "bob"] {
        try tmux.wait(for: nick, seconds: 60, "an empty backlog and all 40 lines") { screen in
          screen.contains("ONLINE") && screen.contains("empty")
            && everything.allSatisfy { line in
              screen.contains(line + " ") || screen.contains(line + "\n")
            }
        }
      }
      let log = try world.log(count: 40)
      #expect(Set(log.map(\.text)) == Set(everything))
      for nick in ["alice", "bob"] {
        let own = log.filter { $0.from == nick }.map(\.text)
        #expect(own == (1...20).map { "\(nick) says \($0)" })
        try tmux.type("/quit", in: nick)
        try tmux.wait(for: nick, "a clean end") { $0.contains("status=0") }
      }
    }

    @Test func `what was written offline is still there after a restart, and goes out`() throws {
      let world = try World()
      let tmux = Tmux(home: world.home)
      try tmux.start("first", columns: 80, rows: 24, chat(world, "alice"))
      try tmux.wait(for: "first", "the screen") { $0.contains("#ops") }
      try tmux.type("kept over the restart", in: "first")
      try tmux.wait(for: "first", "the line as buffered") {
        $0.contains("kept over the restart") && $0.contains("1 msg")
      }
      try tmux.type("/quit", in: "first")
      try tmux.wait(for: "first", "a clean end") { $0.contains("status=0") }
      try tmux.start("second", columns: 80, rows: 24, chat(world, "alice"))
      try tmux.wait(for: "second", "the line again") { $0.contains("kept over the restart") }
      try world.startServer()
      try tmux.wait(for: "second", seconds: 60, "it stored") {
        $0.contains("ONLINE") && $0.contains("empty")
      }
      #expect(try world.log(count: 1).map(\.text) == ["kept over the restart"])
    }

    @Test func `every size is served, and control characters are shown and not obeyed`() throws {
      let world = try World()
      try world.startServer()
      let tmux = Tmux(home: world.home)
      try tmux.start("alice", columns: 80, rows: 24, chat(world, "alice"))
      try tmux.wait(for: "alice", "the screen") { $0.contains("ONLINE") }
      let mallory = try world.send("mallory")
      mallory.write("a\u{1b}[2J\u{1b}]0;owned\u{7}b\rforged line\u{8}\u{202e}x\n")
      #expect(try mallory.waitForEnd().status == 0)
      let shown = try tmux.wait(for: "alice", "the message") { $0.contains("forged line") }
      #expect(shown.contains("#ops"), "the screen was not cleared")
      #expect(shown.contains("^[[2J"), "the escape is shown")
      #expect(!shown.contains("\nforged line"), "the carriage return did not begin a line")
      for (columns, rows) in [(40, 12), (20, 5), (7, 2), (200, 60), (120, 40)] {
        try tmux.resize("alice", columns: columns, rows: rows)
        try tmux.wait(for: "alice", "a screen of \(columns)x\(rows)") { screen in
          columns < 20 || screen.contains("ops")
        }
      }
      try tmux.wait(for: "alice", "the panes again") { $0.contains("LINK") }
    }
  }
}
