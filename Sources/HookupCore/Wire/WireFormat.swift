import NIOCore

/// A data frame as the WebSocket layer hands it over: whole, reassembled, text already valid UTF-8.
public enum WireFrame: Hashable, Sendable {
  case text(ByteBuffer)
  case binary(ByteBuffer)

  /// The message's bytes, whatever it is.
  public var payload: ByteBuffer {
    switch self {
    case .text(let payload), .binary(let payload): payload
    }
  }
}

/// What one frame means.
@nonexhaustive
public enum WireMessage: Hashable, Sendable {
  /// A message that wants no ack.
  case message(Message.Content)
  /// A message its sender wants acked under `id`.
  case ackRequest(id: UInt64, Message.Content)
  /// The ack of the message this side sent under `id`.
  case ack(id: UInt64)
}

/// How messages become frames: one of the subprotocols, or one's own.
///
/// A wire format is a value without state, shared by all connections that negotiated it.
public protocol WireFormat: Sendable {
  /// The name in `Sec-WebSocket-Protocol`, e.g. `jsonProtocol`.
  var subprotocol: String { get }
  /// Whether ``encode(_:)`` can express `ackRequest` and `ack`. Without it `needsAck` is an error at `send`.
  var carriesAcks: Bool { get }

  /// Reads a frame. Never fails: what is not of the format is a text or binary message.
  func decode(_ frame: WireFrame) -> WireMessage

  /// Renders a message as one frame.
  /// - Throws: ``HookupError/Code/invalidArgument`` when the format cannot carry it (bytes in `jsonProtocol`).
  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame
}
