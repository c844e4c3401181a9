import HookupCore

/// Which web pages may open a WebSocket: what a server does with the `Origin` header, by which a browser says whose page
/// asks (RFC 6455 §10.2, RFC 6454).
///
/// A browser lets any page connect anywhere, and adds the user's cookies, client certificate and place in the network to
/// it. So a page of a stranger could speak in the user's name to a server on the user's own machine; this is what keeps it
/// out. It is no protection against programs, which write into `Origin` what they like, and mostly leave it away.
public struct OriginPolicy: Hashable, Sendable {
  /// Every page, also one that comes from a file. For public services that know their users by what the page itself
  /// sends, never by cookies, certificates or addresses.
  public static let any = OriginPolicy.list(["*"])

  /// Pages that come from the very host and port that the request names: those of
  /// ``ServerConfiguration/publicDirectory``, for instance. Behind a proxy that rewrites `Host` no page matches: let it
  /// pass `Host` on, or list the origins.
  public static let sameHost = OriginPolicy.list(["same-host"])

  /// Pages of the origins listed: `https://example.org`, `http://localhost:3000`; `https://*.example.org` for
  /// every name below, at any depth, but not `example.org` itself; `null` for pages from files and sandboxes;
  /// `same-host` and `*` as ``sameHost`` and ``any`` have it. Case does not matter, nor whether a default port
  /// is written. An entry that is none of these keeps the server from starting. An empty list admits no page.
  public static func list(_ entries: [String]) -> OriginPolicy { OriginPolicy(entries: entries) }

  /// What was listed.
  public let entries: [String]

  /// Whether a request without `Origin` is accepted: true by default, for no browser sends one and nearly every other
  /// client does. False keeps honest programs out and no others.
  public var acceptsMissingOrigin = true

  private let rules: [Rule]
  /// The first entry that is not understood.
  let malformedEntry: String?

  private enum Rule: Hashable, Sendable {
    case any
    case sameHost
    case null
    case origin(scheme: String, host: HostPattern, port: Int?)
  }

  private init(entries: [String]) {
    self.entries = entries
    rules = entries.compactMap(Self.rule)
    malformedEntry = entries.first { Self.rule($0) == nil }
  }

  private static func rule(_ entry: String) -> Rule? {
    switch entry {
    case "*": return .any
    case "same-host": return .sameHost
    case "null": return .null
    default:
      // The wildcard is no part of an authority; what stands behind it is.
      guard let mark = entry.firstRange(of: "://") else { return nil }
      let isWildcard = entry[mark.upperBound...].hasPrefix("*.")
      let plain = isWildcard ? entry.replacing("://*.", with: "://", maxReplacements: 1) : entry
      guard let origin = WebOrigin(plain),
        let host = HostPattern((isWildcard ? "*." : "") + origin.host[...])
      else { return nil }
      return .origin(scheme: origin.scheme, host: host, port: origin.port)
    }
  }

  /// Judges a request.
  /// - Parameters:
  ///   - origins: the values of all its `Origin` headers.
  ///   - authority: the host it was sent to; nil when it does not say.
  /// - Returns: nil when it is accepted, else why not.
  func refusal(origins: [String], authority: Authority?) -> String? {
    if rules.contains(.any) && (acceptsMissingOrigin || !origins.isEmpty) { return nil }
    guard let origin = origins.first else {
      return acceptsMissingOrigin ? nil : "a WebSocket is opened here with an Origin header only"
    }
    guard origins.count == 1 else { return "the request has several Origin headers" }
    if rules.contains(where: { Self.matches($0, origin, authority) }) { return nil }
    return "pages of the origin \(quoted(String(origin.prefix(200)))) may not connect here"
  }

  private static func matches(_ rule: Rule, _ text: String, _ authority: Authority?) -> Bool {
    if text == "null" { return rule == .null }
    guard let origin = WebOrigin(text) else { return false }
    switch rule {
    case .any: return true
    case .null: return false
    case .sameHost:
      guard let authority, authority.host == origin.host else { return false }
      // Without a port the request went to the default one of its scheme, which a proxy that ends TLS may have changed:
      // the page's scheme tells.
      return authority.port.map { $0 == origin.port } ?? origin.hasDefaultPort
    case .origin(let scheme, let host, let port):
      return origin.scheme == scheme && origin.port == port && host.matches(origin.host)
    }
  }
}

/// An origin as browsers write it: `https://example.org`, `http://[::1]:3000` (RFC 6454 §6.2).
struct WebOrigin: Hashable, Sendable {
  /// Lowercased.
  let scheme: String
  /// As ``Authority/host``.
  let host: String
  /// The one that is written, else the default of the scheme; nil for a scheme that has none.
  let port: Int?

  /// Nil for `null` and for what is no origin: with a path, a user name, several values.
  init?(_ text: String) {
    guard let mark = text.firstRange(of: "://"),
      let first = text.utf8.first, (0x61...0x7A).contains(first | 0x20),
      text[..<mark.lowerBound].utf8.allSatisfy({
        isAlphanumeric($0) || "+-.".utf8.contains($0)
      }),
      let authority = Authority(text[mark.upperBound...])
    else { return nil }
    scheme = String(decoding: text[..<mark.lowerBound].utf8.map(lowercased), as: UTF8.self)
    host = authority.host
    port = authority.port ?? Self.defaultPort(scheme)
  }

  var hasDefaultPort: Bool { port == Self.defaultPort(scheme) }

  private static func defaultPort(_ scheme: String) -> Int? {
    switch scheme {
    case "http", "ws": 80
    case "https", "wss": 443
    default: nil
    }
  }
}
