import Foundation
import HookupEngine
import Testing

@testable import hookup_chat_server

@Suite struct AdminRequestTests {
  @Test func `each request is read as it was written`() throws {
    let nick = try Nick("Élan")
    for request: AdminRequest in [
      .status, .sessions, .users, .rooms, .bans, .say("hello \u{1B}"), .kick(nick, reason: ""),
      .disable(nick, reason: "spam"), .enable(nick), .ban("10.0.0.0/8", seconds: 60, reason: "x"),
      .ban("1.2.3.4", seconds: nil, reason: ""), .unban("1.2.3.4"), .drain(seconds: 0),
      .drain(seconds: nil),
    ] {
      let fields = Dictionary(request.fields, uniquingKeysWith: { $1 })
      #expect(try AdminRequest(fields) == request)
    }
  }

  @Test func `what makes no sense is refused with a reason`() {
    for (fields, word) in [
      ([:], "no such command"), (["do": "reboot"], "no such command"),
      (["do": "say"], "1 to 2000 bytes"), (["do": "kick"], "nick"),
      (["do": "disable", "nick": "bob"], "say why"),
      (["do": "ban", "addresses": "everybody"], "'everybody' is no address"),
      (["do": "ban", "addresses": "1.2.3.4", "seconds": "-1"], "1 to 315360000 s"),
      (["do": "drain", "seconds": "601"], "0 to 600 s"),
      (["do": "kick", "nick": "bob", "reason": String(repeating: "x", count: 501)], "500 bytes"),
    ] {
      let error = #expect(throws: HookupError.self) { try AdminRequest(fields) }
      #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }
  }

  @Test func `what was said is not in the audit log`() throws {
    #expect(AdminRequest.say("secret").summary == "say")
    #expect(
      AdminRequest.kick(try Nick("bob"), reason: "spam").summary == "kick nick=bob reason=spam")
  }

  @Test(
    arguments: [
      ("90s", 90), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800), ("0s", nil), ("-1s", nil),
      ("5", nil), ("d", nil), ("3651d", nil), ("9223372036854775807d", nil),
    ] as [(String, Int64?)])
  func `a ban's time has a unit`(text: String, seconds: Int64?) {
    #expect(BanTime(argument: text)?.seconds == seconds)
  }

  @Test func `rows stand in columns, and nothing in them reaches the terminal`() {
    var table = AdminTable()
    #expect(table.text == "")
    table.add([("nick", "al\u{1B}[2J"), ("rooms", "1")])
    table.add([("nick", String(repeating: "x", count: 70)), ("rooms", "22")])
    #expect(
      table.text == """
        NICK\(String(repeating: " ", count: 56))  ROOMS
        al\\u{1b}[2J\(String(repeating: " ", count: 49))  1
        \(String(repeating: "x", count: 59))…  22

        """)
  }
}

extension EndToEnd {
  /// An operator at the admin socket of a real server.
  @Suite struct AdminTests {
    @Test func `an operator looks, speaks, throws out, bans and drains`() throws {
      let world = try World()
      let data = "\(world.home)/server"
      let audit = "\(world.home)/audit.jsonl"
      let file = "\(world.home)/server.toml"
      try "audit-log = \"\(audit)\"\n".write(toFile: file, atomically: true, encoding: .utf8)
      func admin(_ arguments: String...) throws -> (Int32, [String], String) {
        let end = try Child(
          "hookup-chat-server", ["admin"] + arguments + ["--data", data], home: world.home
        ).waitForEnd()
        return (end.status, end.lines, end.errors)
      }
      func start() throws -> Child {
        let server = try Child(
          "hookup-chat-server",
          ["--port", "\(world.port)", "--data", data, "--config", file], home: world.home)
        try server.waitForLines { !$0.isEmpty }
        return server
      }
      let none = try admin("status")
      #expect(none.0 == 1 && none.2.contains("no server answers at \(data)/admin.sock"))

      let server = try start()
      defer { server.kill9() }
      let mode = try FileManager.default.attributesOfItem(atPath: data + "/admin.sock")
      #expect(mode[.posixPermissions] as? Int == 0o600)
      let sender = try world.send("alice")
      sender.write("hello\n")
      #expect(try sender.waitForEnd().status == 0)
      let status = try admin("status", "--json")
      #expect(status.0 == 0, "\(status.2)")
      #expect(status.1.first?.contains(#""stored":"1""#) == true, "\(status.1)")
      #expect(try admin("rooms").1.dropFirst().first?.hasPrefix("ops   1") == true)

      // Somebody who stays, to be seen and thrown out.
      let reader = try Child(
        "hookup-chat",
        [
          "tail", world.url, "--nick", "bob", "--room", "ops", "--since", "0", "--data",
          "\(world.home)/bob",
        ], home: world.home)
      defer { reader.kill9() }
      try reader.waitForLines { !$0.isEmpty }
      let sessions = try admin("sessions").1
      #expect(sessions.count == 2, "\(sessions)")
      #expect(sessions.last?.contains("bob") == true)
      #expect(sessions.last?.contains("127.0.0.1") == true)

      #expect(try admin("ban", "127.0.0.0/8", "--for", "1h", "--reason", "test").0 == 0)
      let bans = try admin("bans").1
      #expect(bans.count == 2 && bans[1].hasPrefix("127.0.0.0/8  20"), "\(bans)")
      #expect(try admin("sessions").1 == [])
      let refused = try world.send("carol", wait: "3s")
      refused.write("let me in\n")
      #expect(try refused.waitForEnd().status != 0)

      // Also the next server knows.
      server.kill9()
      let second = try start()
      defer { second.kill9() }
      #expect(try admin("bans").1 == bans)
      let still = try world.send("dave", wait: "3s")
      still.write("let me in\n")
      #expect(try still.waitForEnd().status != 0)
      #expect(try admin("unban", "127.0.0.0/8").1 == ["127.0.0.0/8 is not banned any more"])
      let again = try admin("unban", "127.0.0.0/8")
      #expect(again.0 == 1 && again.2.contains("is not banned"))
      #expect(try world.log(count: 1).map(\.text) == ["hello"])

      #expect(try admin("disable", "nobody-at-all", "--reason", "x").2.contains("no account"))
      #expect(try admin("say", "back soon").1 == ["said to everybody"])
      #expect(try admin("drain", "--over", "0").0 == 0)
      #expect(try second.waitForEnd().status == 0)
      let book = try String(contentsOfFile: audit, encoding: .utf8)
      #expect(book.contains(#""detail":"ban addresses=127.0.0.0/8 reason=test seconds=3600""#))
      #expect(!book.contains("back soon"))
      #expect(!FileManager.default.fileExists(atPath: data + "/admin.sock"))
    }
  }
}
