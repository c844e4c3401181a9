import HookupCore
import HookupEngine
import NIOCore
import NIOSSL
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProxyTests {
  @Test func `a tunnel is asked for with the proxy's credentials, and carries the WebSocket`()
    async throws
  {
    let server = try await ScriptedServer.start { _ in .webSocket }
    let proxy = try await ScriptedServer.start { _ in .tunnel(port: server.port) }
    try await talk(
      WebSocketConnector(),
      .init("ws://anna:secret@chat.test:8127/x") {
        $0.proxy = .http(
          host: "127.0.0.1", port: proxy.port,
          credentials: try Credentials(user: "proxy", password: "p"))
      })
    #expect(
      try await proxy.heads.next()
        == "CONNECT chat.test:8127 HTTP/1.1\r\nHost: chat.test:8127\r\n"
        + "Proxy-Authorization: Basic cHJveHk6cA==\r\n\r\n")
    let head = try await server.heads.next()
    #expect(head.hasPrefix("GET /x HTTP/1.1\r\nHost: chat.test:8127\r\n"))
    #expect(head.contains("Authorization: Basic YW5uYTpzZWNyZXQ="))
    #expect(!head.contains("Proxy-Authorization"))
    try await proxy.stop()
    try await server.stop()
  }

  @Test func `the environment's proxy is taken, and no_proxy heeded`() async throws {
    let server = try await ScriptedServer.start { _ in .webSocket }
    let proxy = try await ScriptedServer.start { _ in .tunnel(port: server.port) }
    let variables = ["http_proxy": "http://127.0.0.1:\(proxy.port)", "no_proxy": "direct.test"]
    let connector = WebSocketConnector(
      resolver: { FixedResolver(on: $0, ["127.0.0.1"]) }, environment: ProxyEnvironment(variables))
    try await talk(connector, .init("ws://chat.test/") { $0.proxy = .environment })
    #expect(try await proxy.heads.next().hasPrefix("CONNECT chat.test:80 "))
    try await talk(
      connector, .init("ws://direct.test:\(server.port)/") { $0.proxy = .environment })
    #expect(proxy.heads.count == 0)
    try await proxy.stop()
    try await server.stop()
  }

  @Test func `TLS within a tunnel is with the server, by its name and not the proxy's address`()
    async throws
  {
    let authority = try CertificateAuthority()
    let names = Mailbox<String?>()
    let certificate = try authority.issue("DNS:chat.test")
    let server = try await certificate.server(names: names)
    let proxy = try await ScriptedServer.start { _ in .tunnel(port: server.port) }
    let connector = WebSocketConnector(tls: TLSOptions(trustRoots: .file(authority.file)))
    let change = { @Sendable (request: inout WebSocketConnector.Request) in
      request.proxy = .http(host: "127.0.0.1", port: proxy.port)
    }
    try await talk(connector, .init("wss://chat.test/", change))
    #expect(try await names.next() == "chat.test")
    let error = await failure(connector, try .init("wss://other.test/", change))
    #expect(error?.message.contains("is not for this host: it is for 'chat.test'") == true)
    try await proxy.stop()
    try await server.stop()
    // The proxy is at 127.0.0.1; who says 10.9.8.7 does not mean that.
    let local = try await authority.issue("IP:127.0.0.1").server()
    let detour = try await ScriptedServer.start { _ in .tunnel(port: local.port) }
    let wrong = await failure(
      connector,
      try .init("wss://10.9.8.7/") { $0.proxy = .http(host: "127.0.0.1", port: detour.port) })
    #expect(wrong?.message.contains("is not for this host: it is for 127.0.0.1") == true)
    try await detour.stop()
    try await local.stop()
  }

  @Test(arguments: [
    ("HTTP/1.1 407 No\r\n\r\n", "it asks for a user name and a password (HTTP status 407)"),
    (
      "HTTP/1.1 502 Bad Gateway\r\nX: y\r\n\r\nbody",
      "it answered with HTTP status 502 'Bad Gateway'"
    ),
    ("SSH-2.0-x\r\n", "it does not speak HTTP"),
    ("", "it closed the connection before it answered"),
    ("HTTP/1.1 200 " + String(repeating: "x", count: 20_000), "a head of more than 16384 bytes"),
  ])
  func `a proxy that makes no tunnel is told`(answer: String, problem: String) async throws {
    let proxy = try await ScriptedServer.start { _ in .bytesAndClose(answer) }
    let error = await failure(
      WebSocketConnector(),
      try .init("ws://chat.test/") { $0.proxy = .http(host: "127.0.0.1", port: proxy.port) })
    #expect(error?.code == .connectFailed)
    let start = "the proxy 127.0.0.1:\(proxy.port) makes no tunnel to chat.test:80: "
    #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    try await proxy.stop()
  }

  @Test func `a proxy that is silent, and one that is not there, are told apart`() async throws {
    let proxy = try await ScriptedServer.start { _ in .silence }
    let port = proxy.port
    let silent = await failure(
      WebSocketConnector(),
      try .init("ws://chat.test/") {
        $0.proxy = .http(host: "127.0.0.1", port: port)
        $0.timeout = .seconds(2)
      })
    #expect(
      silent?.message
        == "cannot connect to chat.test:80: the proxy 127.0.0.1:\(port) did not answer within 2 s"
    )
    try await proxy.ended.next()
    try await proxy.stop()
    let absent = await failure(
      WebSocketConnector(),
      try .init("ws://chat.test/") { $0.proxy = .http(host: "127.0.0.1", port: port) })
    #expect(
      absent?.message == "cannot connect to the proxy 127.0.0.1:\(port): connection refused")
  }

  @Test func `a variable of the environment that is no proxy fails the attempt`() async throws {
    let connector = WebSocketConnector(environment: ProxyEnvironment(["https_proxy": "socks5://x"]))
    let error = await failure(
      connector, try .init("wss://chat.test/") { $0.proxy = .environment })
    #expect(error?.code == .invalidArgument)
  }
}
