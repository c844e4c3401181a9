/// Where a client's attempt leads while its server sends it on (RFC 9110 §15.4): the URL and the headers for the next
/// request, or why there is none.
///
/// It never leads from `wss://` to `ws://`, nor away from a Unix-domain socket. `Authorization`, `Cookie` and `Host` headers, and the
/// user part of the URL, stay behind as soon as scheme, host or port change.
package struct RedirectPlan: Sendable {
  /// Where to connect now.
  package private(set) var url: WebSocketURL
  /// What to send along.
  package private(set) var headers: WebSocketHandshake.Headers
  private let limit: Int
  private var visited: [WebSocketURL]

  /// - Parameters:
  ///   - limit: the most redirects to follow; none at 0.
  ///   - authorization: for the Authorization header; if nil the URL's user part is. A header of that name among `headers` goes first.
  /// - Throws: ``HookupError/Code/invalidArgument`` for an authorization that cannot be sent.
  package init(
    to url: WebSocketURL, headers: WebSocketHandshake.Headers, authorization: ClientAuthorization?,
    limit: Int
  ) throws(HookupError) {
    self.url = url
    self.limit = limit
    self.headers = headers
    visited = [url]
    try authorize(authorization ?? url.credentials.map { .basic($0) })
  }

  /// Whether this status sends the client on, and it goes.
  package func follows(_ status: Int) -> Bool {
    limit > 0 && [301, 302, 303, 307, 308].contains(status)
  }

  /// Goes where the answer says.
  /// - Throws: ``HookupError/Code/handshakeFailed`` with all the URLs so far, without their queries, when it says
  ///   nothing usable, leads in a circle, out of TLS, or on and on.
  package mutating func follow(_ head: HTTPResponseHead) throws(HookupError) {
    let locations = WebSocketHandshake.values("Location", in: head.headers)
    guard locations.count == 1 else {
      throw error("answered with HTTP status \(head.status) and no Location to go to")
    }
    let next: WebSocketURL
    do {
      next = try url.resolving(location: locations[0])
    } catch {
      throw self.error("redirects to where a client cannot go: \(error.message)")
    }
    guard next.isSecure || !url.isSecure else {
      throw error("redirects from wss:// to ws://\(next.authority), which is refused")
    }
    guard !visited.contains(next) else { throw error("redirects in a circle", to: next) }
    guard visited.count <= limit else {
      throw error("redirects once more after \(limit) redirects, the limit", to: next)
    }
    if !next.hasSameOrigin(as: url) {
      headers.removeAll { Self.privateNames.contains($0.name.lowercased()) }
      try authorize(next.credentials.map { .basic($0) })
    }
    visited.append(next)
    url = next
  }

  private static let privateNames: Set = ["authorization", "cookie", "host"]

  private mutating func authorize(_ authorization: ClientAuthorization?) throws(HookupError) {
    guard let authorization, WebSocketHandshake.values("Authorization", in: headers).isEmpty else {
      return
    }
    headers.append(("Authorization", try authorization.headerValue()))
  }

  private func error(_ problem: String, to next: WebSocketURL? = nil) -> HookupError {
    let chain = (visited + (next.map { [$0] } ?? [])).map(\.withoutQuery).joined(separator: " → ")
    let way = visited.count > 1 || next != nil ? " (\(chain))" : ""
    return HookupError(.handshakeFailed, "\(url.hostAndPort) \(problem)\(way)")
  }
}
