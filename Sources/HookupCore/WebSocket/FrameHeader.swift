import NIOCore

/// What a frame is for (RFC 6455 §5.2).
enum FrameOpcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

/// The peer broke the protocol: the code to close with, and the rule in a few words.
struct ProtocolViolation: Error, Hashable, Sendable {
  var code: CloseCode
  var reason: String

  init(_ code: CloseCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

/// The two to fourteen bytes in front of a frame's payload (RFC 6455 §5.2).
struct FrameHeader: Hashable, Sendable {
  /// The longest header: two bytes, eight of length, four of key.
  static let maximumBytes = 14
  /// The longest payload of a control frame (RFC 6455 §5.5).
  static let maximumControlBytes = 125

  var isFinal: Bool
  var opcode: FrameOpcode
  /// nil on a frame from a server.
  var mask: FrameMask?
  /// 0...2^63−1.
  var payloadBytes: Int
  /// How many bytes the header itself took.
  var headerBytes: Int
  /// Whether the message that this frame begins is compressed: RSV1 (RFC 7692 §6).
  var isCompressed = false

  /// Reads the header that starts at `index`; nil when more bytes are needed. What the first two bytes already show to
  /// be wrong is refused without waiting for the rest.
  ///
  /// - Parameters:
  ///   - role: which end we are; a client's frames must be masked, a server's must not (RFC 6455 §5.1).
  ///   - allowsCompression: whether permessage-deflate was agreed on: the first frame of a message may then have RSV1
  ///     set (RFC 7692 §6).
  static func read(
    from buffer: ByteBuffer, at index: Int, role: WebSocketRole, allowsCompression: Bool = false
  ) throws(ProtocolViolation) -> FrameHeader? {
    guard let start: UInt16 = buffer.getInteger(at: index) else { return nil }
    let reserved = start & 0x7000
    guard reserved == 0 || (reserved == 0x4000 && allowsCompression) else {
      throw ProtocolViolation(.protocolError, "a reserved bit is set")
    }
    guard let opcode = FrameOpcode(rawValue: UInt8(start >> 8 & 0xF)) else {
      throw ProtocolViolation(.protocolError, "the opcode \(start >> 8 & 0xF) is reserved")
    }
    guard reserved == 0 || opcode == .text || opcode == .binary else {
      throw ProtocolViolation(
        .protocolError, "a frame that does not begin a message is marked as compressed")
    }
    let isFinal = start & 0x8000 != 0
    let isMasked = start & 0x80 != 0
    guard isMasked == (role == .server) else {
      throw ProtocolViolation(
        .protocolError, isMasked ? "a server's frame is masked" : "a client's frame is not masked")
    }
    let shortLength = Int(start & 0x7F)
    guard !opcode.isControl || (isFinal && shortLength <= maximumControlBytes) else {
      throw ProtocolViolation(
        .protocolError, isFinal ? "a control frame is too long" : "a control frame is fragmented")
    }
    guard
      let (payloadBytes, lengthBytes) = try length(shortLength, from: buffer, at: index + 2)
    else { return nil }
    var mask: FrameMask?
    if isMasked {
      guard let key: UInt32 = buffer.getInteger(at: index + 2 + lengthBytes) else { return nil }
      mask = FrameMask(key: key)
    }
    return FrameHeader(
      isFinal: isFinal, opcode: opcode, mask: mask, payloadBytes: payloadBytes,
      headerBytes: 2 + lengthBytes + (isMasked ? 4 : 0), isCompressed: reserved != 0)
  }

  /// The payload's length and how many further bytes told it; the shortest form is the only one (RFC 6455 §5.2).
  private static func length(
    _ shortLength: Int, from buffer: ByteBuffer, at index: Int
  ) throws(ProtocolViolation) -> (payload: Int, bytes: Int)? {
    switch shortLength {
    case 126:
      guard let length: UInt16 = buffer.getInteger(at: index) else { return nil }
      guard length > 125 else { throw notMinimal }
      return (Int(length), 2)
    case 127:
      guard let length: UInt64 = buffer.getInteger(at: index) else { return nil }
      guard length > 65_535 else { throw notMinimal }
      guard let payload = Int(exactly: length) else {
        throw ProtocolViolation(.protocolError, "the highest bit of a length is set")
      }
      return (payload, 8)
    default:
      return (shortLength, 0)
    }
  }

  private static let notMinimal = ProtocolViolation(
    .protocolError, "a length is not in its shortest form")
}
