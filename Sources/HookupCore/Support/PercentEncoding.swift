/// `%41` for `A`, as URLs have it (RFC 3986 §2.1).
package enum PercentEncoding {
  /// The bytes that `text` stands for; nil when an escape is cut short or has anything but two hexadecimal digits.
  /// - Parameter plusIsSpace: whether `+` stands for a space, as forms write it.
  package static func decode(
    _ text: some Sequence<UInt8>, plusIsSpace: Bool = false
  ) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.underestimatedCount)
    var iterator = text.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(JSONString.hexDigit),
          let low = iterator.next().flatMap(JSONString.hexDigit)
        else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// The same as text; nil also when the bytes are no UTF-8.
  package static func text(
    _ text: some Sequence<UInt8>, plusIsSpace: Bool = false
  ) -> String? {
    decode(text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
