import Foundation
import Testing

/// What a run of the screen leaves to the next one, on real terminals.
extension EndToEnd {
  @Suite(
    .serialized, .enabled(if: Tmux.isInstalled, "tmux is not installed"), .timeLimit(.minutes(5)))
  struct TerminalHistoryTests {
    private func chat(_ world: World, _ options: String = "") -> String {
      "\(Child.directory.path)/hookup-chat \(world.url) --nick alice --data \(world.home)/alice \(options)"
    }

    private func say(_ lines: [String], in world: World) throws {
      let bob = try world.send("bob")
      bob.write(lines.map { $0 + "\n" }.joined())
      #expect(try bob.waitForEnd().status == 0)
    }

    /// kill -9 of alice's program, which names itself in the lock of its profile.
    private func killAlice(in world: World) throws {
      let lock = try String(contentsOfFile: "\(world.home)/alice/lock", encoding: .utf8)
      let pid = try #require(Int32(lock.trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(kill(pid, SIGKILL) == 0)
    }

    private func count(_ text: String, in screen: String) -> Int {
      screen.components(separatedBy: text).count - 1
    }

    @Test
    func `after a kill what was there is shown without a server, and then only what is new, once`()
      throws
    {
      let world = try World()
      try world.startServer()
      let tmux = Tmux(home: world.home)
      try tmux.start("first", columns: 80, rows: 24, chat(world, "--room ops"))
      try tmux.wait(for: "first", "the link") { $0.contains("ONLINE") }
      try say(["before one", "before two"], in: world)
      try tmux.wait(for: "first", "both lines") { $0.contains("before two") }
      try tmux.type("my own words", in: "first")
      try tmux.wait(for: "first", "it stored") { $0.contains("empty") }
      try tmux.press("h", in: "first")
      try tmux.press("i", in: "first")
      // What was just written to the screen is written to the disk within a second.
      try waitForFile("\(world.home)/alice/screen") { $0.contains(#""draft":"hi""#) }
      try killAlice(in: world)
      try tmux.wait(for: "first", "the end") { $0.contains("status=137") }
      world.killServer()

      // Where it was left, without being told.
      try tmux.start("second", columns: 80, rows: 24, chat(world))
      let offline = try tmux.wait(for: "second", "what was there") {
        $0.contains("before one") && $0.contains("before two") && $0.contains("my own words")
      }
      #expect(!offline.contains("ONLINE") && offline.contains("[#ops] hi"))
      try world.startServer()
      try say(["after one"], in: world)
      let online = try tmux.wait(for: "second", seconds: 60, "the new line") {
        $0.contains("ONLINE") && $0.contains("after one")
      }
      for line in ["before one", "before two", "my own words", "after one"] {
        #expect(count(line, in: online) == 1, "\(online)")
      }
      #expect(online.contains("[#ops] hi"))
      // Another room is begun in when it is asked for.
      try tmux.press("C-u", in: "second")
      try tmux.type("/quit", in: "second")
      try tmux.wait(for: "second", "a clean end") { $0.contains("status=0") }
      try tmux.start("third", columns: 80, rows: 24, chat(world, "--room dev"))
      try tmux.wait(for: "third", "the room of the command line") { $0.contains("[#dev]") }
    }

    @Test func `a damaged history, and one that another program holds, cost the history only`()
      throws
    {
      let world = try World()
      try FileManager.default.createDirectory(
        atPath: "\(world.home)/alice", withIntermediateDirectories: true)
      try Data(repeating: 0x5A, count: 8_192).write(
        to: URL(fileURLWithPath: "\(world.home)/alice/history.sqlite"))
      try world.startServer()
      let tmux = Tmux(home: world.home)
      try tmux.start("first", columns: 120, rows: 30, chat(world, "--room ops"))
      try tmux.wait(for: "first", "the sentence") { $0.contains("damaged") }
      try tmux.type("it goes on", in: "first")
      try tmux.wait(for: "first", "it stored") { $0.contains("empty") && $0.contains("it goes on") }
      try tmux.type("/quit", in: "first")
      try tmux.wait(for: "first", "a clean end") { $0.contains("status=0") }
      let lock = open("\(world.home)/alice/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
      defer { close(lock) }
      try tmux.start("second", columns: 120, rows: 30, chat(world, "--room ops"))
      try tmux.wait(for: "second", "the sentence") { $0.contains("another hookup-chat uses") }
      try tmux.type("and on", in: "second")
      try tmux.wait(for: "second", "it stored") { $0.contains("empty") && $0.contains("and on") }
      #expect(try world.log(count: 2).map(\.text) == ["it goes on", "and on"])
    }

    /// Looks again every 30 ms, because a file tells nobody that it has changed.
    private func waitForFile(_ path: String, _ isThere: (String) -> Bool) throws {
      let deadline = Date(timeIntervalSinceNow: 20)
      let pace = NSCondition()
      while true {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        if isThere(text) { return }
        guard Date() < deadline else { throw HarnessError("\(path) never was so: \(text)") }
        pace.withLock { _ = pace.wait(until: Date(timeIntervalSinceNow: 0.03)) }
      }
    }
  }
}
