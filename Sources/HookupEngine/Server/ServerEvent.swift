import NIOCore

/// What happens on one connection of a server, in order: ``connected`` first, ``disconnected(_:)`` last.
@nonexhaustive
public enum ServerEvent: Sendable {
  /// The opening handshake is done; ``ServerConnection/request`` says what the client asked for.
  case connected
  case text(String)
  /// One JSON value, as the client wrote it.
  case json(JSONText)
  case binary(ByteBuffer)
  /// The client acked the message that ``ServerConnection/send(_:)`` gave this id.
  case acknowledged(UInt64)
  /// No ack came within the message's time, or the connection ended first. Once for each such message.
  case ackFailed(Message)
  /// A message whose sender waits until the handler confirms it. Only with ``AcknowledgementPolicy/byHandler``.
  case request(Message.Content, Acknowledgement)
  /// Something went wrong that the connection survives, or why it is about to end.
  case error(HookupError)
  /// The connection is over. The last event.
  case disconnected(DisconnectReason)
}

/// Why a connection ended.
public struct DisconnectReason: Hashable, Sendable, CustomStringConvertible {
  /// 1005 for a close frame without a code, 1006 when the socket broke.
  public var code: CloseCode
  /// The reason beside it. From the network when ``byPeer``: control characters and all.
  public var reason: String
  /// Whether the client closed.
  public var byPeer: Bool

  public init(code: CloseCode, reason: String, byPeer: Bool) {
    self.code = code
    self.reason = reason
    self.byPeer = byPeer
  }

  public var description: String {
    let shown = reason.isEmpty ? "" : " " + quoted(reason)
    return "\(code)\(shown), closed by the \(byPeer ? "client" : "server")"
  }
}

/// The right to confirm one message to its sender.
public struct Acknowledgement: Sendable {
  /// The id the client gave the message; from 1, per connection, but the client's word.
  public let id: UInt64
  let connection: ServerConnection

  /// Tells the sender that its message is safe. Never waits. A second call, and one after the connection ended,
  /// do nothing that the sender would notice.
  public func confirm() {
    connection.confirm(id)
  }
}
