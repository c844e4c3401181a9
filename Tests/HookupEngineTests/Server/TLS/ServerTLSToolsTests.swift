import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

/// What openssl and curl make of the server's TLS.
@Suite(.timeLimit(.minutes(2))) struct ServerTLSToolsTests {
  @Test func `TLS 1.2 and 1.3 are spoken, 1.1 is refused`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    try await withServer(configured { $0.tls = authority.tls("server") }) { _, address in
      let newest = try await authority.sClient(
        address, ["-tls1_3", "-verify_return_error", "-alpn", "h2,http/1.1"])
      #expect(newest.status == 0 && newest.output.contains("New, TLSv1.3"), "\(newest.output)")
      #expect(newest.output.contains("Verify return code: 0 (ok)"))
      #expect(newest.output.contains("ALPN protocol: http/1.1"))
      #expect(newest.output.contains("\npong"))
      let older = try await authority.sClient(address, ["-tls1_2", "-verify_return_error"])
      #expect(older.output.contains("New, TLSv1.2") && older.output.contains("\npong"))
      let old = try await authority.sClient(
        address, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
      #expect(old.status != 0 && old.output.contains("alert protocol version"), "\(old.output)")
      #expect(!old.output.contains("pong"))
    }
  }

  @Test func `the versions can be narrowed`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    var newOnly = authority.tls("server")
    newOnly.minimumVersion = .tls13
    try await withServer(configured { [newOnly] in $0.tls = newOnly }) { _, address in
      #expect(try await authority.sClient(address, ["-tls1_2"]).status != 0)
      let answer1 = try await authority.sClient(address, ["-tls1_3"]).output
      #expect(answer1.contains("\npong"))
    }
    var oldOnly = authority.tls("server")
    oldOnly.maximumVersion = .tls12
    try await withServer(configured { [oldOnly] in $0.tls = oldOnly }) { _, address in
      let answer2 = try await authority.sClient(address).output
      #expect(answer2.contains("New, TLSv1.2"))
    }
    var none = newOnly
    none.maximumVersion = .tls12
    let impossible = configured { [none] in $0.tls = none }
    #expect(throws: HookupError.self) { try impossible.validate() }
  }

  @Test func `a client sees the certificate for the name it asks for`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("main", subject: "/CN=main", names: "DNS:main.example.org")
    let one = try await authority.issue("one", subject: "/CN=one", names: "DNS:one.example.org")
    let wild = try await authority.issue("wild", subject: "/CN=wild", names: "DNS:*.example.org")
    var tls = authority.tls("main")
    tls.additionalCertificates = [one, wild]
    try await withServer(configured { [tls] in $0.tls = tls }) { _, address in
      for (name, shown) in [
        ("one.example.org", "one"), ("x.example.org", "wild"), ("main.example.org", "main"),
        ("unknown.net", "main"), (nil, "main"),
      ] {
        let options = name.map { ["-servername", $0] } ?? ["-noservername"]
        let outcome = try await authority.sClient(address, options + ["-tls1_3"])
        #expect(outcome.output.contains("subject=CN = \(shown)\n"), "\(name ?? "-")")
        #expect(outcome.output.contains("\npong"))
      }
    }
  }

  @Test func `a second certificate that cannot be used is named`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("main")
    let one = try await authority.issue("one")
    var tls = authority.tls("main")
    tls.additionalCertificates = [
      .init(
        certificateChainFile: one.certificateChainFile,
        privateKeyFile: authority.path + "/main-key.pem")
    ]
    let refusal = #expect(throws: HookupError.self) { try tls.makeContext() }
    #expect(refusal?.message.contains("does not belong to the certificate") == true)
    #expect(refusal?.message.contains("one.pem") == true)
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"])
  func `clients are known by their certificates`(version: String) async throws {
    let (authority, strangers) = (try await TestAuthority(), try await TestAuthority())
    try await authority.issue("server")
    try await authority.issue("ada", subject: "/O=Engines/CN=ada", names: "email:ada@example.org")
    try await strangers.issue("eve", subject: "/CN=ada")
    var tls = authority.tls("server")
    tls.clientCertificates = .required(authoritiesFile: authority.certificate)
    let seen = Mailbox<ClientCertificate?>()
    let configuration = configured { [tls] in
      $0.tls = tls
      $0.authorize = { request in
        seen.put(request.clientCertificate)
        return .refuse(status: 403, body: "seen\n")
      }
    }
    let shown = ["-cert", "ada.pem", "-key", "ada-key.pem"]
    try await withServer(configuration) { _, address in
      let none = try await authority.sClient(address, [version])
      #expect(!none.output.contains("pong") && none.output.contains("alert"), "\(none.output)")
      let eve = [
        "-cert", "\(strangers.path)/eve.pem", "-key", "\(strangers.path)/eve-key.pem",
      ]
      let answer3 = try await authority.sClient(address, [version] + eve).output
      #expect(!answer3.contains("pong"))
      let known = try await authority.sClient(address, [version] + shown)
      #expect(known.output.contains("\npong"), "\(known.output)")
      // A session that is taken up again shows no certificate, and belongs to the one who showed it.
      let session = [version] + shown + ["-sess_out", "session.pem"]
      let answer4 = try await authority.sClient(address, session).output
      #expect(answer4.contains("\npong"))
      let again = try await authority.sClient(
        address, [version, "-sess_in", "session.pem"] + shown)
      #expect(again.output.contains("\npong"), "\(again.output)")
      let curl = try await handshakeByCurl(
        address, authority, ["--cert", "ada.pem", "--key", "ada-key.pem"])
      #expect(curl.output.contains("HTTP/1.1 403 ") && curl.output.hasSuffix("seen\n"))
      let certificate = try #require(try await seen.next())
      #expect(certificate.subject == "CN=ada,O=Engines")
      #expect(certificate.alternativeNames == [.email("ada@example.org")])
    }
  }

  @Test func `a certificate may be optional, and one that is shown must be good`() async throws {
    let (authority, strangers) = (try await TestAuthority(), try await TestAuthority())
    try await authority.issue("server")
    try await strangers.issue("eve")
    var tls = authority.tls("server")
    tls.clientCertificates = .optional(authoritiesFile: authority.certificate)
    let configuration = configured { [tls] in
      $0.tls = tls
      $0.authorize = { request in
        .refuse(status: 403, body: request.clientCertificate == nil ? "nobody\n" : "somebody\n")
      }
    }
    try await withServer(configuration) { _, address in
      let answer5 = try await handshakeByCurl(address, authority, []).output
      #expect(answer5.hasSuffix("nobody\n"))
      let eve = ["-cert", "\(strangers.path)/eve.pem", "-key", "\(strangers.path)/eve-key.pem"]
      let answer6 = try await authority.sClient(address, eve).output
      #expect(!answer6.contains("pong"))
    }
  }

  private func handshakeByCurl(
    _ address: ServerAddress, _ authority: TestAuthority, _ options: [String]
  ) async throws -> Tool.Outcome {
    try await Tool.run(
      [
        "curl", "--silent", "--include", "--noproxy", "*", "--max-time", "20", "--http1.1",
        "--cacert", "ca.pem", "--header", "Connection: Upgrade", "--header", "Upgrade: websocket",
        "--header", "Sec-WebSocket-Version: 13", "--header",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ] + options + ["https://127.0.0.1:\(address.port)/"], in: authority.path)
  }

  @Test func `curl gets a file and opens a WebSocket over TLS`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    try authority.directory.write("public/page.html", "<p>hello")
    let configuration = configured {
      $0.tls = authority.tls("server")
      $0.publicDirectory = authority.path + "/public"
    }
    try await withServer(configuration) { connection in
      // Said first, then closed: curl sees both.
      try await connection.send(.text("welcome"))
    } body: { _, address in
      let url = "https://127.0.0.1:\(address.port)/page.html"
      let common = ["curl", "--silent", "--noproxy", "*", "--max-time", "20", "--cacert", "ca.pem"]
      let page = try await Tool.run(common + ["--include", url], in: authority.path)
      #expect(page.output.hasPrefix("HTTP/1.1 200 OK\r\nETag: "))
      #expect(page.output.contains("Content-Type: text/html; charset=utf-8\r\n"))
      #expect(page.output.hasSuffix("\r\n\r\n<p>hello"))
      let part = try await Tool.run(common + ["--range", "3-4", url], in: authority.path)
      #expect(part.output == "he")
      let webSocket = try await handshakeByCurl(address, authority, [])
      #expect(webSocket.output.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
      #expect(webSocket.output.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
      #expect(webSocket.output.contains("welcome"))
    }
  }

  @Test func `a TLS handshake that does not get on is hung up on in the handshake's time`()
    async throws
  {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    let configuration = configured {
      $0.tls = authority.tls("server")
      $0.limits.handshakeTimeout = .seconds(1)
    }
    let drops = 500
    try await withServer(configuration) { _, address in
      // Nothing; the head of a record that announces 512 bytes; such a record that comes byte by byte.
      for bytes: [UInt8] in [[], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]] {
        let client = try await RawClient.connect(address)
        // A machine that is busy may be late with it.
        try? await client.send(bytes: bytes)
        _ = try await client.readToEnd()
      }
      let dripper = try await RawClient.connect(address)
      let drip = Task {
        var sent = 0
        for byte in [0x16, 0x03, 0x01, 0x02, 0x00] + [UInt8](repeating: 1, count: drops) {
          guard (try? await dripper.send(bytes: [byte])) != nil else { break }
          sent += 1
          try? await Task.sleep(for: .milliseconds(20))
        }
        return sent
      }
      _ = try await dripper.readToEnd()
      #expect(await drip.value < drops)
    }
  }
}
