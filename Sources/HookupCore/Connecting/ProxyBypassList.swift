/// The hosts that are reached without a proxy, as `no_proxy` lists them.
///
/// Entries stand between commas or white space: `example.com` and `.example.com` mean that name and all below it (so does
/// `*.example.com`), `10.0.0.1` and `::1` an address, `10.0.0.0/8` a network, `*` everything. A port behind an entry,
/// as in `example.com:8127` and `[::1]:8127`, restricts it to that port. Names compare without regard to case. What
/// cannot be read matches nothing. Nothing is resolved: a name never matches an address.
package struct ProxyBypassList: Hashable, Sendable {
  /// The most entries that are heeded.
  package static let maximumEntries = 1_024

  private enum Pattern: Hashable, Sendable {
    case everything
    case name(String)
    case network(IPAddress, bits: Int)
  }

  private struct Entry: Hashable, Sendable {
    var pattern: Pattern
    var port: Int?
  }

  private let entries: [Entry]

  package init(_ text: String) {
    entries = text.split(maxSplits: Self.maximumEntries) {
      $0 == "," || $0 == " " || $0 == "\t" || $0 == "\n"
    }
    .prefix(Self.maximumEntries).compactMap(Self.entry)
  }

  /// - Parameter host: in lower case, an IPv6 address without brackets.
  package func contains(host: String, port: Int) -> Bool {
    let address = IPAddress(host)
    let name = host.hasSuffix(".") ? String(host.dropLast()) : host
    return entries.contains { entry in
      guard entry.port == nil || entry.port == port else { return false }
      switch entry.pattern {
      case .everything: return true
      case .name(let wanted):
        return address == nil && (name == wanted || name.hasSuffix("." + wanted))
      case .network(let network, let bits): return address?.isIn(network, bits: bits) == true
      }
    }
  }

  private static func entry(_ text: Substring) -> Entry? {
    if text == "*" { return Entry(pattern: .everything) }
    if let network = network(text) { return Entry(pattern: network) }
    let host: Substring
    var port: Int?
    if text.hasPrefix("[") {
      host = text.dropFirst().prefix { $0 != "]" }
      let rest = text.dropFirst(host.count + 1)
      guard rest.hasPrefix("]") else { return nil }
      if rest.count > 1 {
        guard rest.dropFirst().hasPrefix(":"), let number = Int(rest.dropFirst(2)) else {
          return nil
        }
        port = number
      }
    } else {
      host = text.prefix { $0 != ":" }
      if host.count < text.count {
        guard let number = Int(text.dropFirst(host.count + 1)) else { return nil }
        port = number
      }
    }
    if host == "*" { return Entry(pattern: .everything, port: port) }
    if let network = network(host) { return Entry(pattern: network, port: port) }
    var name = host.lowercased()[...]
    if name.hasPrefix("*.") { name = name.dropFirst() }
    if name.hasPrefix(".") { name = name.dropFirst() }
    if name.hasSuffix(".") { name = name.dropLast() }
    return name.isEmpty || name.contains("*")
      ? nil : Entry(pattern: .name(String(name)), port: port)
  }

  private static func network(_ text: Substring) -> Pattern? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = IPAddress(parts[0])?.unmapped else {
      return nil
    }
    let most = address.bytes.count * 8
    guard parts.count == 2 else { return .network(address, bits: most) }
    guard let bits = Int(parts[1]), (0...most).contains(bits) else { return nil }
    return .network(address, bits: bits)
  }
}
