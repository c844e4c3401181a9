/// The host and port of a `Host` header or of a request's target (RFC 3986 §3.2, RFC 9110 §7.2), checked and in one spelling.
struct Authority: Hashable, Sendable {
  /// Lowercased, without a final dot; an IPv6 address in its brackets. Never empty.
  let host: String
  /// Nil when none is written: the default of the scheme the client used.
  let port: Int?

  /// Longest host, bytes: that of a domain name with its final dot.
  static let maximumBytes = 254

  /// Nil for what is not a host with an optional port: empty, with a user name, a path, white space, a bad port.
  init?(_ text: Substring) {
    let (host, rest) = Self.cut(text)
    guard let host, host.utf8.count <= Self.maximumBytes else { return nil }
    var name = String(decoding: host.utf8.map(lowercased), as: UTF8.self)
    if name.hasSuffix(".") { name.removeLast() }
    guard !name.isEmpty else { return nil }
    self.host = name
    guard rest.first == ":" else {
      guard rest.isEmpty else { return nil }
      port = nil
      return
    }
    let digits = rest.dropFirst()
    guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      (Int(digits) ?? 0) <= 65_535
    else { return nil }
    // `host:` is allowed and says nothing.
    port = Int(digits)
  }

  private static func cut(_ text: Substring) -> (host: Substring?, rest: Substring) {
    guard text.first == "[" else {
      let host = text.prefix { $0 != ":" }
      return (host.utf8.allSatisfy(isNameByte) ? host : nil, text[host.endIndex...])
    }
    guard let end = text.firstIndex(of: "]") else { return (nil, "") }
    let address = text[text.index(after: text.startIndex)..<end].utf8
    let isAddress = address.count >= 2 && address.allSatisfy(isAddressByte)
    return (isAddress ? text[...end] : nil, text[text.index(after: end)...])
  }

  /// Unreserved characters, sub-delimiters and escapes: RFC 3986 §3.2.2.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "-._~!$&'()*+,;=%".utf8.contains(byte)
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(lowercased(byte))
      || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
  }
}

/// Whether a byte is an ASCII letter or digit.
func isAlphanumeric(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
}

/// A host that is meant, or all hosts below one: `example.org`, `*.example.org`.
struct HostPattern: Hashable, Sendable {
  private let host: String
  private let isWildcard: Bool

  /// Nil for what is neither a host without a port nor `*.` and one.
  init?(_ text: Substring) {
    isWildcard = text.hasPrefix("*.")
    guard let authority = Authority(isWildcard ? text.dropFirst(2) : text), authority.port == nil,
      !authority.host.contains("*"), !isWildcard || !authority.host.hasPrefix("[")
    else { return nil }
    host = authority.host
  }

  /// - Parameter name: as ``Authority/host``. A wildcard matches names at any depth below its own, and not that itself.
  func matches(_ name: String) -> Bool {
    isWildcard ? name.hasSuffix("." + host) && name.utf8.count > host.utf8.count + 1 : name == host
  }
}
