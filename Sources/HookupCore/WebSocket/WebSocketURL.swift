/// Where a WebSocket server is (RFC 6455 §3):
///
/// - `ws://host:port/path?query`, or `wss://` for TLS. `wss://user:password@host/` sends the user part, percent-decoded,
///   as Basic authorization; it is never shown.
/// - `ws+unix:/path/to.sock:/path?query` for a Unix-domain socket (or `wss+unix:`, for TLS on it): the socket's absolute path up to
///   the first `:`, percent-decoded, then the path of the request, `/` if it is missing. `ws+unix:///path/to.sock:/path` is the
///   same.
public struct WebSocketURL: Hashable, Sendable, CustomStringConvertible {
  /// The longest URL that is taken, bytes.
  public static let maximumBytes = 8_192

  /// Whether the connection is encrypted: `wss`.
  public let isSecure: Bool
  /// A name or an address in lower case; an IPv6 address without its brackets; `localhost` for a Unix-domain socket.
  public let host: String
  /// 1...65535; 80 for `ws` and 443 for `wss` unless given.
  public let port: Int
  /// Path and query, as the request line has them; at least `/`.
  public let target: String
  /// The Unix-domain socket to connect to instead of host and port; nil for TCP.
  public let socketPath: String?
  /// The user part; nil when there is none.
  public let credentials: Credentials?

  /// Parses a URL.
  /// - Throws: ``HookupError/Code/invalidArgument`` with a sentence that names what is wrong with it.
  public init(_ text: String) throws(HookupError) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw HookupError(
        .invalidArgument,
        "the URL has \(text.utf8.count) bytes; at most \(Self.maximumBytes) are taken")
    }
    if let scalar = text.unicodeScalars.first(where: { !("!"..."~").contains($0) }) {
      throw Self.error(
        text,
        "contains \(quoted(String(Character(scalar)))): only printable ASCII is allowed, "
          + "write others percent-encoded (in the host: as punycode)")
    }
    let (isSecure, isSocket, rest) = try Self.scheme(of: text)
    guard !rest.contains("#") else {
      throw Self.error(text, "has a fragment (#…), which WebSocket URLs cannot have")
    }
    if isSocket {
      let (path, target) = try Self.splitSocket(rest)
      self.init(
        isSecure: isSecure, host: "localhost", port: isSecure ? 443 : 80, target: target,
        socketPath: path, credentials: nil)
      return
    }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    // The last '@': one in a password should be encoded, and often is not.
    let userInfo = authority.lastIndex(of: "@").map { authority[..<$0] }
    let place = userInfo.map { authority.dropFirst($0.count + 1) } ?? authority
    let (host, port) = try Self.split(place, of: text)
    let target = rest.dropFirst(authority.count)
    self.init(
      isSecure: isSecure, host: host,
      port: try port.map { text throws(HookupError) in try Self.port(text) }
        ?? (isSecure ? 443 : 80),
      target: target.hasPrefix("/") ? String(target) : "/" + target, socketPath: nil,
      credentials: try Credentials(userInfo: userInfo ?? ""))
  }

  private init(
    isSecure: Bool, host: String, port: Int, target: String, socketPath: String?,
    credentials: Credentials?
  ) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.target = target
    self.socketPath = socketPath
    self.credentials = credentials
  }

  /// The host as a URL or a Host header writes it, an IPv6 address in brackets, with the port unless it is the
  /// scheme's own.
  public var authority: String {
    port == (isSecure ? 443 : 80) ? bracketedHost : "\(bracketedHost):\(port)"
  }

  /// Host and port, always with the port, or the socket: for messages to people.
  public var hostAndPort: String {
    socketPath.map { "the socket \(quoted($0))" } ?? "\(bracketedHost):\(port)"
  }

  /// The URL without its user part.
  public var description: String {
    let scheme = isSecure ? "wss" : "ws"
    if let socketPath { return "\(scheme)+unix:\(Self.encoded(socketPath: socketPath)):\(target)" }
    return "\(scheme)://\(authority)\(target)"
  }

  private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

  /// The same place with another path and query.
  func with(target: String) throws(HookupError) -> WebSocketURL {
    try WebSocketURL(
      WebSocketURL(
        isSecure: isSecure, host: host, port: port, target: target, socketPath: socketPath,
        credentials: nil
      ).description
    ).with(credentials: credentials)
  }

  func with(credentials: Credentials?) -> WebSocketURL {
    WebSocketURL(
      isSecure: isSecure, host: host, port: port, target: target, socketPath: socketPath,
      credentials: credentials)
  }
}

extension WebSocketURL {
  /// The scheme's meaning, and what follows it: behind `://`, or for a socket behind `:` or `://`.
  private static func scheme(
    of text: String
  ) throws(HookupError) -> (isSecure: Bool, isSocket: Bool, rest: Substring) {
    let scheme = text.prefix { $0 != ":" }
    let rest = text.dropFirst(scheme.count)
    let socket = ["ws+unix": false, "wss+unix": true][scheme.lowercased()]
    if let isSecure = socket, rest.hasPrefix(":") {
      return (isSecure, true, rest.hasPrefix("://") ? rest.dropFirst(3) : rest.dropFirst())
    }
    guard rest.hasPrefix("://") else {
      throw error(text, "does not begin with ws:// or wss://")
    }
    switch scheme.lowercased() {
    case "ws": return (false, false, rest.dropFirst(3))
    case "wss": return (true, false, rest.dropFirst(3))
    case "http": throw error(text, "begins with http://: use ws:// instead")
    case "https": throw error(text, "begins with https://: use wss:// instead")
    default: throw error(text, "has the scheme \(quoted(String(scheme))): use ws:// or wss://")
    }
  }

  /// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`; an empty port is none (RFC 3986 §3.2.3).
  private static func split(
    _ authority: Substring, of text: String
  ) throws(HookupError) -> (host: String, port: Substring?) {
    let host: Substring
    let rest: Substring
    if authority.hasPrefix("[") {
      host = authority.dropFirst().prefix { $0 != "]" }
      guard authority.dropFirst(1 + host.count).hasPrefix("]") else {
        throw error(text, "has an IPv6 address without its closing ']'")
      }
      rest = authority.dropFirst(host.count + 2)
      guard host.count >= 2, host.count(where: { $0 == ":" }) >= 2, host.allSatisfy(isInIPv6)
      else {
        throw error(text, "has \(quoted(String(host))) in brackets, which is no IPv6 address")
      }
    } else {
      guard authority.count(where: { $0 == ":" }) <= 1 else {
        throw error(text, "has several ':' in its host: write an IPv6 address in brackets")
      }
      host = authority.prefix { $0 != ":" }
      rest = authority.dropFirst(host.count)
      guard !host.isEmpty else { throw error(text, "has no host") }
      if let bad = host.first(where: { !isInName($0) }) {
        throw error(text, "has \(quoted(String(bad))) in its host")
      }
    }
    guard rest.isEmpty || rest.hasPrefix(":") else {
      throw error(text, "has \(quoted(String(rest))) behind its host")
    }
    return (host.lowercased(), rest.count > 1 ? rest.dropFirst() : nil)
  }

  private static func port(_ text: Substring) throws(HookupError) -> Int {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let port = Int(text), (1...65_535).contains(port)
    else {
      throw HookupError(
        .invalidArgument, "the port \(quoted(String(text))) is not a number from 1 to 65535")
    }
    return port
  }

  private static func isInIPv6(_ character: Character) -> Bool {
    character.isHexDigit || character == ":" || character == "."
  }

  private static func isInName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "-._~".contains(character)
  }

  /// An error that shows the URL without what may be secret in it: its query and its user part.
  private static func error(_ text: String, _ problem: String) -> HookupError {
    let shown = text.contains("@") ? text.prefix { $0 != ":" } + "://…" : text.prefix { $0 != "?" }
    return HookupError(.invalidArgument, "the URL \(quoted(String(shown))) \(problem)")
  }
}
