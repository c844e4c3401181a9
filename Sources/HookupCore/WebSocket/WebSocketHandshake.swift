/// The opening handshake as a value: heads in, decisions out (RFC 6455 §4). It reads and writes plain lists of header
/// fields, so that any HTTP implementation can carry them.
package enum WebSocketHandshake {
  /// Header fields in the order of the wire. Names compare without regard to case.
  package typealias Headers = [(name: String, value: String)]

  /// What a server answers to a request that may ask for a WebSocket.
  package enum ServerAnswer: Sendable {
    /// Send status 101 with exactly these headers, then frames. `subprotocol` is what was agreed on; nil when the
    /// client offered none (the connection then speaks the server's default) or the server names none; `compression`
    /// what was agreed on about that.
    case accept(subprotocol: String?, compression: PerMessageDeflate?, headers: Headers)
    /// Send `status` with these headers and `message` as the text body, then close.
    case refuse(status: Int, headers: Headers, message: String)
  }

  /// Whether a request asks for a WebSocket at all: `Upgrade` lists `websocket`. If not, it is an ordinary request.
  package static func isUpgrade(_ headers: Headers) -> Bool {
    tokens("Upgrade", in: headers).contains { $0.lowercased() == "websocket" }
  }

  /// Judges a client's request (RFC 6455 §4.2.1) and picks the subprotocol.
  ///
  /// - Parameters:
  ///   - method: as on the request line; only `GET` upgrades.
  ///   - headers: all fields of the head. Bounding their number and size is the HTTP layer's part.
  ///   - subprotocols: the names the server speaks, most wanted first: the first of them that the client offers is
  ///     taken. A client that offers only other names is refused with 426 and this list; one that offers none is
  ///     accepted without a name. Empty: whatever the client offers is accepted without a name.
  ///   - compression: what the server wants of compression, for clients that offer it; nil: none.
  package static func answer(
    method: String, headers: Headers, subprotocols: [String],
    compression: CompressionSettings? = nil
  ) -> ServerAnswer {
    guard method == "GET" else {
      return .refuse(
        status: 405, headers: [("Allow", "GET")], message: "a WebSocket is opened with GET")
    }
    guard values("Host", in: headers).count == 1 else {
      return .refuse(status: 400, headers: [], message: "the request needs one Host header")
    }
    guard isUpgrade(headers),
      tokens("Connection", in: headers).contains(where: { $0.lowercased() == "upgrade" })
    else {
      return .refuse(
        status: 426, headers: [("Upgrade", "websocket"), ("Connection", "Upgrade")],
        message: "only WebSockets are served here: send Upgrade: websocket and Connection: Upgrade")
    }
    guard values("Sec-WebSocket-Version", in: headers) == ["13"] else {
      return .refuse(
        status: 426, headers: [versionHeader],
        message: "this server speaks WebSocket version 13 (RFC 6455) only")
    }
    let keys = values("Sec-WebSocket-Key", in: headers)
    guard keys.count == 1, Base64.decode(keys[0])?.count == 16 else {
      return .refuse(
        status: 400, headers: [],
        message: "the request needs one Sec-WebSocket-Key header with 16 bytes in base64")
    }
    let answer = choose(
      from: subprotocols, offered: tokens("Sec-WebSocket-Protocol", in: headers), key: keys[0])
    guard let compression else { return answer }
    return add(compression, to: answer, offers: values("Sec-WebSocket-Extensions", in: headers))
  }

  /// The answer, and that messages are compressed, if the client offers what can be accepted (RFC 6455 §9.1).
  private static func add(
    _ settings: CompressionSettings, to answer: ServerAnswer, offers: [String]
  ) -> ServerAnswer {
    guard case .accept(let subprotocol, _, let headers) = answer else { return answer }
    guard let offers = WebSocketExtension.parse(offers) else {
      return .refuse(
        status: 400, headers: [], message: "the Sec-WebSocket-Extensions header is malformed")
    }
    guard let (agreed, header) = PerMessageDeflate.accept(offers, settings: settings) else {
      return answer
    }
    return .accept(
      subprotocol: subprotocol, compression: agreed,
      headers: headers + [("Sec-WebSocket-Extensions", header)])
  }

  private static func choose(
    from subprotocols: [String], offered: [String], key: String
  ) -> ServerAnswer {
    let chosen = subprotocols.first { offered.contains($0) }
    guard chosen != nil || offered.isEmpty || subprotocols.isEmpty else {
      let names = subprotocols.joined(separator: ", ")
      return .refuse(
        status: 426, headers: [versionHeader, ("Sec-WebSocket-Protocol", names)],
        message: "none of the offered subprotocols is spoken here; this server speaks \(names)")
    }
    var headers: Headers = [
      ("Upgrade", "websocket"), ("Connection", "Upgrade"),
      ("Sec-WebSocket-Accept", acceptValue(for: key)),
    ]
    if let chosen { headers.append(("Sec-WebSocket-Protocol", chosen)) }
    return .accept(subprotocol: chosen, compression: nil, headers: headers)
  }

  /// What `Sec-WebSocket-Accept` must be for a request's `Sec-WebSocket-Key` (RFC 6455 §4.2.2, item 5.4).
  package static func acceptValue(for key: String) -> String {
    Base64.encode(SHA1.digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
  }

  private static let versionHeader = (name: "Sec-WebSocket-Version", value: "13")
}

extension WebSocketHandshake {
  /// The values of all fields called `name`, trimmed, in order.
  static func values(_ name: String, in headers: Headers) -> [String] {
    let wanted = name.lowercased()
    return headers.filter { $0.name.lowercased() == wanted }.map { trim($0.value[...]) }
  }

  /// The members of the comma-separated lists in all fields called `name`, without empty ones (RFC 9110 §5.6.1).
  static func tokens(_ name: String, in headers: Headers) -> [String] {
    values(name, in: headers).flatMap { $0.split(separator: ",") }.map(trim)
      .filter { !$0.isEmpty }
  }

  /// Without spaces and tabs at either end.
  static func trim(_ text: Substring) -> String {
    let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
    let scalars = text.unicodeScalars.drop(while: isBlank)
    guard let last = scalars.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(scalars[...last])
  }
}
