import NIOCore

/// `jsonProtocol`: one JSON object a text frame, with an ack for each message that wants one; compatible with the original
/// Hookup's peers.
///
/// | frame | meaning |
/// |---|---|
/// | `{"type":"text","content":"…"}` | text |
/// | `{"type":"json","content":…}` | JSON |
/// | `{"type":"ack_request","id":N,"content":…}` | a message that wants an ack |
/// | `{"type":"ack","id":N}` | the ack |
/// | any other JSON object, any array | a JSON message |
/// | any other text | a text message |
///
/// What is read beyond that, because peers send it:
/// - Keys in any order, more keys than these, white space; `type` in any case. Of several equal keys the last counts.
/// - The payload of an `ack_request` under `message` if there is none under `content`; in an envelope, as a bare string,
///   or as bare JSON. An inner envelope of another type is JSON.
/// - An envelope that lacks what its type needs (a `text` whose `content` is missing or no string, an id that is not a
///   whole number from 1 to 2^53) is no envelope but a JSON message as it stands: nothing of it is lost.
/// - A bare number, word or quoted string is text: peers send plain strings bare, `42` among them.
/// - `needs_ack` is a stored form and never on the wire: JSON.
///
/// What is sent is always the first four, without white space, the message in its inner envelope under `content`. Binary
/// frames are read as bytes but cannot be sent.
public struct JSONProtocolFormat: WireFormat {
  public init() {}

  public var subprotocol: String { Subprotocol.jsonProtocol }
  public var carriesAcks: Bool { true }

  public func decode(_ frame: WireFrame) -> WireMessage {
    switch frame {
    case .binary(let bytes): .message(.binary(bytes))
    case .text(let bytes):
      Self.meaning(of: bytes) ?? .message(.text(String(buffer: bytes)))
    }
  }

  /// Nil for what is text because it is no JSON object or array.
  private static func meaning(of bytes: ByteBuffer) -> WireMessage? {
    guard let envelope = try? Envelope(bytes.readableBytesUInt8Span) else {
      return SimpleJSONFormat.json(in: bytes).map(WireMessage.message)
    }
    switch envelope.type {
    case .text, .json:
      if let content = envelope.content(in: bytes) { return .message(content) }
    case .ack:
      if let id = envelope.id { return .ack(id: id) }
    case .ackRequest:
      if let id = envelope.id, let payload = envelope.content ?? envelope.message,
        let content = envelope.content(of: payload, in: bytes)
      {
        return .ackRequest(id: id, content)
      }
    case .needsAck, .other: break
    }
    return envelope.json(envelope.range, in: bytes).map(WireMessage.message)
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` for bytes, and for an id outside 1...2^53.
  public func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    var buffer: ByteBuffer
    switch message {
    case .message(let content):
      buffer = ByteBufferAllocator().buffer(capacity: Envelope.expectedBytes(content))
      try Envelope.write(content, to: &buffer)
    case .ackRequest(let id, let content):
      try Self.check(id)
      buffer = ByteBufferAllocator().buffer(capacity: Envelope.expectedBytes(content))
      buffer.writeStaticString(#"{"type":"ack_request","id":"#)
      buffer.writeDecimal(id)
      buffer.writeStaticString(#","content":"#)
      try Envelope.write(content, to: &buffer)
      buffer.writeInteger(UInt8(ascii: "}"))
    case .ack(let id):
      try Self.check(id)
      buffer = ByteBufferAllocator().buffer(capacity: 40)
      buffer.writeStaticString(#"{"type":"ack","id":"#)
      buffer.writeDecimal(id)
      buffer.writeInteger(UInt8(ascii: "}"))
    }
    return .text(buffer)
  }

  private static func check(_ id: UInt64) throws(HookupError) {
    guard id >= 1, id <= Envelope.maximumNumber else {
      throw HookupError(
        .invalidArgument, "\(id) cannot be the id of a message in jsonProtocol: ids are 1 to 2^53")
    }
  }
}

extension ByteBuffer {
  /// Appends a number in decimal digits, without a string in between.
  package mutating func writeDecimal(_ number: UInt64) {
    var digits = 1
    var rest = number
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    writeWithUnsafeMutableBytes(minimumWritableBytes: digits) { space in
      var rest = number
      for index in stride(from: digits - 1, through: 0, by: -1) {
        space[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      return digits
    }
  }
}
