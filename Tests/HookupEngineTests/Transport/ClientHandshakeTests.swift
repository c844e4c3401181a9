import Glibc
import HookupCore
import HookupEngine
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClientHandshakeTests {
  @Test(
    arguments: [
      (
        "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Accept that does not fit"
      ),
      ("Sec-WebSocket-Accept", nil, "Sec-WebSocket-Accept that does not fit"),
      ("Upgrade", nil, "switched to another protocol"),
      ("Connection", "keep-alive", "switched to another protocol"),
      ("Sec-WebSocket-Protocol", "a\r\nSec-WebSocket-Protocol: a", "chose several subprotocols"),
      ("Sec-WebSocket-Protocol", "b", "'b', which was not offered"),
    ] as [(String, String?, String)])
  func `an answer that does not fit is refused, and the socket closed`(
    name: String, value: String?, problem: String
  ) async throws {
    let server = try await ScriptedServer.start { head in
      .bytes(ScriptedServer.accepting(head, with: name, value))
    }
    let error = await failure(
      WebSocketConnector(),
      try .init("ws://127.0.0.1:\(server.port)/") { $0.subprotocols = ["a"] })
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    try await server.ended.next()
    try await server.stop()
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<h1>Hi</h1>\n", 200, "<h1>Hi</h1>"),
    (
      "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n", 404,
      "no!"
    ),
    ("HTTP/1.1 500 Oh\r\nContent-Length: 99\r\n\r\nnever whole", 500, "never whole"),
    (
      "HTTP/1.1 103 Hints\r\nX: y\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\n\u{1B}[m", 403,
      "[m"
    ),
  ])
  func `another status is told with the beginning of the body`(
    answer: String, status: Int, body: String
  ) async throws {
    let server = try await ScriptedServer.start { _ in .bytes(answer) }
    let error = await failure(WebSocketConnector(), try .init("ws://127.0.0.1:\(server.port)/"))
    let rejection = error?.cause as? HandshakeRejection
    #expect(rejection?.status == status)
    #expect(rejection?.body == body)
    #expect(error?.message.hasSuffix(": \(body)") == true)
    try await server.ended.next()
    try await server.stop()
  }

  @Test func `a body that never ends is cut off`() async throws {
    let endless = String(repeating: "a", count: 300_000)
    let server = try await ScriptedServer.start { _ in .bytes("HTTP/1.1 400 No\r\n\r\n" + endless) }
    let error = await failure(WebSocketConnector(), try .init("ws://127.0.0.1:\(server.port)/"))
    #expect((error?.cause as? HandshakeRejection)?.body.count == 201)
    try await server.ended.next()
    try await server.stop()
  }

  @Test func `authorization, cookies and further headers are sent`() async throws {
    let server = try await ScriptedServer.start { _ in .bytes("HTTP/1.1 403 No\r\n\r\n") }
    var configuration = ClientConfiguration()
    configuration.authorization = .bearer("t0ken")
    configuration.cookies = [("a", "1"), ("b", "2")]
    configuration.headers = [("Origin", "https://o.test")]
    let url = "ws://u:p@127.0.0.1:\(server.port)/"
    let error = await #expect(throws: HookupError.self) {
      try await withHookupClient(url, configuration: configuration, logger: .init(label: "x")) {
        _ in await untilCancelled()
      }
    }
    #expect((error?.cause as? HandshakeRejection)?.status == 403)
    let head = try await server.heads.next()
    #expect(head.contains("\r\nHost: 127.0.0.1:\(server.port)\r\n"))
    #expect(head.contains("\r\nAuthorization: Bearer t0ken\r\n"))
    #expect(head.contains("\r\nCookie: a=1; b=2\r\n"))
    #expect(head.contains("\r\nOrigin: https://o.test\r\n"))
    try await server.stop()
  }

  @Test func `a password in the URL is in no error and in no log`() async throws {
    let server = try await ScriptedServer.start { _ in .bytesAndClose("HTTP/1.1 401 No\r\n\r\n") }
    let url = "ws://anna:s3cret@127.0.0.1:\(server.port)/"
    let error = await failure(WebSocketConnector(), try .init(url))
    #expect(error?.message.contains("s3cret") == false)
    #expect(!String(reflecting: error as Any).contains("s3cret"))
    #expect(try await server.heads.next().contains("Authorization: Basic YW5uYTpzM2NyZXQ="))
    try await server.stop()
  }

  @Test func `a Unix-domain socket is connected to by its path`() async throws {
    let path = "/tmp/hookup-test-\(UInt32.random(in: 0 ... .max)).sock"
    defer { unlink(path) }
    let server = try await ScriptedServer.start(socketPath: path) { _ in .webSocket }
    try await talk(WebSocketConnector(), .init("ws+unix:\(path):/chat?x=1"))
    #expect(
      try await server.heads.next().hasPrefix("GET /chat?x=1 HTTP/1.1\r\nHost: localhost\r\n"))
    // Through no proxy, whatever is said.
    try await talk(
      WebSocketConnector(),
      .init("ws+unix://\(path)") { $0.proxy = .http(host: "127.0.0.1", port: 1) })
    try await server.stop()
  }

  @Test func `a Unix-domain socket that does not exist is named`() async throws {
    let error = await failure(WebSocketConnector(), try .init("ws+unix:/tmp/no/such.sock"))
    #expect(
      error
        == HookupError(
          .connectFailed,
          "cannot connect to the socket '/tmp/no/such.sock': there is no such socket"))
  }

  @Test(arguments: ["a\r\nX: y", "a\nb", "a\u{0}"])
  func `a header with a line break is refused before anything is dialled`(value: String)
    async throws
  {
    let error = await failure(
      WebSocketConnector(), try .init("ws://127.0.0.1:1/") { $0.headers = [("X", value)] })
    #expect(error?.code == .invalidArgument)
  }
}
