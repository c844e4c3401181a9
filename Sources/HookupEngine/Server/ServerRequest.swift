import HookupCore

/// The HTTP request that opened a connection.
public struct ServerRequest: Sendable {
  /// The path, percent-encoded as it came, without the query: `/chat`.
  public let path: String
  /// What follows the first `?`, as it came; nil without one.
  public let query: String?
  /// The headers in the order in which they came, but for those that say nothing beyond that this is a WebSocket handshake: `Upgrade`,
  /// `Connection`, `Sec-WebSocket-Key` and `Sec-WebSocket-Version`.
  public let headers: HeaderFields
  /// Where the client is: a numeric address. Behind a proxy the proxy's, unless that is one of
  /// ``ServerConfiguration/trustedProxies`` and says whom it speaks for. Empty over a Unix-domain socket.
  public let remoteHost: String
  /// 0 when a proxy did not tell it.
  public let remotePort: Int
  /// Whether the connection is encrypted here.
  public let isSecure: Bool
  /// The certificate the client proved to own, verified as ``ServerTLS/clientCertificates`` says; nil when it showed none.
  public var clientCertificate: ClientCertificate? { certificate }
  @OutOfLine private var certificate: ClientCertificate?
  /// Who the client is, if ``ServerConfiguration/authorize`` said so.
  public internal(set) var identity: String?

  package init(
    path: String, query: String?, headers: HeaderFields, remoteHost: String, remotePort: Int,
    isSecure: Bool, clientCertificate: ClientCertificate? = nil
  ) {
    self.path = path
    self.query = query
    self.headers = headers.without(Self.handshakeFields)
    self.remoteHost = remoteHost
    self.remotePort = remotePort
    self.isSecure = isSecure
    certificate = clientCertificate
  }

  private static let handshakeFields = [
    "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
  ]

  /// The `host:port` of the client, the host alone if the port is not known; `unix` over a Unix-domain socket.
  public var remoteAddress: String {
    if remoteHost.isEmpty { return "unix" }
    if remotePort == 0 { return remoteHost }
    return remoteHost.contains(":")
      ? "[\(remoteHost)]:\(remotePort)" : "\(remoteHost):\(remotePort)"
  }
}
