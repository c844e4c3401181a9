import NIOCore

/// Checks UTF-8 as it arrives, in pieces of any size, and says no at the first byte that no continuation could mend
/// (RFC 3629 §4; RFC 6455 §8.1).
struct UTF8Validator: Hashable, Sendable {
  /// How many continuation bytes the character under way still needs.
  private var missing = 0
  /// What the next continuation byte may be: narrower than 80...BF after E0, ED, F0 and F4, so that overlong forms,
  /// surrogates and values beyond U+10FFFF are refused.
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  /// Whether what came so far ends on a whole character.
  var isComplete: Bool { missing == 0 }

  /// Whether `count` readable bytes at `index` of `buffer` are whole, valid text.
  static func isValid(_ buffer: ByteBuffer, at index: Int, count: Int) -> Bool {
    var validator = UTF8Validator()
    return validator.accept(buffer, at: index, count: count) && validator.isComplete
  }

  /// Whether these bytes are whole, valid text.
  static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var validator = UTF8Validator()
    return validator.accept(bytes) && validator.isComplete
  }

  /// Takes the next piece; false when the text can no longer become valid. Not to be used any further then.
  mutating func accept(_ buffer: ByteBuffer, at index: Int, count: Int) -> Bool {
    buffer.withUnsafeReadableBytes { readable in
      let first = index - buffer.readerIndex
      return accept(UnsafeRawBufferPointer(rebasing: readable[first..<first + count]))
    }
  }

  private mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset < bytes.count {
      if missing == 0 { offset = Self.skipASCII(bytes, from: offset) }
      guard offset < bytes.count else { break }
      guard take(bytes[offset]) else { return false }
      offset += 1
    }
    return true
  }

  /// The offset of the first byte that is not ASCII, found 64, then eight bytes at a time.
  private static func skipASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var offset = start
    while offset + 64 <= bytes.count {
      let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      let half = words.lowHalf | words.highHalf
      let pair = half.lowHalf | half.highHalf
      guard (pair.x | pair.y) & 0x8080_8080_8080_8080 == 0 else { break }
      offset += 64
    }
    while offset + 8 <= bytes.count,
      bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      offset += 8
    }
    while offset < bytes.count, bytes[offset] < 0x80 { offset += 1 }
    return offset
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard missing == 0 else {
      guard (lowest...highest).contains(byte) else { return false }
      missing -= 1
      (lowest, highest) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, lowest) = (2, 0xA0)
    case 0xED: (missing, highest) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, lowest) = (3, 0x90)
    case 0xF4: (missing, highest) = (3, 0x8F)
    case 0xF1...0xF3: missing = 3
    default: return false
    }
    return true
  }
}
