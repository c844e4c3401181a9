/// The names in a server's certificate, and whether the host of a URL is one of them (RFC 9525).
///
/// A host that is a name is compared with the certificate's DNS names only, one that is an address with its addresses
/// only: where the connection happens to lead says nothing about who was meant. The subject's common name is
/// not looked at (RFC 9525 §2).
package struct ServerIdentity: Hashable, Sendable {
  package enum Name: Hashable, Sendable {
    /// A dNSName, as it stands in the certificate.
    case dns(String)
    /// An iPAddress: 4 or 16 bytes.
    case address([UInt8])
  }

  package let names: [Name]

  package init(names: [Name]) {
    self.names = names
  }

  package func fits(host: String) -> Bool {
    if let address = IPAddress(host) { return names.contains(.address(address.bytes)) }
    let labels = Self.labels(host)
    return names.contains { name in
      guard case .dns(let pattern) = name else { return false }
      return Self.fits(labels, pattern: Self.labels(pattern))
    }
  }

  /// What to tell a person whose host is not among the names.
  package var mismatch: String {
    guard !names.isEmpty else {
      return "its TLS certificate is not for this host: it names none (subjectAltName)"
    }
    let shown = names.prefix(4).map { name in
      switch name {
      case .dns(let text): quoted(text)
      case .address(let bytes) where bytes.count == 4:
        bytes.map(String.init).joined(separator: ".")
      case .address: "an IPv6 address"
      }
    }
    return "its TLS certificate is not for this host: it is for " + shown.joined(separator: ", ")
      + (names.count > 4 ? ", …" : "")
  }

  /// A `*` is taken as the whole first label only, for exactly one label, and below a name of two labels or
  /// more (RFC 9525 §6.3).
  private static func fits(_ labels: [Substring], pattern: [Substring]) -> Bool {
    guard labels.count == pattern.count, !labels.contains("") else { return false }
    guard pattern.first == "*", pattern.count >= 3 else { return labels == pattern }
    return labels.dropFirst() == pattern.dropFirst()
  }

  private static func labels(_ name: String) -> [Substring] {
    let plain = name.hasSuffix(".") ? name.dropLast() : name[...]
    return plain.lowercased().split(separator: ".", omittingEmptySubsequences: false)
  }
}
