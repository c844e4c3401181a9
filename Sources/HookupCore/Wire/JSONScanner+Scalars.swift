extension JSONScanner {
  /// Passes over a string whose opening quote is at ``index`` (RFC 8259 §7).
  @inline(__always)
  package mutating func skipString(_ bytes: borrowing Span<UInt8>) throws(JSONFault) -> JSONSlot {
    let start = index + 1
    var hasEscapes = false
    index = start
    while true {
      skipPlain(bytes)
      guard index < bytes.count else { throw JSONFault(.unexpectedEnd, at: index) }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        defer { index += 1 }
        return JSONSlot(.string, start..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try skipEscape(bytes)
      case 0x80...: try skipMultibyte(bytes)
      default: throw JSONFault(.controlCharacter, at: index)
      }
    }
  }

  /// Passes over printable ASCII other than the quote and the backslash, eight bytes at a time.
  @inline(__always)
  private mutating func skipPlain(_ bytes: borrowing Span<UInt8>) {
    while index &+ 8 <= bytes.count {
      let special = JSONString.specialBytes(bytes.word(at: index) as UInt64)
      guard special == 0 else {
        index += special.trailingZeroBitCount / 8
        return
      }
      index += 8
    }
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), ..<0x20, 0x80...: return
      default: index += 1
      }
    }
  }

  private mutating func skipEscape(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    guard index + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 2
    case UInt8(ascii: "u"):
      for offset in index + 2..<index + 6 {
        guard offset < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
        guard JSONString.hexDigit(bytes[offset]) != nil else {
          throw JSONFault(.badEscape, at: offset)
        }
      }
      index += 6
    default: throw JSONFault(.badEscape, at: index)
    }
  }

  /// Passes over one scalar of two to four bytes: the well-formed sequences of the Unicode Standard, table 3-7.
  private mutating func skipMultibyte(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    let length: Int
    let second: ClosedRange<UInt8>
    switch bytes[index] {
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw JSONFault(.badUTF8, at: index)
    }
    guard index + length <= bytes.count else { throw JSONFault(.badUTF8, at: index) }
    var isWellFormed = second.contains(bytes[index + 1])
    for offset in index + 2..<max(index + 2, index + length) {
      isWellFormed = isWellFormed && bytes[offset] & 0xC0 == 0x80
    }
    guard isWellFormed else { throw JSONFault(.badUTF8, at: index) }
    index += length
  }

  /// Passes over a number (RFC 8259 §6): no plus sign, no leading zero, digits on both sides of the point.
  package mutating func skipNumber(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    let start = index
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    let firstDigit = index
    guard skipDigits(bytes) > 0 else { throw JSONFault(.badNumber, at: start) }
    guard index == firstDigit + 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      throw JSONFault(.badNumber, at: start)
    }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      guard skipDigits(bytes) > 0 else { throw JSONFault(.badNumber, at: start) }
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-")
      {
        index += 1
      }
      guard skipDigits(bytes) > 0 else { throw JSONFault(.badNumber, at: start) }
    }
  }

  private mutating func skipDigits(_ bytes: borrowing Span<UInt8>) -> Int {
    let start = index
    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
    return index - start
  }

  /// Passes over `true`, `false` or `null`.
  package mutating func skipWord(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    let word = bytes.paddedWord(at: index)
    if word & 0xFFFF_FFFF == Self.wordTrue || word & 0xFFFF_FFFF == Self.wordNull {
      index += 4
    } else if word & 0xFF_FFFF_FFFF == Self.wordFalse {
      index += 5
    } else {
      throw JSONFault(.badLiteral, at: index)
    }
  }

  private static let wordTrue: UInt64 = 0x6575_7274
  private static let wordNull: UInt64 = 0x6C6C_756E
  private static let wordFalse: UInt64 = 0x65_736C_6166
}

extension Span<UInt8> {
  /// The integer whose lowest byte is at `index`; all its bytes must be inside.
  @inline(__always)
  package func word(at index: Int) -> UInt64 {
    UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// The eight bytes from `index`, the lowest first; zero beyond the end.
  @inline(__always)
  package func paddedWord(at index: Int) -> UInt64 {
    if index &+ 8 <= count { return word(at: index) }
    var word: UInt64 = 0
    for offset in index..<Swift.max(index, count) {
      word |= UInt64(self[offset]) << UInt64(8 * (offset - index))
    }
    return word
  }
}
