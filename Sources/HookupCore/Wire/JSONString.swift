import NIOCore

/// The two ways of a string: escaped between quotes, and as it is (RFC 8259 §7).
package enum JSONString {
  /// The string in `slot`, escapes resolved. Half a surrogate pair, and any byte that is not UTF-8, becomes U+FFFD.
  package static func decode(_ slot: JSONSlot, in bytes: borrowing Span<UInt8>) -> String {
    let content = bytes.extracting(slot.range)
    if slot.hasEscapes {
      let plain = unescape(content)
      return String(decoding: plain, as: UTF8.self)
    }
    return content.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  /// The UTF-8 of what `content`, the inside of a valid string, says.
  package static func unescape(_ content: borrowing Span<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(content.count)
    var index = 0
    while index < content.count {
      let byte = content[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < content.count else {
        plain.append(byte)
        index += 1
        continue
      }
      let letter = content[index + 1]
      index += 2
      switch letter {
      case UInt8(ascii: "b"): plain.append(0x08)
      case UInt8(ascii: "f"): plain.append(0x0C)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "r"): plain.append(0x0D)
      case UInt8(ascii: "t"): plain.append(0x09)
      case UInt8(ascii: "u"):
        plain.append(
          contentsOf: UTF8.encode(scalar(in: content, &index)) ?? UTF8.encodedReplacementCharacter)
      default: plain.append(letter)
      }
    }
    return plain
  }

  /// The scalar of the escape whose four digits start at `index`, taking the other half of a surrogate pair with it.
  private static func scalar(
    in content: borrowing Span<UInt8>, _ index: inout Int
  ) -> Unicode.Scalar {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    guard let high = codeUnit(in: content, at: index) else { return replacement }
    index += 4
    guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) ?? replacement }
    guard index + 1 < content.count, content[index] == UInt8(ascii: "\\"),
      content[index + 1] == UInt8(ascii: "u"),
      let low = codeUnit(in: content, at: index + 2), (0xDC00..<0xE000).contains(low)
    else { return replacement }
    index += 6
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? replacement
  }

  private static func codeUnit(in content: borrowing Span<UInt8>, at index: Int) -> UInt32? {
    guard index + 4 <= content.count else { return nil }
    var unit: UInt32 = 0
    for offset in index..<index + 4 {
      guard let digit = hexDigit(content[offset]) else { return nil }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }

  package static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Writes `text` in quotes. Escaped are the quote, the backslash and U+0000 to U+001F, nothing else: U+2028 and all
  /// other Unicode go as they are.
  package static func write(_ text: String, to buffer: inout ByteBuffer) {
    var text = text
    text.withUTF8 { utf8 in
      buffer.reserveCapacity(minimumWritableBytes: utf8.count + 2)
      buffer.writeInteger(UInt8(ascii: "\""))
      var start = 0
      var index = 0
      while let special = firstToEscape(in: utf8, from: index) {
        buffer.writeBytes(
          UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start..<special]))
        writeEscape(of: utf8[special], to: &buffer)
        start = special + 1
        index = start
      }
      buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[start...]))
      buffer.writeInteger(UInt8(ascii: "\""))
    }
  }

  private static func firstToEscape(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var index = start
    let raw = UnsafeRawBufferPointer(utf8)
    while index + 8 <= utf8.count {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let special = escapedBytes(word)
      guard special == 0 else { return index + special.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < utf8.count {
      switch utf8[index] {
      case ..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): return index
      default: index += 1
      }
    }
    return nil
  }

  private static func writeEscape(of byte: UInt8, to buffer: inout ByteBuffer) {
    switch byte {
    case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
    case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
    case 0x08: buffer.writeStaticString("\\b")
    case 0x0C: buffer.writeStaticString("\\f")
    case 0x0A: buffer.writeStaticString("\\n")
    case 0x0D: buffer.writeStaticString("\\r")
    case 0x09: buffer.writeStaticString("\\t")
    default:
      buffer.writeStaticString("\\u00")
      buffer.writeInteger(hexDigits(byte >> 4))
      buffer.writeInteger(hexDigits(byte & 0xF))
    }
  }

  private static func hexDigits(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private static let highBits: UInt64 = 0x8080_8080_8080_8080
  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// Nonzero when one of the eight bytes must be escaped or ends a string: a quote, a backslash, or below U+0020. The
  /// lowest set bit is in the first such byte; higher ones may be marked by a borrow.
  @inline(__always)
  private static func escapedBytes(_ word: UInt64) -> UInt64 {
    let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
    let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
    let below = (word &- ones &* 0x20) & ~word
    return (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | below) & highBits
  }

  /// The same, and also nonzero for bytes beyond ASCII.
  @inline(__always)
  package static func specialBytes(_ word: UInt64) -> UInt64 {
    escapedBytes(word) | word & highBits
  }
}
