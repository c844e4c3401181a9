import NIOCore

/// The server answered the opening handshake with another status than 101: the
/// ``HookupError/cause`` of a ``HookupError/Code/handshakeFailed``.
public struct HandshakeRejection: Error, Hashable, Sendable {
  /// The HTTP status, 100...999.
  public var status: Int
  /// How long the server asks to wait before the next attempt (`Retry-After` in seconds; the form with a date is not
  /// read), at most a day.
  public var retryAfter: Duration?
  /// The subprotocols the server says it speaks (with 426); empty when it does not say. From the network.
  public var subprotocols: [String]

  public init(status: Int, retryAfter: Duration? = nil, subprotocols: [String] = []) {
    self.status = status
    self.retryAfter = retryAfter
    self.subprotocols = subprotocols
  }
}

extension WebSocketHandshake {
  /// What a client and a server agreed on.
  package struct Agreement: Hashable, Sendable {
    /// The name the server chose, one of those offered; nil when it chose none.
    package var subprotocol: String?
    /// nil: messages are not compressed.
    package var compression: PerMessageDeflate?
  }

  /// A new `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455 §4.1).
  package static func makeKey(using random: inout RandomSource) -> String {
    Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  /// The head of a client's request (RFC 6455 §4.1).
  ///
  /// - Parameters:
  ///   - headers: further fields, such as Authorization, Cookie or Origin; a `Host` among them replaces the URL's.
  ///   - subprotocols: the names to offer, most wanted first; may be empty.
  ///   - compression: what to offer; nil: nothing.
  /// - Throws: ``HookupError/Code/invalidArgument`` when a field or name is malformed or the handshake's own, or the
  ///   head is longer than 16 KiB.
  package static func request(
    for url: WebSocketURL, key: String, headers: Headers, subprotocols: [String],
    compression: CompressionSettings? = nil
  ) throws(HookupError) -> ByteBuffer {
    for (name, value) in headers { try check(name, value) }
    for name in subprotocols where !isToken(name[...]) {
      throw HookupError(
        .invalidArgument, "the subprotocol name \(quoted(name)) is not allowed in a header")
    }
    var head = ByteBuffer()
    head.writeString("GET \(url.target) HTTP/1.1\r\n")
    if values("Host", in: headers).isEmpty { head.writeString("Host: \(url.authority)\r\n") }
    // Old servers compare this line whole.
    head.writeString("Upgrade: websocket\r\nConnection: Upgrade\r\n")
    head.writeString("Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n")
    if !subprotocols.isEmpty {
      head.writeString("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n")
    }
    if let compression {
      let offer = PerMessageDeflate.offerHeader(compression)
      head.writeString("Sec-WebSocket-Extensions: \(offer)\r\n")
    }
    for (name, value) in headers { head.writeString("\(name): \(value)\r\n") }
    head.writeString("\r\n")
    guard head.readableBytes <= HTTPResponseReader.maximumBytes else {
      throw HookupError(
        .invalidArgument,
        "the request head has \(head.readableBytes) bytes with all headers; "
          + "at most \(HTTPResponseReader.maximumBytes) are sent")
    }
    return head
  }

  /// Judges a server's answer (RFC 6455 §4.1).
  ///
  /// - Parameters:
  ///   - key: the request's `Sec-WebSocket-Key`.
  ///   - offered: the subprotocols the request offered.
  ///   - compression: the compression the request offered.
  /// - Throws: ``HookupError/Code/handshakeFailed``, caused by a ``HandshakeRejection`` for another status than 101.
  package static func check(
    _ head: HTTPResponseHead, from url: WebSocketURL, key: String, offered: [String],
    compression: CompressionSettings? = nil
  ) throws(HookupError) -> Agreement {
    guard head.status == 101 else { throw rejection(head, from: url, offered: offered) }
    let upgrades = tokens("Upgrade", in: head.headers).map { $0.lowercased() }
    let connection = tokens("Connection", in: head.headers).map { $0.lowercased() }
    guard upgrades == ["websocket"], connection.contains("upgrade") else {
      throw error(url, "switched to another protocol than WebSocket")
    }
    guard values("Sec-WebSocket-Accept", in: head.headers) == [acceptValue(for: key)] else {
      throw error(url, "answered with a Sec-WebSocket-Accept that does not fit the request")
    }
    let agreed: PerMessageDeflate?
    do {
      let chosen = values("Sec-WebSocket-Extensions", in: head.headers)
      agreed = try PerMessageDeflate.agree(on: chosen, settings: compression)
    } catch {
      throw self.error(url, error.problem)
    }
    let chosen = tokens("Sec-WebSocket-Protocol", in: head.headers)
    guard chosen.count <= 1 else { throw error(url, "chose several subprotocols") }
    guard chosen.allSatisfy(offered.contains) else {
      throw error(url, "chose the subprotocol \(quoted(chosen[0])), which was not offered")
    }
    return Agreement(subprotocol: chosen.first, compression: agreed)
  }

  private static func rejection(
    _ head: HTTPResponseHead, from url: WebSocketURL, offered: [String]
  ) -> HookupError {
    let seconds = values("Retry-After", in: head.headers).first.flatMap { UInt32($0) }
    let rejection = HandshakeRejection(
      status: head.status, retryAfter: seconds.map { .seconds(Int64(min($0, 86_400))) },
      subprotocols: tokens("Sec-WebSocket-Protocol", in: head.headers))
    var answer = "answered with HTTP status \(head.status)"
    if !head.phrase.isEmpty { answer += " \(quoted(head.phrase))" }
    answer += " instead of a WebSocket"
    if head.status == 426, !rejection.subprotocols.isEmpty {
      let spoken = rejection.subprotocols.prefix(16).map(quoted).joined(separator: ", ")
      let names = offered.isEmpty ? "none" : offered.map(quoted).joined(separator: ", ")
      answer += "; it speaks the subprotocols \(spoken), offered was \(names)"
    }
    if let wait = rejection.retryAfter {
      answer += "; it asks to wait \(wait.components.seconds) s"
    }
    return error(url, answer, cause: rejection)
  }

  private static func error(
    _ url: WebSocketURL, _ problem: String, cause: (any Error)? = nil
  ) -> HookupError {
    HookupError(.handshakeFailed, "\(url.hostAndPort) \(problem)", cause: cause)
  }

  private static func check(_ name: String, _ value: String) throws(HookupError) {
    let lowercased = name.lowercased()
    guard isToken(name[...]) else {
      throw HookupError(.invalidArgument, "the header name \(quoted(name)) is not allowed")
    }
    guard !reserved.contains(lowercased), !lowercased.hasPrefix("sec-websocket-") else {
      throw HookupError(
        .invalidArgument, "the header \(quoted(name)) is the handshake's own and cannot be set")
    }
    guard value.unicodeScalars.allSatisfy({ $0 == "\t" || ($0 >= " " && $0 != "\u{7F}") }) else {
      throw HookupError(
        .invalidArgument, "the value of the header \(quoted(name)) has a control character in it")
    }
  }

  private static let reserved: Set = [
    "upgrade", "connection", "content-length", "transfer-encoding",
  ]

  /// Whether `text` is a token: what names in headers are made of (RFC 9110 §5.6.2).
  static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: tokenMarks.contains(byte)
        }
      }
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
}
