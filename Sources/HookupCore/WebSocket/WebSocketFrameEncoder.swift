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
    output.reserveCapacity(minimumWritableBytes: FrameHeader.maximumBytes + count)
    output.writeInteger((isCompressed ? 0xC0 : 0x80) | opcode.rawValue)
    let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
    switch count {
    case 0..<126:
      output.writeInteger(maskBit | UInt8(count))
    case 126..<65_536:
      output.writeInteger(maskBit | 126)
      output.writeInteger(UInt16(count))
    default:
      output.writeInteger(maskBit | 127)
      output.writeInteger(UInt64(count))
    }
    if let maskingKey { output.writeInteger(maskingKey) }
    let start = output.writerIndex
    output.writeImmutableBuffer(payload)
    if let maskingKey {
      FrameMask(key: maskingKey).apply(to: &output, at: start, count: count)
    }
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
