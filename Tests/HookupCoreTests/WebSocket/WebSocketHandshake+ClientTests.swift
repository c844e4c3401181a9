import NIOCore
import Testing

@testable import HookupCore

@Suite struct WebSocketHandshakeClientTests {
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  static let accepted: WebSocketHandshake.Headers = [
    ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
  ]

  @Test func `a request has the handshake's lines and the caller's`() throws {
    let head = try WebSocketHandshake.request(
      for: WebSocketURL("ws://h:8127/chat?x=1"), key: Self.key,
      headers: [("Origin", "http://o"), ("X", "a\tb")], subprotocols: ["a", "b"])
    #expect(
      String(buffer: head) == """
        GET /chat?x=1 HTTP/1.1\r
        Host: h:8127\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Protocol: a, b\r
        Origin: http://o\r
        X: a\tb\r
        \r\n
        """)
  }

  @Test func `a request that offers nothing says nothing, and the caller's Host counts`() throws {
    let head = try WebSocketHandshake.request(
      for: WebSocketURL("ws://h"), key: Self.key, headers: [("host", "other")], subprotocols: [])
    let text = String(buffer: head)
    #expect(!text.contains("Sec-WebSocket-Protocol"))
    #expect(!text.contains("Host: h\r\n"))
    #expect(text.contains("host: other\r\n"))
  }

  @Test(arguments: [
    ("X", "a\r\nEvil: b"), ("X", "a\u{0}"), ("X: y", "a"), ("", "a"), ("X Y", "a"),
    ("Upgrade", "h2c"), ("connection", "close"), ("Sec-WebSocket-Key", "k"),
    ("Content-Length", "5"), ("X", String(repeating: "a", count: 16_384)),
  ])
  func `headers that would break the request are refused`(name: String, value: String) throws {
    let url = try WebSocketURL("ws://h")
    let error = #expect(throws: HookupError.self) {
      try WebSocketHandshake.request(
        for: url, key: Self.key, headers: [(name, value)], subprotocols: [])
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test(arguments: ["", "a b", "a,b", "a\r\n"])
  func `subprotocol names are tokens`(name: String) throws {
    let url = try WebSocketURL("ws://h")
    #expect(throws: HookupError.self) {
      try WebSocketHandshake.request(for: url, key: Self.key, headers: [], subprotocols: [name])
    }
  }

  @Test func `keys are sixteen random bytes`() {
    var random = RandomSource(seed: 1)
    let first = WebSocketHandshake.makeKey(using: &random)
    #expect(Base64.decode(first)?.count == 16)
    #expect(first != WebSocketHandshake.makeKey(using: &random))
  }

  @Test func `a fitting answer is taken with its subprotocol`() throws {
    #expect(try check(Self.accepted, offered: ["a"]) == nil)
    #expect(
      try check(Self.accepted + [("Sec-WebSocket-Protocol", "b")], offered: ["a", "b"]) == "b")
    let shouting = Self.accepted.map { ($0.name.uppercased(), $0.value) }
    #expect(try check(shouting, offered: []) == nil)
  }

  @Test(
    arguments: [
      ("Upgrade", nil, "another protocol"), ("Upgrade", "h2c", "another protocol"),
      ("Connection", "close", "another protocol"), ("Sec-WebSocket-Accept", nil, "Accept"),
      ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xO0=", "Accept"),
      ("Sec-WebSocket-Extensions", "permessage-deflate", "extension"),
      ("Sec-WebSocket-Protocol", "b", "'b', which was not offered"),
      ("Sec-WebSocket-Protocol", "A", "'A', which was not offered"),
      ("Sec-WebSocket-Protocol", "a, a", "several"),
    ] as [(String, String?, String)])
  func `an answer that does not fit is refused`(name: String, value: String?, problem: String) {
    let headers = Self.accepted.filter { $0.name != name } + (value.map { [(name, $0)] } ?? [])
    let error = #expect(throws: HookupError.self) { try check(headers, offered: ["a"]) }
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    #expect(error?.message.hasPrefix("h:80 ") == true)
  }

  @Test func `a request offers compression, and a fitting answer is agreed on`() throws {
    let url = try WebSocketURL("ws://h")
    let settings = CompressionSettings()
    let head = try WebSocketHandshake.request(
      for: url, key: Self.key, headers: [], subprotocols: [], compression: settings)
    #expect(
      String(buffer: head).contains(
        "\r\nSec-WebSocket-Extensions: \(PerMessageDeflate.offerHeader(settings))\r\n"))
    let answer = Self.accepted + [("Sec-WebSocket-Extensions", "permessage-deflate")]
    let agreement = try WebSocketHandshake.check(
      HTTPResponseHead(status: 101, phrase: "", headers: answer), from: url, key: Self.key,
      offered: [], compression: settings)
    #expect(agreement.compression == PerMessageDeflate(settings: settings))
    let error = #expect(throws: HookupError.self) {
      try check(
        answer + [("Sec-WebSocket-Extensions", "permessage-deflate")], offered: [],
        compression: settings)
    }
    #expect(error?.message == "h:80 chose permessage-deflate twice")
  }

  @Test func `another status is named and can be examined`() {
    let error = #expect(throws: HookupError.self) {
      try check([("retry-after", "30")], status: 503, phrase: "Busy\u{1B}", offered: [])
    }
    #expect(
      error?.message
        == "h:80 answered with HTTP status 503 'Busy\\u{1b}' instead of a WebSocket; it asks to wait 30 s"
    )
    #expect(
      error?.cause as? HandshakeRejection
        == HandshakeRejection(status: 503, retryAfter: .seconds(30)))
  }

  @Test func `a refusal for the subprotocol names what the server speaks`() {
    let error = #expect(throws: HookupError.self) {
      try check(
        [("Sec-WebSocket-Protocol", "simpleJson, jsonProtocol")], status: 426, phrase: "",
        offered: ["x"])
    }
    #expect(
      error?.message
        == "h:80 answered with HTTP status 426 instead of a WebSocket; it speaks the subprotocols "
        + "'simpleJson', 'jsonProtocol', offered was 'x'")
    #expect(
      (error?.cause as? HandshakeRejection)?.subprotocols == ["simpleJson", "jsonProtocol"])
  }

  @Test(
    arguments: [
      ("0", .zero), ("86400", .seconds(86_400)), ("999999999", .seconds(86_400)), ("-1", nil),
      ("Wed, 21 Oct 2026 07:28:00 GMT", nil), ("99999999999999999999", nil), ("", nil),
    ] as [(String, Duration?)])
  func `a wait is read in seconds and bounded`(text: String, wait: Duration?) {
    let error = #expect(throws: HookupError.self) {
      try check([("Retry-After", text)], status: 429, phrase: "", offered: [])
    }
    #expect((error?.cause as? HandshakeRejection)?.retryAfter == wait)
  }

  private func check(
    _ headers: WebSocketHandshake.Headers, status: Int = 101,
    phrase: String = "Switching Protocols",
    offered: [String], compression: CompressionSettings? = nil
  ) throws -> String? {
    try WebSocketHandshake.check(
      HTTPResponseHead(status: status, phrase: phrase, headers: headers),
      from: WebSocketURL("ws://h"), key: Self.key, offered: offered, compression: compression
    ).subprotocol
  }
}
