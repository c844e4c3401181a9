import NIOCore
import Testing

@testable import HookupCore

/// What is compressed in tests.
enum DeflateSamples {
  /// Text that shrinks to some third, the same on each call.
  static func text(_ count: Int, seed: UInt64 = 7) -> String {
    var random = RandomSource(seed: seed)
    let words = ["hello ", "world ", "{\"id\":", "\"room\", ", "0123456789 "]
    var text = ""
    while text.utf8.count < count {
      text += words.randomElement(using: &random) ?? ""
      text += String(UInt16.random(in: 0...999, using: &random))
    }
    return String(text.prefix(count))
  }

  /// Bytes that do not shrink.
  static func noise(_ count: Int, seed: UInt64 = 7) -> [UInt8] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  /// `count` zeros, compressed by hand to some 160th, without the code under test.
  static func zeros(_ count: Int) -> [UInt8] {
    // One zero byte, and then copies of the one before, 258 at a time (RFC 1951 §3.2.5, §3.2.6): fixed codes.
    var bits = BitWriter()
    bits.write(0b010, count: 3)  // not final, fixed codes
    bits.writeCode(0b0011_0000, count: 8)  // the literal 0
    var left = count - 1
    while left >= 258 {
      bits.writeCode(0b1100_0101, count: 8)  // length 258
      bits.writeCode(0, count: 5)  // distance 1
      left -= 258
    }
    for _ in 0..<left { bits.writeCode(0b0011_0000, count: 8) }
    bits.writeCode(0, count: 7)  // the end of the block
    bits.write(0b000, count: 3)  // the empty block, whose last four bytes are left out
    return bits.bytes
  }

  private struct BitWriter {
    var bytes: [UInt8] = []
    private var used = 8

    /// Numbers go with their lowest bit first.
    mutating func write(_ value: UInt16, count: Int) {
      for position in 0..<count { write(value >> UInt16(position) & 1 != 0) }
    }

    /// Codes go with their highest bit first.
    mutating func writeCode(_ code: UInt16, count: Int) {
      for position in (0..<count).reversed() { write(code >> UInt16(position) & 1 != 0) }
    }

    private mutating func write(_ bit: Bool) {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      if bit { bytes[bytes.count - 1] |= 1 << UInt8(used) }
      used += 1
    }
  }
}

extension Deflater {
  /// The compressed form of a message that can be made smaller.
  mutating func compress(_ message: ByteBuffer) throws -> ByteBuffer {
    let deflated = deflate(message)
    return try #require(deflated)
  }
}

extension Inflater {
  /// A whole message, fed in pieces of `size` bytes.
  mutating func inflate(
    _ message: [UInt8], size: Int = .max, maximumBytes: Int = 1 << 24
  ) throws(ProtocolViolation) -> [UInt8] {
    var output = ByteBuffer()
    var rest = message[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      try feed(piece, into: &output, maximumBytes: maximumBytes)
    }
    if needsTail { try feed(Self.tail, into: &output, maximumBytes: maximumBytes) }
    try endMessage()
    return Array(output.readableBytesView)
  }

  mutating func inflate(_ message: ByteBuffer) throws(ProtocolViolation) -> [UInt8] {
    try inflate(Array(message.readableBytesView))
  }

  mutating func feed(
    _ bytes: [UInt8], into output: inout ByteBuffer, maximumBytes: Int
  ) throws(ProtocolViolation) {
    let result = bytes.withUnsafeBytes { all -> Result<Void, ProtocolViolation> in
      var input = all
      return Result { () throws(ProtocolViolation) in
        while try step(&input, into: &output, maximumBytes: maximumBytes) {}
      }
    }
    try result.get()
  }
}
