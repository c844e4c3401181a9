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
  /// The client acked the message that ``ServerConnection/send(_:)`` gave this id. Of a session's message, which may have been sent on
  /// an earlier connection, or by an earlier process, its number.
  case acknowledged(UInt64)
  /// No ack came within the message's time, or the connection ended first. Once for each such message. A session's message only
  /// runs out of time, each time it was sent, and stays in the session's outbox.
  case ackFailed(Message)
  /// A message whose sender waits until the handler confirms it. Only with ``AcknowledgementPolicy/byHandler``.
  case request(Message.Content, Acknowledgement)
  /// The client's session is not what it was: see ``SessionBreak``. Nothing later was delivered before this.
  case sessionBroken(SessionBreak)
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
  /// The id the client gave the message; from 1, per connection, but the client's word. Of a session's message its number.
  public let id: UInt64
  /// What it is of a session; nil when it came without one.
  public let delivery: Delivery?
  let connection: ServerConnection

  init(id: UInt64, delivery: Delivery? = nil, connection: ServerConnection) {
    self.id = id
    self.delivery = delivery
    self.connection = connection
  }

  /// Tells the sender that its message is safe. Never waits. A second call, and one after the connection ended,
  /// do nothing that the sender would notice.
  ///
  /// Of a session's message the server first commits the cursor to its ``SessionStore``, in order: a message is acked when all
  /// before it were confirmed too. What is not confirmed when the connection ends comes again.
  public func confirm() {
    settle(.confirmed(refusal: nil))
  }

  /// Tells the sender that its message is safe, and the server that ``Delivery/cursor`` is durable already: for a handler that
  /// stores it with the message's effect, in one transaction. Without a session, the same as ``confirm()``.
  public func confirmCommitted() {
    settle(.committed(refusal: nil))
  }

  /// Refuses the message for good: its sender is told, and does not send it again. Without a session there is no such word,
  /// and it is the same as ``confirm()``.
  /// - Parameter reason: for people; at most 256 bytes of UTF-8, the rest is cut off.
  public func refuse(_ reason: String) {
    settle(.confirmed(refusal: reason))
  }

  func settle(_ verdict: SessionDeliveries.Verdict) {
    guard let delivery else { return connection.confirm(id) }
    connection.settle(delivery.sequence, verdict)
  }
}

/// A message as its session knows it.
public struct Delivery: Hashable, Sendable {
  /// Names the message for ever, however often it comes: the numbering and the number. No secret.
  public let id: String
  /// The message's number in its client's numbering; from 1, without gaps but for what the client took back.
  public let sequence: UInt64
  /// Whether it may have been delivered before.
  public let isRedelivered: Bool
  /// What is to be committed with the message's effect, for a handler that does so itself: see
  /// ``Acknowledgement/confirmCommitted()``. A message whose number is not above the one stored has had its effect.
  public let cursor: SessionCursor
}
