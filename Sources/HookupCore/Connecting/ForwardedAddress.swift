/// A client's address as a proxy tells it, with its port if that was told.
package struct ForwardedAddress: Hashable, Sendable {
  package let address: IPAddress
  package let port: Int?

  package init(_ address: IPAddress, port: Int? = nil) {
    self.address = address.unmapped
    self.port = port
  }

  /// One member of `X-Forwarded-For`: an address, also in brackets and with a port, as proxies write it. Nil for anything else:
  /// `unknown`, names.
  package init?(_ text: some StringProtocol) {
    let text = Substring(text)
    if let address = IPAddress(text) {
      self.init(address)
    } else if text.first == "[" {
      guard let end = text.firstIndex(of: "]"),
        let address = IPAddress(text[text.index(after: text.startIndex)..<end]),
        address.bytes.count == 16
      else { return nil }
      let rest = text[text.index(after: end)...]
      if rest.isEmpty {
        self.init(address)
      } else {
        guard rest.first == ":", let port = Self.port(rest.dropFirst()) else { return nil }
        self.init(address, port: port)
      }
    } else {
      guard let colon = text.firstIndex(of: ":"), let address = IPAddress(text[..<colon]),
        let port = Self.port(text[text.index(after: colon)...])
      else { return nil }
      self.init(address, port: port)
    }
  }

  private static func port(_ text: Substring) -> Int? { decimalNumber(text.utf8, atMost: 65_535) }
}
