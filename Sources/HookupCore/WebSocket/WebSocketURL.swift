/// Where a WebSocket server is: `ws://host:port/path?query`, or `wss://` for TLS (RFC 6455 §3).
public struct WebSocketURL: Hashable, Sendable, CustomStringConvertible {
  /// The longest URL that is taken, bytes.
  public static let maximumBytes = 8_192

  /// Whether the connection is encrypted: `wss`.
  public let isSecure: Bool
  /// A name or an address in lower case; an IPv6 address without its brackets.
  public let host: String
  /// 1...65535; 80 for `ws` and 443 for `wss` unless given.
  public let port: Int
  /// Path and query, as the request line has them; at least `/`.
  public let target: String

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
    isSecure = try Self.scheme(of: text)
    let rest = text.drop { $0 != "/" }.dropFirst(2)
    guard !rest.contains("#") else {
      throw Self.error(text, "has a fragment (#…), which WebSocket URLs cannot have")
    }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else {
      throw HookupError(
        .invalidArgument,
        "the URL holds a user name or password: send them in an Authorization header instead")
    }
    let (host, port) = try Self.split(authority, of: text)
    self.host = host
    self.port =
      try port.map { text throws(HookupError) in try Self.port(text) }
      ?? (isSecure ? 443 : 80)
    let target = rest.dropFirst(authority.count)
    self.target = target.hasPrefix("/") ? String(target) : "/" + target
  }

  /// The host as a URL or a Host header writes it, an IPv6 address in brackets, with the port unless it is the
  /// scheme's own.
  public var authority: String {
    port == (isSecure ? 443 : 80) ? bracketedHost : hostAndPort
  }

  /// Host and port, always with the port: for messages to people.
  public var hostAndPort: String { "\(bracketedHost):\(port)" }

  public var description: String { (isSecure ? "wss://" : "ws://") + authority + target }

  private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}

extension WebSocketURL {
  private static func scheme(of text: String) throws(HookupError) -> Bool {
    let scheme = text.prefix { $0 != ":" }
    guard text.dropFirst(scheme.count).hasPrefix("://") else {
      throw error(text, "does not begin with ws:// or wss://")
    }
    switch scheme.lowercased() {
    case "ws": return false
    case "wss": return true
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
