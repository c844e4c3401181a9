import NIOCore

/// Writes frames (RFC 6455 §5.2).
package enum WebSocketFrameEncoder {
  /// A whole message as one server frame, for a broadcast that is encoded once and sent to many. It is never compressed:
  /// what each of the receivers could read depends on what was sent to it before.
  package static func encode(_ frame: WireFrame) -> ByteBuffer {
    var output = ByteBuffer()
    write(frame, maskingKey: nil, into: &output)
    return output
  }

  /// Appends a whole message as one frame; with a masking key as a client sends it.
  static func write(_ frame: WireFrame, maskingKey: UInt32?, into output: inout ByteBuffer) {
    switch frame {
    case .text(let payload):
      write(.text, payload: payload, maskingKey: maskingKey, into: &output)
    case .binary(let payload):
      write(.binary, payload: payload, maskingKey: maskingKey, into: &output)
    }
  }

  /// Appends one final frame. A control frame's payload must not be longer than 125 bytes (RFC 6455 §5.5).
  ///
  /// - Parameter isCompressed: whether the payload is a compressed message (RFC 7692 §6).
  static func write(
    _ opcode: FrameOpcode, isCompressed: Bool = false, payload: ByteBuffer, maskingKey: UInt32?,
    into output: inout ByteBuffer
  ) {
    assert(!opcode.isControl || payload.readableBytes <= FrameHeader.maximumControlBytes)
    let count = payload.readableBytes
    let start = (isCompressed ? 0xC0 : 0x80) | opcode.rawValue
    // Header and payload in one go: each write of its own would check the buffer anew.
    output.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.maximumBytes + count) {
      space in
      let headerBytes = writeHeader(start, count: count, maskingKey: maskingKey, into: space)
      let body = UnsafeMutableRawBufferPointer(
        rebasing: space[headerBytes..<headerBytes + count])
      payload.withUnsafeReadableBytes { body.copyMemory(from: $0) }
      if let maskingKey { FrameMask(key: maskingKey).apply(to: body) }
      return headerBytes + count
    }
  }

  /// Appends the header of a server's final, uncompressed frame; its payload is to follow.
  static func writeHeader(_ opcode: FrameOpcode, count: Int, into output: inout ByteBuffer) {
    output.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.maximumBytes) { space in
      writeHeader(0x80 | opcode.rawValue, count: count, maskingKey: nil, into: space)
    }
  }

  /// Writes a header into at least ``FrameHeader/maximumBytes`` bytes; how many it took.
  private static func writeHeader(
    _ start: UInt8, count: Int, maskingKey: UInt32?, into space: UnsafeMutableRawBufferPointer
  ) -> Int {
    let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
    var length = 2
    space[0] = start
    switch count {
    case 0..<126: space[1] = maskBit | UInt8(count)
    case 126..<65_536:
      space[1] = maskBit | 126
      space.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
      length = 4
    default:
      space[1] = maskBit | 127
      space.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
      length = 10
    }
    if let maskingKey {
      space.storeBytes(of: maskingKey.bigEndian, toByteOffset: length, as: UInt32.self)
      length += 4
    }
    return length
  }
}

extension Deflater {
  /// Appends a whole message as one frame, compressed if that is worth it.
  mutating func write(_ frame: WireFrame, maskingKey: UInt32?, into output: inout ByteBuffer) {
    let opcode: FrameOpcode
    let message: ByteBuffer
    switch frame {
    case .text(let payload): (opcode, message) = (.text, payload)
    case .binary(let payload): (opcode, message) = (.binary, payload)
    }
    let deflated = deflate(message)
    WebSocketFrameEncoder.write(
      opcode, isCompressed: deflated != nil, payload: deflated ?? message, maskingKey: maskingKey,
      into: &output)
  }
}
