import NIOCore

/// A number in eight bytes of plain text, so that a message can say which it is, or when it was sent, without a `String`
/// being made: the letter `m`, then seven characters of six bits each, the highest first.
enum Stamp {
  static let bytes = 8
  /// Numbers are taken modulo this: 2^42, which is 73 minutes in nanoseconds.
  static let modulus: UInt64 = 1 << 42

  /// The eight bytes as an integer in network order.
  @inline(__always)
  static func word(_ number: UInt64) -> UInt64 {
    var word = UInt64(UInt8(ascii: "m"))
    var shift: UInt64 = 36
    for _ in 0..<7 {
      word = word << 8 | (0x30 + (number >> shift & 0x3F))
      shift &-= 6
    }
    return word
  }

  /// The number in a word; nil when no stamp was written there.
  @inline(__always)
  static func number(_ word: UInt64) -> UInt64? {
    guard word >> 56 == UInt64(UInt8(ascii: "m")) else { return nil }
    var number: UInt64 = 0
    var shift: UInt64 = 48
    for _ in 0..<7 {
      let digit = (word >> shift & 0xFF) &- 0x30
      guard digit < 64 else { return nil }
      number = number << 6 | digit
      shift &-= 8
    }
    return number
  }

  /// Nanoseconds from a stamped time to `now`, both of one clock, less than ``modulus`` apart.
  @inline(__always)
  static func elapsed(since stamped: UInt64, now: UInt64) -> UInt64 {
    (now &- stamped) & (modulus - 1)
  }

  /// `count` bytes of text, at least 16, with room for two stamps in front.
  static func payload(bytes count: Int) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: max(count, 2 * bytes))
    buffer.writeInteger(word(0))
    buffer.writeInteger(word(0))
    let letters = Array("the quick brown fox jumps over the lazy dog, ".utf8)
    while buffer.readableBytes < count {
      buffer.writeBytes(letters.prefix(count - buffer.readableBytes))
    }
    return buffer
  }
}
