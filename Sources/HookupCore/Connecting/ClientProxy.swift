/// Through what a client reaches its server.
@nonexhaustive
public enum ClientProxy: Hashable, Sendable {
  /// What the process's environment says: `https_proxy` for `wss://`, `http_proxy` for `ws://`, `all_proxy` for both
  /// where they are not set, `no_proxy` for what is reached directly. The default.
  case environment
  /// Straight to the server, whatever the environment says.
  case none
  /// Always through this one.
  case http(HTTPProxy)

  /// Always through this HTTP proxy, see ``HTTPProxy``.
  public static func http(host: String, port: Int, credentials: Credentials? = nil) -> ClientProxy {
    .http(HTTPProxy(host: host, port: port, credentials: credentials))
  }
}

/// An HTTP proxy that makes tunnels with CONNECT (RFC 9110 §9.3.6). The way to it is not encrypted; a `wss://`
/// connection within the tunnel is.
public struct HTTPProxy: Hashable, Sendable {
  /// A name or an address, an IPv6 address without brackets.
  public var host: String
  /// 1...65535.
  public var port: Int
  /// Sent to the proxy, never to the server.
  public var credentials: Credentials?

  public init(host: String, port: Int, credentials: Credentials? = nil) {
    self.host = host
    self.port = port
    self.credentials = credentials
  }

  /// For messages to people.
  package var hostAndPort: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The proxy did not make the tunnel: the ``HookupError/cause`` of a ``HookupError/Code/connectFailed``.
public struct ProxyRejection: Error, Hashable, Sendable {
  /// The proxy's HTTP status, 100...999; 407 when it asks for credentials, or for others.
  public var status: Int

  public init(status: Int) {
    self.status = status
  }
}

/// The handshake with an HTTP proxy as a value.
package enum ProxyTunnel {
  /// The head that asks `proxy` for a tunnel to the server of `url`.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a proxy that cannot be.
  package static func request(
    for url: WebSocketURL, through proxy: HTTPProxy
  ) throws(HookupError) -> String {
    guard (1...65_535).contains(proxy.port), !proxy.host.isEmpty else {
      throw HookupError(
        .invalidArgument,
        "the proxy \(quoted(proxy.hostAndPort)) needs a host, and a port from 1 to 65535")
    }
    var head = "CONNECT \(url.hostAndPort) HTTP/1.1\r\nHost: \(url.hostAndPort)\r\n"
    if let credentials = proxy.credentials {
      head += "Proxy-Authorization: \(credentials.basic)\r\n"
    }
    return head + "\r\n"
  }

  /// Judges the proxy's answer: any status from 200 to 299 is a tunnel.
  /// - Throws: ``HookupError/Code/connectFailed``, caused by a ``ProxyRejection``.
  package static func check(
    _ head: HTTPResponseHead, of proxy: HTTPProxy, for url: WebSocketURL
  ) throws(HookupError) {
    guard !(200...299).contains(head.status) else { return }
    let reason =
      switch (head.status, proxy.credentials) {
      case (407, nil): "it asks for a user name and a password (HTTP status 407)"
      case (407, _?): "it refused the user name or the password (HTTP status 407)"
      default:
        "it answered with HTTP status \(head.status)"
          + (head.phrase.isEmpty ? "" : " \(quoted(head.phrase))")
      }
    throw HookupError(
      .connectFailed,
      "the proxy \(proxy.hostAndPort) makes no tunnel to \(url.hostAndPort): \(reason)",
      cause: ProxyRejection(status: head.status))
  }
}
