import Foundation
import Testing

extension EndToEnd {
  /// What an operator does with a server that runs: look at it, change its configuration, read its books.
  @Suite struct OperationsTests {
    private func get(_ url: String) throws -> (status: String, body: String) {
      let curl = try Child(
        "/usr/bin/curl", ["-s", "-o", "-", "-w", "\\n%{http_code}\\n", url], home: "/tmp")
      let lines = try curl.waitForEnd().lines
      return (lines.last ?? "", lines.dropLast().joined(separator: "\n"))
    }

    @Test
    func `health and measurements are told on a port of their own, changes are read at SIGHUP`()
      throws
    {
      let world = try World()
      let file = "\(world.home)/server.toml"
      let audit = "\(world.home)/audit.jsonl"
      func write(_ extra: String) throws {
        try Data(
          """
          observe = "127.0.0.1:0"
          audit-log = "\(audit)"
          log-format = "json"
          \(extra)
          """.utf8
        ).write(to: URL(fileURLWithPath: file))
      }
      try write("[limits]\ntext-bytes = 100\n")
      let server = try Child(
        "hookup-chat-server",
        ["--port", "\(world.port)", "--data", "\(world.home)/server", "--config", file],
        home: world.home)
      defer { server.kill9() }
      try server.waitForLines { !$0.isEmpty }
      let errors = try server.waitForErrors { $0.contains("\"observing\"") }
      let observing = try #require(
        errors.split(separator: "\n").first { $0.contains("\"observing\"") })
      let line = try #require(
        try JSONSerialization.jsonObject(with: Data(observing.utf8)) as? [String: Any])
      let metrics = try #require((line["fields"] as? [String: String])?["url"])

      let sender = try world.send("alice")
      sender.write("hello\n")
      #expect(try sender.waitForEnd().status == 0)
      let measured = try get(metrics)
      #expect(measured.status == "200")
      #expect(measured.body.contains("\nhookup_stored_entries_total 1\n"))
      let base = metrics.replacingOccurrences(of: "/metrics", with: "")
      #expect(try get(base + "/healthz").body.hasPrefix(#"{"status":"ok"}"#))
      #expect(try get(base + "/readyz").status == "200")
      #expect(try get(base + "/else").status == "404")

      try write("log-level = \"debug\"\n[limits]\ntext-bytes = 5\npage = 7\n")
      server.hangUp()
      try server.waitForErrors {
        $0.contains("limits.page") && $0.contains("limits.text-bytes") && $0.contains("log-level")
      }
      let second = try world.send("alice", wait: "5s")
      second.write("too long\n")
      let refused = try second.waitForEnd()
      #expect(
        (refused.lines.joined() + refused.errors).contains("at most 5 are allowed"), "\(refused)")

      try write("[limits]\ntext-byte = 5\n")
      server.hangUp()
      try server.waitForErrors { $0.contains("the nearest is 'limits.text-bytes'") }
      server.terminate()
      #expect(try server.waitForEnd().status == 0)
    }

    @Test func `a variable is a setting, and one that is none is named`() throws {
      let world = try World()
      func check(_ variable: String) throws -> (Int32, String) {
        let child = try Child(
          "/usr/bin/env",
          [variable, Child.path(of: "hookup-chat-server"), "--check-config"], home: world.home)
        let end = try child.waitForEnd()
        return (end.status, end.errors + end.lines.joined())
      }
      #expect(try check("HOOKUP_SERVER_LIMITS_TEXT_BYTES=100").0 == 0)
      #expect(try check("HOOKUP_SERVER_ALLOWED_ORIGINS=https://a.example,null").0 == 0)
      let wrong = try check("HOOKUP_SERVER_LIMITS_TEXT_BYTES=many")
      #expect(wrong.0 == 1 && wrong.1.contains("must be a whole number from 1 to 32768"))
      let unknown = try check("HOOKUP_SERVER_LIMITS_TEXT_BITES=100")
      #expect(
        unknown.0 == 1 && unknown.1.contains("the nearest is HOOKUP_SERVER_LIMITS_TEXT_BYTES"))
    }
  }
}
