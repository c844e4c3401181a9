/// An IP address as its bytes in network order, read strictly: four decimal numbers, or the text of RFC 4291 §2.2.
package struct IPAddress: Hashable, Sendable {
  /// 4 or 16.
  package let bytes: [UInt8]

  /// Nil for anything but an address: names, and the short, octal and hexadecimal spellings that some resolvers take.
  package init?(_ text: some StringProtocol) {
    guard let bytes = text.contains(":") ? Self.six(Substring(text)) : Self.four(Substring(text))
    else { return nil }
    self.bytes = bytes
  }

  /// The same address, an IPv4 one in IPv6's clothes (`::ffff:a.b.c.d`) as IPv4.
  package var unmapped: IPAddress {
    guard bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF,
      bytes[11] == 0xFF
    else { return self }
    return IPAddress(bytes: bytes[12...]) ?? self
  }

  /// What limits and bans count as one: an IPv4 address, or the first 64 bits of an IPv6 one, which one customer usually has to
  /// himself: `192.0.2.7`, `2001:db8:1:2::/64`.
  package var network: String {
    let plain = unmapped.bytes
    guard plain.count == 16 else { return plain.map(String.init).joined(separator: ".") }
    let groups = stride(from: 0, to: 8, by: 2).map {
      String(UInt16(plain[$0]) << 8 | UInt16(plain[$0 + 1]), radix: 16)
    }
    return groups.joined(separator: ":") + "::/64"
  }

  /// Four decimal numbers, or eight groups of hexadecimal digits, none left out.
  package var text: String {
    guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") }
    return stride(from: 0, to: 16, by: 2).map {
      String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
    }.joined(separator: ":")
  }

  /// The same with all bits behind the first `bits` zero.
  package func masked(to bits: Int) -> IPAddress {
    let masked = bytes.enumerated().map { index, byte in
      let kept = min(8, max(0, bits - index * 8))
      return byte & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
    }
    return IPAddress(bytes: masked) ?? self
  }

  /// 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    let plain = unmapped.bytes
    return plain.count == 4
      ? plain[0] == 127 : plain.dropLast().allSatisfy { $0 == 0 } && plain[15] == 1
  }

  /// Whether the first `bits` bits are those of `network`, of the same family.
  package func isIn(_ network: IPAddress, bits: Int) -> Bool {
    let (mine, theirs) = (unmapped.bytes, network.bytes)
    guard mine.count == theirs.count else { return false }
    let whole = bits / 8
    guard mine[..<whole] == theirs[..<whole] else { return false }
    return bits % 8 == 0 || (mine[whole] ^ theirs[whole]) >> UInt8(8 - bits % 8) == 0
  }

  /// - Parameter bytes: 4 or 16 in network order, else nil.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }

  private static func four(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part -> UInt8? in
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part == "0" || part.first != "0"
      else { return nil }
      return UInt8(part)
    }
    return parts.count == 4 && bytes.count == 4 ? bytes : nil
  }

  private static func six(_ text: Substring) -> [UInt8]? {
    guard text.utf8.count <= 45 else { return nil }
    // At most one "::", which stands for as many zeros as are missing.
    guard let gap = text.range(of: "::") else {
      return groups(text).flatMap { $0.count == 16 ? $0 : nil }
    }
    let before = text[..<gap.lowerBound]
    guard !before.contains("."), let head = groups(before),
      let tail = groups(text[gap.upperBound...]),
      head.count + tail.count <= 14
    else { return nil }
    return head + Array(repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// The bytes of groups between colons, the last of which may be an IPv4 address.
  private static func groups(_ text: Substring) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if part.contains(".") {
        guard index == parts.count - 1, let last = four(part) else { return nil }
        bytes += last
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
          let group = UInt16(part, radix: 16)
        else { return nil }
        bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
      }
    }
    return bytes
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}

extension Substring {
  /// Where `text` first stands.
  fileprivate func range(of text: String) -> Range<Index>? {
    var position = startIndex
    while position < endIndex {
      if self[position...].hasPrefix(text) {
        return position..<index(position, offsetBy: text.count)
      }
      formIndex(after: &position)
    }
    return nil
  }
}
