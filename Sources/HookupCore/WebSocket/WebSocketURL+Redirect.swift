extension WebSocketURL {
  /// The URL that a `Location` header means, seen from this one (RFC 3986 §5.2): absolute with `ws`, `wss`, `http` or
  /// `https`, or relative. A fragment is dropped. The user part stays with the same server, see ``hasSameOrigin(as:)``.
  /// - Throws: ``HookupError/Code/invalidArgument``.
  package func resolving(location: String) throws(HookupError) -> WebSocketURL {
    let text = location.prefix { $0 != "#" }
    guard !text.isEmpty else { throw HookupError(.invalidArgument, "the location is empty") }
    if let scheme = Self.schemePart(of: text) {
      let mapped = ["ws": "ws", "wss": "wss", "http": "ws", "https": "wss"]
      guard let name = mapped[scheme.lowercased()], socketPath == nil else {
        throw HookupError(
          .invalidArgument,
          socketPath == nil
            ? "the location has the scheme \(quoted(String(scheme)))"
            : "the location leads away from the Unix-domain socket")
      }
      return try keepingCredentials(WebSocketURL(name + text.dropFirst(scheme.count)))
    }
    if text.hasPrefix("//") {
      guard socketPath == nil else {
        throw HookupError(.invalidArgument, "the location leads away from the Unix-domain socket")
      }
      return try keepingCredentials(WebSocketURL((isSecure ? "wss:" : "ws:") + text))
    }
    return try with(target: Self.merge(text, onto: target))
  }

  /// Whether scheme, host and port (or socket) are the same.
  package func hasSameOrigin(as other: WebSocketURL) -> Bool {
    isSecure == other.isSecure && host == other.host && port == other.port
      && socketPath == other.socketPath
  }

  /// For messages to people: a query may hold a secret.
  package var withoutQuery: String { String(description.prefix { $0 != "?" }) }

  private func keepingCredentials(_ next: WebSocketURL) -> WebSocketURL {
    next.credentials == nil && next.hasSameOrigin(as: self)
      ? next.with(credentials: credentials) : next
  }

  /// What stands before the first `:`, if that is a scheme (RFC 3986 §3.1).
  private static func schemePart(of text: Substring) -> Substring? {
    let scheme = text.prefix { $0 != ":" }
    guard scheme.count < text.count, let first = scheme.first, first.isLetter,
      scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
    else { return nil }
    return scheme
  }

  private static func merge(_ reference: Substring, onto target: String) -> String {
    let basePath = target.prefix { $0 != "?" }
    if reference.hasPrefix("?") { return String(basePath + reference) }
    let path = reference.prefix { $0 != "?" }
    let query = reference.dropFirst(path.count)
    guard !path.hasPrefix("/") else { return withoutDots(path) + query }
    let folder = basePath.lastIndex(of: "/").map { basePath[...$0] } ?? "/"
    return withoutDots(folder + path) + query
  }

  /// Without `.` and `..` (RFC 3986 §5.2.4); `path` begins with `/`.
  private static func withoutDots(_ path: Substring) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for segment in segments {
      switch segment {
      case ".": break
      case "..": _ = kept.popLast()
      default: kept.append(segment)
      }
    }
    if let last = segments.last, last == "." || last == ".." { kept.append("") }
    return "/" + kept.joined(separator: "/")
  }
}
