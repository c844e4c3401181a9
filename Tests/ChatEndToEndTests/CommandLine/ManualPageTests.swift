import Foundation
import HookupCore
import Testing

@testable import HookupManual
@testable import hookup_chat
@testable import hookup_chat_server

@Suite struct ManualPageTests {
  /// A page as lines, without what only the formatter sees.
  private static func lines(_ page: ManualPage) -> [String] {
    page.text(milliseconds: 1_796_083_200_000).split(separator: "\n").map(plain)
  }

  static func plain(_ line: some StringProtocol) -> String {
    line.replacingOccurrences(of: "\\&", with: "").replacingOccurrences(of: "\\-", with: "-")
      .replacingOccurrences(of: "\\(dq", with: "\"")
  }

  private static func pages() throws -> [(page: ManualPage, dump: String)] {
    [
      (try hookup_chat.ManualCommand.page(), HookupChat._dumpHelp()),
      (try hookup_chat_server.ManualCommand.page(), ChatServerCommand._dumpHelp()),
    ]
  }

  private struct Dump: Decodable {
    struct Command: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable {
          var kind: String
          var name: String
        }
        var names: [Name]?
        var shouldDisplay: Bool
      }
      var commandName: String
      var shouldDisplay: Bool
      var arguments: [Argument]?
      var subcommands: [Command]?
    }
    var command: Command
  }

  @Test func `a page that is built twice can have one date`() {
    #expect(ManualPage.date(now: 7, sourceDateEpoch: "1796083200") == 1_796_083_200_000)
    for text in [nil, "", "soon", "-1", "253402300800", "99999999999999999999"] {
      #expect(ManualPage.date(now: 7, sourceDateEpoch: text) == 7)
    }
  }

  @Test func `every option of both programs is in its list, and every command in the synopsis`()
    throws
  {
    for (page, dump) in try Self.pages() {
      let lines = Self.lines(page)
      let root = try JSONDecoder().decode(Dump.self, from: Data(dump.utf8)).command
      var seen = 0
      func check(_ command: Dump.Command) {
        let shown = (command.arguments ?? []).filter(\.shouldDisplay)
        for name in shown.flatMap({ $0.names ?? [] }) {
          let flag = "Fl " + (name.kind == "long" ? "-" : "") + name.name
          let isListed = lines.contains { line in
            line.hasPrefix(".It ") && (line + " ").contains(flag + " ")
          }
          #expect(isListed, "\(command.commandName) \(flag)")
          seen += 1
        }
        for inner in command.subcommands ?? [] where inner.shouldDisplay {
          #expect(lines.contains { $0.contains("Cm \(inner.commandName)") }, "\(inner.commandName)")
          check(inner)
        }
      }
      check(root)
      #expect(seen > 15)
    }
  }

  @Test func `every setting of both programs is there, with a meaning`() throws {
    let keys = [Array(ChatSettings.all.known.keys), Array(ConfigurationFile.known.known.keys)]
    for ((page, _), keys) in zip(try Self.pages(), keys) {
      let lines = Self.lines(page)
      for key in keys {
        #expect(lines.contains { $0.hasPrefix(".It Cm \(key) No = ") }, "\(key)")
      }
      for group in page.settings.groups { #expect(group.meaning.count > 10, "\(group)") }
    }
  }

  @Test func `the keys and the commands of the screen are there`() throws {
    let lines = Self.lines(try hookup_chat.ManualCommand.page())
    #expect(lines.contains(".It /join #room") && lines.contains(".It Alt-Enter"))
    #expect(lines.first == ".Dd December 1, 2026")
    #expect(lines.contains(".Dt HOOKUP-CHAT 1"))
  }

  @Test(arguments: [
    (".Sh x", "\\&.Sh x"), ("'so x", "\\(aqso x"), ("a\\nb", "a\\enb"), ("--x", "\\-\\-x"),
    ("…", "\\[u2026]"), ("\u{1B}[2J\u{7F}", "[2J"), ("~^`", "\\(ti\\(ha\\(ga"),
  ])
  func `text orders nothing`(_ text: String, _ line: String) {
    #expect(RoffText.lines(text) == [line])
  }

  @Test func `lines of text are lines, and an argument is no macro`() {
    #expect(RoffText.lines("a\n\n  .b") == ["a", ".Pp", "\\&.b"])
    #expect(RoffText.argument("No \"Op\"") == "\\&No \\&\\(dqOp\\(dq")
  }

  @Test func `settings that stand together share the comment above them`() {
    let sample = """
      # About the file: x = 1 is not at the beginning.

      # One.
      # Still one.
      #a-b = "x"
      # Two.
      c = 2
      d = [3]

      # A table.
      #[t.u]
      #e = 4
      """
    let groups = SampleSettings(sample).groups
    #expect(groups.map(\.meaning) == ["One. Still one.", "Two.", "A table."])
    #expect(groups.map { $0.settings.map(\.key) } == [["a-b"], ["c", "d"], ["t.u.e"]])
    #expect(groups[0].settings[0].value == "\"x\"")
  }

  @Test func `what the argument parser never printed is an error`() {
    for dump in ["", "{}", "{\"command\":{}}", "[1]"] {
      #expect(throws: HookupError.self) { try ProgramDescription(dump: dump) }
    }
  }
}

extension EndToEnd {
  /// The manual as the programs print it.
  @Suite struct ManualCommandTests {
    @Test(arguments: [
      ("hookup-chat", ["screen", "send", "tail"]),
      ("hookup-chat-server", ["serve", "backup", "check", "export"]),
    ])
    func `what the help shows, the man page shows`(_ program: String, _ commands: [String]) throws {
      let world = try World()
      let manual = try Child(program, ["manual"], home: world.home).waitForEnd()
      #expect(manual.status == 0, "\(manual.errors)")
      let page = manual.lines.map { ManualPageTests.plain($0) }
      for command in commands {
        let help = try Child(program, ["help", command], home: world.home).waitForEnd()
        let options = help.lines.flatMap { line in
          line.matches(of: /^ +(?:-\w, )?(--[a-z-]+)/).map { String($0.1) }
        }
        #expect(!options.isEmpty)
        for option in options {
          let flag = "Fl " + option.dropFirst()
          #expect(page.contains { ($0 + " ").contains(flag + " ") }, "\(command) \(option)")
        }
      }
    }

    @Test(arguments: ["hookup-chat", "hookup-chat-server"], ["bash", "zsh", "fish"])
    func `completions are printed for each shell`(_ program: String, _ shell: String) throws {
      let world = try World()
      let script = try Child(
        program, ["--generate-completion-script", shell], home: world.home
      ).waitForEnd()
      #expect(script.status == 0)
      #expect(script.lines.contains { $0.contains("config") })
    }
  }
}
