/// A block of IP addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3): `10.0.0.0/8`, `fd00::/8`. An address alone is a block
/// of one. IPv4 addresses in IPv6's clothes are the IPv4 ones.
package struct AddressRange: Hashable, Sendable {
  private let network: IPAddress
  private let bits: Int

  /// Nil for anything else: names, netmasks, more bits than the address has. Bits behind the prefix do not matter.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
    let size = address.bytes.count * 8
    var bits = size
    if parts.count == 2 {
      guard let number = decimalNumber(parts[1].utf8, atMost: size) else { return nil }
      bits = number
    }
    let whole = address.unmapped
    // The prefix of a mapped address must reach to where the IPv4 one begins.
    let clothes = size - whole.bytes.count * 8
    guard bits >= clothes else { return nil }
    self.bits = bits - clothes
    network = whole.masked(to: bits - clothes)
  }

  /// The same, of IPv6 at least 64 bits wide: what one customer has (``IPAddress/network``).
  package var customers: AddressRange {
    network.bytes.count == 16 && bits > 64 ? AddressRange(network.masked(to: 64), bits: 64) : self
  }

  private init(_ network: IPAddress, bits: Int) {
    self.network = network
    self.bits = bits
  }

  /// `192.0.2.7`, `10.0.0.0/8`, `2001:db8:0:0:0:0:0:0/32`: reading it gives the same block.
  package var text: String {
    let size = network.bytes.count * 8
    return bits == size ? network.text : "\(network.text)/\(bits)"
  }

  package func contains(_ address: IPAddress) -> Bool { address.isIn(network, bits: bits) }
}

/// A number of up to five decimal digits, without a sign and without zeros in front.
func decimalNumber(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
  guard (1...5).contains(digits.count), digits.count == 1 || digits.first != 0x30,
    digits.allSatisfy({ (0x30...0x39).contains($0) })
  else { return nil }
  let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  return number <= limit ? number : nil
}
