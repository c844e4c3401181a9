import HookupCore
import NIOCore

/// What a ``HookupClient`` tells the program, in order.
@nonexhaustive
public enum ClientEvent: Sendable {
  /// Connected, and the subprotocol that was agreed on; nil when the server chose none.
  case connected(subprotocol: String?)
  /// The connection ended; the reason is a sentence and may come from the network.
  case disconnected(reason: String)
  /// The next attempt, number `attempt` since the loss, starts after `delay`.
  case reconnecting(attempt: Int, delay: Duration)
  case text(String)
  case json(JSONText)
  case binary(ByteBuffer)
  /// The message with this number in the outbox was handed to the socket. Only with ``ClientConfiguration/reportsSent``.
  case sent(sequence: UInt64)
  /// The peer acked it: handled, by a Hookup server that acks after handling; parsed, by a peer of the original.
  case acknowledged(sequence: UInt64)
  /// Committed by the other side of a session, all of these numbers that had not failed. Only with `hookup.resume.v1`.
  case delivered(ClosedRange<UInt64>)
  /// Given up: the other side of a session refused it, or could never take it.
  case failed(sequence: UInt64, reason: String)
  /// Taken back with ``HookupClient/withdraw(_:)``.
  case withdrawn(sequence: UInt64)
  /// A numbered message of the server's. Only with `hookup.resume.v1`; ``ClientDelivery/confirm()`` it.
  case delivery(ClientDelivery)
  /// A session's continuity broke: what was lost, or may come twice, to the exact range.
  case broken(SessionBreak)
  /// No ack came within the message's time. `isKept`: it stays in the outbox and goes again with the next connection.
  case ackFailed(Message, sequence: UInt64, isKept: Bool)
  /// Something went wrong that the client survives, or why `run()` is about to throw.
  case error(HookupError)
}

/// What `send` returns: the message has its place in the outbox, durable as the buffer's policy says.
public struct SendReceipt: Hashable, Sendable {
  /// The message's number in the outbox: counts up from 1, is never reused, survives restarts with a file buffer.
  public let sequence: UInt64
}

/// How things stand, taken at one moment.
public struct ClientSnapshot: Hashable, Sendable {
  public var link: LinkStatus
  public var backlog: BacklogStatus
  /// What waits for an ack, oldest first, at most as many as were asked for.
  public var pendingAcks: [PendingAck]
  /// The clock at that moment, to which the others' instants compare.
  public var taken: MonotonicInstant
}
