import Foundation
import Testing

/// SIGHUP and the Unix-domain socket, with the real program.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(2)))
  struct CertificateReloadTests {
    private func run(_ arguments: [String], in directory: String) throws -> (Int32, String) {
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = arguments
      process.currentDirectoryURL = URL(fileURLWithPath: directory)
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private func certificate(_ name: String, in directory: String) throws {
      let (status, text) = try run(
        [
          "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
          "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", "key.pem", "-out", "cert.pem",
        ], in: directory)
      try #require(status == 0, "\(text)")
    }

    /// The name in the certificate that the server shows.
    private func shown(_ world: World) throws -> String {
      let (_, text) = try run(
        ["openssl", "s_client", "-connect", "127.0.0.1:\(world.port)"], in: world.home)
      return String(text.firstMatch(of: /subject=CN = (\w+)/)?.1 ?? "none")
    }

    @Test func `SIGHUP shows the new certificate, and rubbish is named and not used`() throws {
      let world = try World()
      try certificate("first", in: world.home)
      let configuration = world.home + "/chat.toml"
      try """
      [tls]
      certificate-chain = "\(world.home)/cert.pem"
      private-key = "\(world.home)/key.pem"
      """.write(toFile: configuration, atomically: true, encoding: .utf8)
      let server = try Child(
        "hookup-chat-server",
        [
          "--port", "\(world.port)", "--data", "\(world.home)/data", "--config", configuration,
          "--log-level", "notice",
        ], home: world.home)
      defer { server.kill9() }
      let lines = try server.waitForLines { !$0.isEmpty }
      #expect(lines == ["listening on wss://127.0.0.1:\(world.port)/"])
      #expect(try shown(world) == "first")
      try certificate("second", in: world.home)
      server.hangUp()
      try server.waitForErrors { $0.contains("certificates reloaded") }
      #expect(try shown(world) == "second")
      try "rubbish".write(
        toFile: world.home + "/cert.pem", atomically: true, encoding: .utf8)
      server.hangUp()
      try server.waitForErrors { $0.contains("the certificates stay as they are") }
      #expect(try shown(world) == "second")
      server.terminate()
      let end = try server.waitForEnd()
      #expect(end.status == 0)
      #expect(end.errors.contains("cert.pem cannot be read as PEM certificates"))
    }

    @Test func `a server on a socket file says so, and takes it away`() throws {
      let world = try World()
      let path = world.home + "/s"
      let server = try Child(
        "hookup-chat-server", ["--unix-socket", path, "--data", world.home + "/data"],
        home: world.home)
      defer { server.kill9() }
      #expect(try server.waitForLines { !$0.isEmpty } == ["listening on ws+unix:\(path)"])
      // Without TLS and without a configuration there is nothing to reload, which is no reason to end.
      server.hangUp()
      try server.waitForErrors { $0.contains("SIGHUP: nothing changed") }
      let (status, text) = try run(
        ["curl", "--silent", "--unix-socket", path, "http://localhost/ping"], in: world.home)
      #expect(status == 0 && text == "pong")
      server.terminate()
      #expect(try server.waitForEnd().status == 0)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
