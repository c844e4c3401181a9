import HookupCore

/// Serves connections where their frames arrive: on the event loop, without a task, without decoding what nobody asks for.
///
/// For relays, gateways and echo services, whose work is so small that handing it to a task would cost more than doing it. A call
/// that blocks or computes for long holds up every other connection of its event loop, pings included. The calls of one
/// connection come one at a time and in order; those of connections on different event loops side by side.
///
/// ```swift
/// struct Echo: FrameHandler {
///   func received(_ frames: [WireFrame], from connection: ServerConnection) {
///     for frame in frames { connection.reply(frame) }
///   }
/// }
/// let server = HookupServer(frames: Echo())
/// ```
///
/// No acks are sent or awaited on behalf of a frame handler; ``ServerConnection/format`` reads and renders them. A connection
/// whose client does not read what is sent to it is not read either until it does, and closed with 4108 after
/// ``ServerLimits/stallTimeout``.
public protocol FrameHandler: Sendable {
  /// The opening handshake is done. By default nothing happens.
  func opened(_ connection: ServerConnection)

  /// All messages that one read of the socket completed, in order. A payload is a slice of what was read: who keeps it keeps up to
  /// 128 KiB, and copies what is small.
  func received(_ frames: [WireFrame], from connection: ServerConnection)

  /// The connection is over. The last call. By default nothing happens.
  func closed(_ connection: ServerConnection, _ reason: DisconnectReason)
}

extension FrameHandler {
  public func opened(_ connection: ServerConnection) {}
  public func closed(_ connection: ServerConnection, _ reason: DisconnectReason) {}
}
