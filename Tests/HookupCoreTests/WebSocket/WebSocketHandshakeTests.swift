import Testing

@testable import HookupCore

@Suite struct WebSocketHandshakeTests {
  /// RFC 6455 §1.3.
  static let request: WebSocketHandshake.Headers = [
    ("Host", "server.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Origin", "http://example.com"),
    ("Sec-WebSocket-Version", "13"),
  ]

  @Test func `the RFC's key has the RFC's accept value`() {
    #expect(
      WebSocketHandshake.acceptValue(for: "dGhlIHNhbXBsZSBub25jZQ==")
        == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test func `a good request is accepted`() {
    guard case .accept(nil, nil, let headers) = answer(Self.request) else {
      Issue.record("refused")
      return
    }
    #expect(headers.map(\.name) == ["Upgrade", "Connection", "Sec-WebSocket-Accept"])
    #expect(headers.map(\.value) == ["websocket", "Upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
  }

  @Test func `names in headers compare without regard to case and lists are read`() {
    var request = Self.request.map { ($0.name.uppercased(), $0.value) }
    request[1].1 = "h2c, WebSocket"
    request[2].1 = "keep-alive, upgrade"
    guard case .accept = answer(request) else {
      Issue.record("refused")
      return
    }
  }

  /// The header that differs (nil: it is missing), the status, and a word of the message.
  @Test(
    arguments: [
      ("Host", nil, 400, "Host"), ("Upgrade", nil, 426, "Upgrade"),
      ("Upgrade", "h2c", 426, "Upgrade"), ("Connection", "close", 426, "Connection"),
      ("Sec-WebSocket-Version", "8", 426, "version 13"),
      ("Sec-WebSocket-Version", nil, 426, "version 13"),
      ("Sec-WebSocket-Key", nil, 400, "Sec-WebSocket-Key"),
      ("Sec-WebSocket-Key", "c2hvcnQ=", 400, "16 bytes"),
      ("Sec-WebSocket-Key", "not base64 at all!!!", 400, "16 bytes"),
    ] as [(String, String?, Int, String)])
  func `a request that lacks something is told what`(
    name: String, value: String?, status: Int, word: String
  ) {
    let headers = Self.request.filter { $0.name != name } + (value.map { [(name, $0)] } ?? [])
    guard case .refuse(status, _, let message) = answer(headers) else {
      Issue.record("not refused with \(status)")
      return
    }
    #expect(message.contains(word))
  }

  @Test func `a second key is refused`() {
    let doubled = Self.request + [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    guard case .refuse(400, _, _) = answer(doubled) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func `only GET upgrades`() {
    let answer = WebSocketHandshake.answer(method: "POST", headers: Self.request, subprotocols: [])
    guard case .refuse(405, _, _) = answer else {
      Issue.record("accepted")
      return
    }
  }

  /// What the client offers, what the server speaks, and what comes of it; "426" for a refusal.
  @Test(
    arguments: [
      (["b, a"], ["a", "b"], "a"), (["b", "a"], ["a", "b"], "a"), (["a"], ["a", "b"], "a"),
      ([], ["a", "b"], nil), (["x"], [], nil), (["x", "y"], ["a", "b"], "426"),
      (["A"], ["a"], "426"), ([""], ["a"], nil), (["x ,\tb"], ["a", "b"], "b"),
    ] as [([String], [String], String?)])
  func `the server's first preference among the offered is taken`(
    offered: [String], spoken: [String], chosen: String?
  ) {
    let headers = Self.request + offered.map { ("Sec-WebSocket-Protocol", $0) }
    switch answer(headers, speaking: spoken) {
    case .accept(let subprotocol, _, let headers):
      #expect(subprotocol == chosen)
      #expect(headers.first { $0.name == "Sec-WebSocket-Protocol" }?.value == chosen)
    case .refuse(let status, let headers, let message):
      #expect("\(status)" == chosen)
      #expect(headers.map(\.name) == ["Sec-WebSocket-Version", "Sec-WebSocket-Protocol"])
      #expect(headers.map(\.value) == ["13", spoken.joined(separator: ", ")])
      #expect(message.contains(spoken.joined(separator: ", ")))
    }
  }

  @Test func `an ordinary request is none for a WebSocket`() {
    #expect(WebSocketHandshake.isUpgrade(Self.request))
    #expect(!WebSocketHandshake.isUpgrade([("Host", "h"), ("Connection", "keep-alive")]))
    #expect(!WebSocketHandshake.isUpgrade([("Upgrade", "h2c")]))
  }

  @Test func `compression is agreed on when both want it`() {
    let offering =
      Self.request + [("Sec-WebSocket-Extensions", "x, permessage-deflate; client_max_window_bits")]
    guard case .accept(nil, let agreed?, let headers) = answer(offering, compression: .init())
    else {
      Issue.record("refused, or not agreed")
      return
    }
    #expect(agreed == PerMessageDeflate(serverWindowBits: 12, clientWindowBits: 12))
    #expect(headers.last?.name == "Sec-WebSocket-Extensions")
    #expect(
      headers.last?.value
        == "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12")
    for (request, wanted) in [(offering, nil), (Self.request, CompressionSettings())] {
      guard case .accept(nil, nil, let headers) = answer(request, compression: wanted) else {
        Issue.record("refused, or agreed")
        return
      }
      #expect(headers.map(\.name) == ["Upgrade", "Connection", "Sec-WebSocket-Accept"])
    }
  }

  @Test func `malformed extensions are refused by who reads them`() {
    let malformed = Self.request + [("Sec-WebSocket-Extensions", "permessage-deflate; =")]
    guard case .refuse(400, _, let message) = answer(malformed, compression: .init()),
      case .accept = answer(malformed)
    else {
      Issue.record("accepted")
      return
    }
    #expect(message.contains("Sec-WebSocket-Extensions"))
  }

  private func answer(
    _ headers: WebSocketHandshake.Headers, speaking subprotocols: [String] = [],
    compression: CompressionSettings? = nil
  ) -> WebSocketHandshake.ServerAnswer {
    WebSocketHandshake.answer(
      method: "GET", headers: headers, subprotocols: subprotocols, compression: compression)
  }
}
