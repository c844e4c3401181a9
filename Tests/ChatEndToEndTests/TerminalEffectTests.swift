import Foundation
import HookupTUI
import Testing

@testable import hookup_chat

/// What the screen does with the terminal besides painting: an editor, plain lines, colours, files.
extension EndToEnd {
  @Suite(
    .serialized, .enabled(if: Tmux.isInstalled, "tmux is not installed"), .timeLimit(.minutes(3)))
  struct TerminalEffectTests {
    private func start(_ tmux: Tmux, _ world: World, _ environment: String = "") throws {
      try tmux.start(
        "alice", columns: 80, rows: 24,
        "sh -c 'stty -g > \(world.home)/before; cd \(world.home); \(environment) \(Child.directory.path)/hookup-chat \(world.url) --nick alice --room ops --data \(world.home)/alice; echo status=$?; stty -g > \(world.home)/after'"
      )
      try tmux.wait(for: "alice", "the screen") { $0.contains("[#ops]") && $0.contains("LINK") }
    }

    private func quit(_ tmux: Tmux, _ world: World) throws {
      try tmux.press("C-q", in: "alice")
      try tmux.wait(for: "alice", "a clean end") { $0.contains("status=0") }
      func modes(_ name: String) throws -> String {
        try String(contentsOfFile: "\(world.home)/\(name)", encoding: .utf8)
      }
      #expect(try modes("before") == modes("after"))
    }

    @Test func `a draft goes through the editor, and the terminal comes back`() throws {
      let world = try World()
      let editor = world.home + "/editor"
      try "#!/bin/sh\nprintf ' and more' >> \"$1\"\nstat -c %a \"$1\" > \(world.home)/mode\n".write(
        toFile: editor, atomically: true, encoding: .utf8)
      chmod(editor, 0o700)
      let tmux = Tmux(home: world.home)
      try start(tmux, world, "EDITOR=\(editor)")
      try tmux.press("d", in: "alice")
      try tmux.press("M-e", in: "alice")
      try tmux.wait(for: "alice", "what the editor wrote") { $0.contains("[#ops] d and more") }
      #expect(try String(contentsOfFile: world.home + "/mode", encoding: .utf8) == "600\n")
      // One that fails leaves the draft.
      try "#!/bin/sh\necho lost > \"$1\"\nexit 3\n".write(
        toFile: editor, atomically: true, encoding: .utf8)
      chmod(editor, 0o700)
      try tmux.press("M-e", in: "alice")
      try tmux.wait(for: "alice", "why") { $0.contains("ended with 3") }
      #expect(try tmux.screen("alice").contains("[#ops] d and more"))
      try quit(tmux, world)
    }

    @Test func `lines are shown plain, whole and inert, until a key is pressed`() throws {
      let world = try World()
      try world.startServer()
      let tmux = Tmux(home: world.home)
      try start(tmux, world)
      try tmux.wait(for: "alice", "the link") { $0.contains("ONLINE") }
      let mallory = try world.send("mallory")
      let link = "https://a.example/" + String(repeating: "x", count: 90)
      mallory.write("see \(link)\u{1b}[2J\u{1b}]0;owned\u{7}\n")
      #expect(try mallory.waitForEnd().status == 0)
      try tmux.wait(for: "alice", "the message") { $0.contains("[1]") }
      try tmux.type("/url 1", in: "alice")
      let plain = try tmux.wait(for: "alice", "the link alone") {
        $0.contains("[any key goes back]")
      }
      #expect(plain.replacing("\n", with: "").contains(link))
      #expect(!plain.contains("LINK"))
      try tmux.press("x", in: "alice")
      try tmux.wait(for: "alice", "the screen again") {
        $0.contains("LINK") && $0.contains("[#ops]")
      }
      try tmux.type("/export talk.txt", in: "alice")
      try tmux.wait(for: "alice", "the file") { $0.contains("lines are in talk.txt") }
      let text = try String(contentsOfFile: world.home + "/talk.txt", encoding: .utf8)
      #expect(text.contains("<mallory> see \(link)^[[2J"))
      try tmux.type("/export talk.txt", in: "alice")
      try tmux.wait(for: "alice", "that it is there") { $0.contains("exists") }
      try quit(tmux, world)
    }

    @Test func `a theme of one's own is a file, and what is wrong in it is said`() throws {
      let world = try World()
      let themes = world.home + "/.config/hookup/themes"
      try FileManager.default.createDirectory(atPath: themes, withIntermediateDirectories: true)
      try "title = 201 bold\nbar = 16 on 118\n".write(
        toFile: themes + "/mine.theme", atomically: true, encoding: .utf8)
      try "title = purple\n".write(
        toFile: themes + "/broken.theme", atomically: true, encoding: .utf8)
      let tmux = Tmux(home: world.home)
      try start(tmux, world)
      try tmux.type("/theme mine", in: "alice")
      try tmux.waitForColours("alice", "the ground of the bars") { $0.contains("48;5;118") }
      try tmux.type("/theme broken", in: "alice")
      try tmux.wait(for: "alice", "the fault") { $0.contains("'purple'") }
      try tmux.type("/theme ../../x", in: "alice")
      try tmux.wait(for: "alice", "the refusal") { $0.contains("a theme is named") }
      try quit(tmux, world)
    }
  }
}

/// The program that hears of messages that want to be seen.
@Suite struct NotifyCommandTests {
  @Test func `it gets JSON on its input and no word of the message on its command line`() throws {
    let home = try TemporaryHome()
    let fifo = home.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    let command = NotifyCommand(["/bin/sh", "-c", "{ cat; echo \"$# $0\"; } > \(fifo)"])
    command.notify(
      ScreenNotification(
        room: try .init("ops"), from: try .init("bob"), text: "$(touch x) \"'; alice",
        isMention: true))
    // Waits for the program to open it, reads until it has ended.
    let reading = try FileHandle(forReadingFrom: URL(fileURLWithPath: fifo))
    let text = String(decoding: try reading.readToEnd() ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(object["room"] as? String == "#ops" && object["from"] as? String == "bob")
    #expect(
      object["text"] as? String == "$(touch x) \"'; alice" && object["mention"] as? Bool == true)
    #expect(lines[1] == "0 /bin/sh")
  }

  @Test(arguments: ["/nonexistent/program", "/bin/true"])
  func `a program that is not there, or does not read, does no harm`(program: String) throws {
    let command = NotifyCommand([program])
    for _ in 0..<3 {
      command.notify(
        ScreenNotification(
          room: try .init("ops"), from: try .init("bob"), text: "x", isMention: false))
    }
    NotifyCommand([]).notify(
      ScreenNotification(
        room: try .init("ops"), from: try .init("bob"), text: "x", isMention: false))
  }
}
