import HookupCore

/// What ``ServerConfiguration/authorize`` decides about a client that asks for a WebSocket, before it gets one.
public struct Admission: Sendable {
  enum Decision: Sendable {
    case accept(headers: HeaderFields, identity: String?)
    case refuse(status: Int, headers: HeaderFields, body: String)
  }

  let decision: Decision

  /// Opens the WebSocket.
  public static let accept = Admission.accept()

  /// Opens the WebSocket.
  /// - Parameters:
  ///   - headers: go into the 101 answer: a `Set-Cookie`, for instance. The handshake's own (`Upgrade`,
  ///     `Sec-WebSocket-…`) and malformed ones are left out.
  ///   - identity: who this is, for the connection's handler: ``ServerRequest/identity``.
  public static func accept(
    headers: HeaderFields = HeaderFields(), identity: String? = nil
  ) -> Admission {
    Admission(decision: .accept(headers: headers, identity: identity))
  }

  /// Answers with a status and closes.
  /// - Parameters:
  ///   - status: 300...599; any other is sent as 403. A 401 should come with a `WWW-Authenticate` header, see
  ///     ``unauthorized(challenge:body:)``, a 3xx with `Location`, a 503 with `Retry-After`.
  ///   - headers: go into the answer, as for ``accept(headers:identity:)``.
  ///   - body: plain text; empty for none.
  public static func refuse(
    status: Int, headers: HeaderFields = HeaderFields(), body: String = ""
  ) -> Admission {
    Admission(decision: .refuse(status: status, headers: headers, body: body))
  }

  /// 401, which asks for credentials (RFC 9110 §15.5.2).
  /// - Parameter challenge: the `WWW-Authenticate` header: `Basic realm="chat", charset="UTF-8"`, or `Bearer`.
  public static func unauthorized(
    challenge: String, body: String = "credentials are needed\n"
  ) -> Admission {
    var headers = HeaderFields()
    headers.append("WWW-Authenticate", challenge)
    return .refuse(status: 401, headers: headers, body: body)
  }

  /// The headers that an answer may carry beside its own.
  static func permitted(_ headers: HeaderFields) -> HeaderFields {
    HeaderFields(
      headers.fields.filter { field in
        let name = String(decoding: field.name.utf8.map(lowercased), as: UTF8.self)
        return !name.isEmpty && name.utf8.allSatisfy(isTokenByte) && !reserved.contains(name)
          && !name.hasPrefix("sec-websocket-")
      })
  }

  private static let reserved: Set = [
    "upgrade", "connection", "content-length", "transfer-encoding", "date", "server",
  ]

  /// The answer of a refusal.
  static func refusal(status: Int, headers: HeaderFields, body: String) -> HTTPResponse {
    HTTPResponse(
      HTTPStatus(code: (300...599).contains(status) ? status : 403),
      headers: permitted(headers), body: body)
  }
}
