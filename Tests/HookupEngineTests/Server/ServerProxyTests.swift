import HookupCore
import Testing

@testable import HookupEngine

/// Servers behind proxies: whose address counts.
@Suite(.timeLimit(.minutes(1))) struct ServerProxyTests {
  /// Runs a server that trusts `proxies`; `seen` gets the address of each connection.
  func withProxied(
    _ proxies: [String], header: Bool = false,
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    body: @Sendable (ServerAddress, Mailbox<String>) async throws -> Void
  ) async throws {
    let seen = Mailbox<String>()
    let configuration = configured {
      $0.trustedProxies = proxies
      $0.usesProxyProtocol = header
      change(&$0)
    }
    try await withServer(configuration) { connection in
      seen.put(connection.request.remoteAddress)
      try await echo(connection)
    } body: { _, address in
      try await body(address, seen)
    }
  }

  /// Opens a WebSocket after `prefix`; the status line, and the connection.
  @discardableResult
  func open(
    _ address: ServerAddress, prefix: [UInt8] = [], _ headers: [String] = []
  ) async throws -> (status: String, RawClient) {
    let client = try await RawClient.connect(address)
    try await client.send(bytes: prefix + Array(upgradeRequest(headers).utf8))
    return (String(try await client.read(until: "\r\n").prefix(12)), client)
  }

  static func text(_ source: String) -> [UInt8] {
    Array("PROXY TCP4 \(source) 5.6.7.8 9 80\r\n".utf8)
  }

  static func binary(_ kind: UInt8) -> [UInt8] {
    [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, kind, 0x11, 0, 12]
      + [1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 0, 80]
  }

  @Test(arguments: [
    (["192.0.2.1"], ["X-Forwarded-For: 1.2.3.4"], "127.0.0.1:"),
    ([], ["X-Forwarded-For: 1.2.3.4"], "127.0.0.1:"),
    (["127.0.0.1"], [], "127.0.0.1:"),
    (["127.0.0.1"], ["X-Forwarded-For: 1.2.3.4"], "1.2.3.4"),
    (["127.0.0.0/8"], ["X-Forwarded-For: 6.6.6.6, 2001:db8::1"], "2001:db8::1"),
    (
      ["127.0.0.1", "10.0.0.0/8"],
      ["X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 1.2.3.4:77, 10.0.0.9,"], "1.2.3.4:77"
    ),
    (["127.0.0.1"], ["X-Forwarded-For: 1.2.3.4, nonsense"], "127.0.0.1:"),
  ])
  func `X-Forwarded-For is believed of trusted proxies only`(
    proxies: [String], headers: [String], expected: String
  ) async throws {
    try await withProxied(proxies) { address, seen in
      let (status, client) = try await open(address, headers)
      #expect(status == "HTTP/1.1 101")
      let remote = try await seen.next()
      #expect(expected.hasSuffix(":") ? remote.hasPrefix(expected) : remote == expected)
      await client.close()
    }
  }

  @Test func `over a Unix socket the proxy is trusted by that name`() async throws {
    let directory = try TemporaryDirectory()
    let onSocket: (inout ServerConfiguration) -> Void = {
      $0.unixSocketPath = directory.path + "/s"
    }
    try await withProxied(["unix"], onSocket) { address, seen in
      try await open(address, ["X-Forwarded-For: 1.2.3.4"])
      #expect(try await seen.next() == "1.2.3.4")
      try await open(address)
      #expect(try await seen.next() == "unix")
    }
  }

  @Test(arguments: [
    (text("1.2.3.4"), "1.2.3.4:9"), (binary(0x21), "1.2.3.4:9"), (binary(0x20), "127.0.0.1:"),
    (Array("PROXY UNKNOWN\r\n".utf8), "127.0.0.1:"),
  ])
  func `the PROXY header is believed, in one piece and byte by byte`(
    prefix: [UInt8], expected: String
  ) async throws {
    let patient: (inout ServerConfiguration) -> Void = { $0.limits.handshakeTimeout = .seconds(50) }
    try await withProxied(["127.0.0.1"], header: true, patient) { address, seen in
      let (status, _) = try await open(address, prefix: prefix)
      #expect(status == "HTTP/1.1 101")
      #expect(try await seen.next().hasPrefix(expected))
      let dribble = try await RawClient.connect(address)
      for byte in prefix { try await dribble.send(bytes: [byte]) }
      try await dribble.send(upgradeRequest())
      #expect(try await dribble.read(until: "\r\n").hasPrefix("HTTP/1.1 101"))
      #expect(try await seen.next().hasPrefix(expected))
    }
  }

  @Test func `behind both kinds of proxy each says its part`() async throws {
    try await withProxied(["127.0.0.1", "10.0.0.0/8"], header: true) { address, seen in
      let forwarded = ["X-Forwarded-For: 1.2.3.4"]
      try await open(address, prefix: Self.text("10.0.0.1"), forwarded)
      #expect(try await seen.next() == "1.2.3.4")
      // This one is nobody's proxy.
      try await open(address, prefix: Self.text("192.0.2.9"), forwarded)
      #expect(try await seen.next() == "192.0.2.9:9")
    }
  }

  @Test func `without the header a proxy is hung up on, and a stranger's is a bad request`()
    async throws
  {
    try await withProxied(["127.0.0.1"], header: true) { address, _ in
      for wrong in ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "PROXY TCP4 x\r\n", "\r\n\r\n\0\r\nQUIX"] {
        #expect(try await http(wrong, at: address) == "")
      }
      let half = try await RawClient.connect(address)
      try await half.send("PROXY TCP4")
      try await half.closeOutput()
      #expect(try await half.readToEnd() == "")
    }
    try await withProxied(["192.0.2.1"], header: true) { address, _ in
      let answer = try await http("PROXY TCP4 1.2.3.4 5.6.7.8 9 80\r\n\r\n", at: address)
      #expect(answer.hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test func `a header that does not come is not waited for, nor by a server that stops`()
    async throws
  {
    let hasty: (inout ServerConfiguration) -> Void = {
      $0.limits.handshakeTimeout = .milliseconds(100)
    }
    try await withProxied(["127.0.0.1"], header: true, hasty) { address, _ in
      // It may be over before anything is sent.
      for beginning in [[], Array("PROXY ".utf8), Self.text("1.2.3.4")] {
        let slow = try await RawClient.connect(address)
        try? await slow.send(bytes: beginning)
        #expect(try await slow.readToEnd() == "")
      }
    }
    let begin = ContinuousClock.now
    try await withProxied(["127.0.0.1"], header: true) { address, _ in
      try await RawClient.connect(address).send("PROXY ")
    }
    #expect(ContinuousClock.now - begin < .seconds(9))
  }

  @Test(arguments: [false, true])
  func `each client behind a proxy has its own share of connections`(header: Bool) async throws {
    let one: (inout ServerConfiguration) -> Void = { $0.limits.maximumConnectionsPerAddress = 1 }
    try await withProxied(["127.0.0.1"], header: header, one) { address, seen in
      let connect: @Sendable (String) async throws -> (String, RawClient) = { source in
        try await header
          ? open(address, prefix: Self.text(source))
          : open(address, ["X-Forwarded-For: \(source)"])
      }
      let (first, client) = try await connect("1.2.3.4")
      #expect(first == "HTTP/1.1 101")
      let (second, refused) = try await connect("1.2.3.4")
      #expect(second == "HTTP/1.1 503")
      #expect(try await refused.readToEnd().contains("your address has its 1 connections"))
      #expect(try await connect("1.2.3.5").0 == "HTTP/1.1 101")
      await client.close()
      try await until {
        let (status, again) = try await connect("1.2.3.4")
        await again.close()
        return status == "HTTP/1.1 101"
      }
    }
  }

  @Test func `plain requests count for their client as long as they are answered`() async throws {
    let asked = Mailbox<String>()
    let answers = Mailbox<Void>()
    let slow: (inout ServerConfiguration) -> Void = {
      $0.limits.maximumConnectionsPerAddress = 1
      $0.page = { path in
        asked.put(path)
        if path == "/slow" { try? await answers.next() }
        return ServerPage(contentType: "text/plain", body: "page of \(path)")
      }
    }
    try await withProxied(["127.0.0.1"], slow) { address, _ in
      let get: @Sendable (String, String) -> String = { path, source in
        "GET \(path) HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: \(source)\r\n\r\n"
      }
      let first = try await RawClient.connect(address)
      try await first.send(get("/slow", "1.2.3.4"))
      #expect(try await asked.next() == "/slow")
      let second = try await RawClient.connect(address)
      try await second.send(get("/", "1.2.3.4"))
      #expect(try await second.readToEnd().contains("your address has its 1 connections"))
      let third = try await RawClient.connect(address)
      try await third.send(get("/", "1.2.3.5"))
      #expect(try await third.read(until: "page of /").hasPrefix("HTTP/1.1 200"))
      // The proxy's own question.
      try await third.send(get("/ping", "1.2.3.4"))
      #expect(try await third.read(until: "pong").contains("HTTP/1.1 200"))
      answers.put(())
      _ = try await first.read(until: "page of /slow")
      // The same connection speaks for another client now, and the first one is free.
      try await first.send(get("/", "1.2.3.5"))
      _ = try await first.read(until: "page of /")
      try await third.send(get("/", "1.2.3.4"))
      _ = try await third.read(until: "page of /")
    }
  }

  @Test func `the header stands in front of TLS`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    let tls = authority.tls("server")
    let secure: (inout ServerConfiguration) -> Void = { $0.tls = tls }
    try await withProxied(["127.0.0.1"], header: true, secure) { address, _ in
      let answer = try await Tool.run(
        [
          "curl", "--silent", "--haproxy-protocol", "--noproxy", "*", "--max-time", "20",
          "--cacert",
          "ca.pem", "https://127.0.0.1:\(address.port)/ping",
        ], in: authority.path)
      #expect(answer.output == "pong")
      let without = try await authority.sClient(address)
      #expect(!without.output.contains("pong"))
    }
  }

  @Test func `proxies that make no sense are refused`() {
    let changes: [(String, @Sendable (inout ServerConfiguration) -> Void)] = [
      ("trustedProxies", { $0.trustedProxies = ["localhost"] }),
      ("usesProxyProtocol", { $0.usesProxyProtocol = true }),
    ]
    for (name, change) in changes {
      #expect {
        try configured(change).validate()
      } throws: {
        ($0 as? HookupError)?.message.contains(name) == true
      }
    }
  }
}
