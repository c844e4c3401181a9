/// The request line and headers of an HTTP/1 request, checked by ``RequestHeadParser``.
struct RequestHead: Hashable, Sendable {
  var method: String
  /// Begins with `/`; percent-encoded as it came; printable ASCII only.
  var path: String
  /// What follows the first `?`, as it came.
  var query: String?
  /// The 1 of `HTTP/1.1`: 0 or 1, a higher one is taken for 1 (RFC 9110 §2.5).
  var minorVersion: Int
  var headers: HeaderFields
  /// The host that is asked for: that of the target where it names one, else that of the `Host` header
  /// (RFC 9112 §3.2.2). Nil only in HTTP/1.0.
  var authority: Authority?

  /// Whether a body follows, which this server never reads: the connection closes after the answer.
  var announcesBody: Bool {
    headers.contains("Transfer-Encoding")
      || headers["Content-Length"].contains { $0 != "0" }
  }

  /// Whether the client expects to send another request on this connection (RFC 9112 §9.3).
  var keepsAlive: Bool {
    minorVersion >= 1 && !announcesBody
      && !headers.list("Connection").contains { equalASCII($0, "close") }
  }

  /// Whether the request asks to become a WebSocket, rightly or not (RFC 6455 §4.2.1).
  var asksForWebSocket: Bool {
    headers.list("Upgrade").contains { equalASCII($0, "websocket") }
  }
}
