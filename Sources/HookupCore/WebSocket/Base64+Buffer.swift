import NIOCore

/// Of whole messages: no string and no array in between.
extension Base64 {
  /// Appends the digits of `bytes`.
  package static func write(_ bytes: borrowing Span<UInt8>, to buffer: inout ByteBuffer) {
    let count = (bytes.count + 2) / 3 * 4
    alphabet.withUnsafeBufferPointer { alphabet in
      _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
        var start = 0
        for place in stride(from: 0, to: count, by: 4) {
          var bits = UInt32(bytes[start]) << 16
          if start + 1 < bytes.count { bits |= UInt32(bytes[start + 1]) << 8 }
          if start + 2 < bytes.count { bits |= UInt32(bytes[start + 2]) }
          space[place] = alphabet[Int(bits >> 18)]
          space[place + 1] = alphabet[Int(bits >> 12 & 0x3F)]
          space[place + 2] = start + 1 < bytes.count ? alphabet[Int(bits >> 6 & 0x3F)] : padding
          space[place + 3] = start + 2 < bytes.count ? alphabet[Int(bits & 0x3F)] : padding
          start += 3
        }
        return count
      }
    }
  }

  /// The bytes, or nil unless `digits` are whole groups of four, padded, with no stray bits at the end.
  package static func decode(_ digits: borrowing Span<UInt8>) -> ByteBuffer? {
    guard digits.count % 4 == 0 else { return nil }
    var end = digits.count
    while end > 0, digits.count - end < 2, digits[end - 1] == padding { end -= 1 }
    var isValid = true
    let count = end * 3 / 4
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      var bits: UInt32 = 0
      var bitCount: UInt32 = 0
      var place = 0
      for index in 0..<end {
        guard let value = value(of: digits[index]) else {
          isValid = false
          return 0
        }
        bits = bits << 6 | value
        bitCount += 6
        guard bitCount >= 8 else { continue }
        bitCount -= 8
        space[place] = UInt8(truncatingIfNeeded: bits >> bitCount)
        bits &= (1 << bitCount) - 1
        place += 1
      }
      isValid = bits == 0
      return place
    }
    return isValid ? buffer : nil
  }
}
