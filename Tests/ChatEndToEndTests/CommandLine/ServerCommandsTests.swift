import Foundation
import Testing

extension EndToEnd {
  /// `hookup-chat-server backup`, `restore`, `check` and `export`, beside a server that runs, and what it says of its configuration.
  @Suite struct ServerCommandsTests {
    private func end(
      _ arguments: [String], _ world: World
    ) throws -> (status: Int32, lines: [String], errors: String) {
      try Child("hookup-chat-server", arguments, home: world.home).waitForEnd()
    }

    @Test func `a backup taken while people talk serves in another directory`() throws {
      let world = try World()
      try world.startServer()
      let data = "\(world.home)/server"
      let sender = try world.send("alice")
      sender.write((1...2_000).map { "line \($0)\n" }.joined())
      try sender.waitForLines { $0.contains { $0.contains("stored") } }

      let backup = "\(world.home)/backup"
      let saved = try end(["backup", backup, "--data", data], world)
      #expect(saved.status == 0, "\(saved.errors)")
      #expect(saved.lines.count == 1)
      #expect(try sender.waitForEnd().status == 0)

      let checked = try end(["check", "--data", data], world)
      #expect(checked.status == 0, "\(checked.errors)")
      #expect(checked.lines.first?.contains("2000 entries") == true, "\(checked.lines)")
      let exported = try end(["export", "--room", "ops", "--data", data], world)
      let entries = try exported.lines.map {
        try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
      }
      #expect(entries.map(\.text) == (1...2_000).map { "line \($0)" })
      #expect(entries.map(\.offset) == Array(1...2_000))

      // Over a store in use nothing is restored.
      let refused = try end(["restore", backup, "--replace", "--data", data], world)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("in use by another process"))

      let other = "\(world.home)/other"
      #expect(try end(["restore", backup, "--data", other], world).status == 0)
      world.killServer()
      let restored = try Child(
        "hookup-chat-server", ["--port", "\(world.port)", "--data", other], home: world.home)
      try restored.waitForLines { !$0.isEmpty }
      defer { restored.kill9() }
      let held = try end(["export", "--room", "ops", "--data", backup], world).lines.count
      #expect((1...2_000).contains(held))
      #expect(try world.log(count: held).map(\.text) == (1...held).map { "line \($0)" })
    }

    @Test func `the printed configuration is right, and a wrong one is named before it is used`()
      throws
    {
      let world = try World()
      let printed = try end(["--print-config"], world)
      #expect(printed.status == 0)
      #expect(printed.lines.contains("#port = 8127"))
      let file = "\(world.home)/chat.toml"
      func check(_ text: String) throws -> (status: Int32, lines: [String], errors: String) {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try end(["--config", file, "--check-config"], world)
      }
      let right = try check(printed.lines.joined(separator: "\n"))
      #expect(right.status == 0, "\(right.errors)")
      #expect(right.lines == ["\(file) is right"])
      for (text, word) in [
        ("[limits]\nrom = 1", "limits.rooms"),
        ("[limits]\nmessage-bytes = 1024", "maximumMessageBytes is 1024"),
        ("[tls]\ncertificate-chain = \"/none.pem\"\nprivate-key = \"/none.pem\"", "/none.pem"),
      ] {
        let (status, lines, errors) = try check(text)
        #expect(status == 1, "\(text)")
        #expect(lines.isEmpty)
        #expect(errors.contains(word), "\(errors)")
        #expect(errors.split(separator: "\n").count == 1, "\(errors)")
      }
      // It was looked at, and nothing was made.
      #expect(!FileManager.default.fileExists(atPath: "\(world.home)/.local"))
    }

    @Test func `what cannot be done is one sentence and 1`() throws {
      let world = try World()
      let none = "\(world.home)/none"
      for arguments in [
        ["backup", "\(world.home)/b", "--data", none], ["check", "--data", none],
        ["restore", none, "--data", "\(world.home)/c"],
        ["export", "--room", "ops", "--data", none],
      ] {
        let (status, lines, errors) = try end(arguments, world)
        #expect(status == 1, "\(arguments)")
        #expect(lines.isEmpty)
        #expect(errors.contains(none), "\(arguments): \(errors)")
        #expect(errors.split(separator: "\n").count == 1, "\(errors)")
      }
      #expect(try end(["export", "--room", "no room"], world).status == 64)
    }
  }
}
