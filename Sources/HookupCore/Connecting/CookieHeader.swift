/// The Cookie header of a client's request (RFC 6265 §4.2).
package enum CookieHeader {
  /// `a=1; b=2`, or nil for no cookies.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a name or value that would break the header, without the value.
  package static func value(
    _ cookies: [(name: String, value: String)]
  ) throws(HookupError) -> String? {
    for (name, value) in cookies {
      guard WebSocketHandshake.isToken(name[...]) else {
        throw HookupError(.invalidArgument, "the cookie name \(quoted(name)) is not allowed")
      }
      guard value.utf8.allSatisfy(isCookieOctet) else {
        throw HookupError(
          .invalidArgument,
          "the value of the cookie \(quoted(name)) has a character that is not allowed: encode it")
      }
    }
    return cookies.isEmpty ? nil : cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
  }

  private static func isCookieOctet(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && !#"",;\"#.utf8.contains(byte)
  }
}
