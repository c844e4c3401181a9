import NIOCore

/// `simpleJson`: what any plain WebSocket application speaks, without acks. A text frame that parses as a JSON object or
/// array is a JSON message, any other is text; a binary frame is bytes.
///
/// A message is sent as it is, without an envelope. So text that happens to be a JSON object or array arrives as JSON,
/// and JSON that is a bare number, word or string arrives as text: use `jsonProtocol` where that matters.
public struct SimpleJSONFormat: WireFormat {
  public init() {}

  public var subprotocol: String { Subprotocol.simpleJson }
  public var carriesAcks: Bool { false }

  public func decode(_ frame: WireFrame) -> WireMessage {
    switch frame {
    case .binary(let bytes): .message(.binary(bytes))
    case .text(let bytes): .message(Self.json(in: bytes) ?? .text(String(buffer: bytes)))
    }
  }

  /// The object or array that `bytes` are, with white space around it or none; nil when they are something else.
  static func json(in bytes: ByteBuffer) -> Message.Content? {
    guard let value = try? JSONScanner.validate(bytes.readableBytesUInt8Span),
      value.kind == .object || value.kind == .array
    else { return nil }
    return .json(JSONText(unchecked: bytes.part(value.range)))
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` for an ack and for a message that wants one.
  public func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    switch message {
    case .message(.text(let text)): return .text(ByteBuffer(string: text))
    case .message(.json(let json)): return .text(json.bytes)
    case .message(.binary(let bytes)): return .binary(bytes)
    case .ackRequest, .ack:
      throw HookupError(
        .invalidArgument,
        "simpleJson carries no acks: send without needsAck, or use jsonProtocol on both sides")
    }
  }
}
