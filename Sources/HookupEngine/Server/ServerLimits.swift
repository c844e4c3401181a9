/// What one client and all clients together may use of a ``HookupServer``. Nothing is unbounded.
public struct ServerLimits: Hashable, Sendable {
  /// One message from a client, payload bytes. Default 1 MiB; larger closes the connection
  /// with 1009. Small refuses what clients mean to send; each connection may make the server hold this much.
  public var maximumMessageBytes = Limits.maximumMessageBytes

  /// Open connections in all, WebSocket or plain HTTP. Default 10,000. One more is answered 503 with
  /// `Retry-After`. Each needs a file descriptor: beyond `ulimit -n` accepting pauses until one is free.
  public var maximumConnections = 10_000

  /// Open connections of one address (an IPv6 address counts by its /64). Default nil: any number up to
  /// ``maximumConnections``. Small hurts offices behind one address; with a proxy in front all clients share its address.
  public var maximumConnectionsPerAddress: Int?

  /// The `Retry-After` of a refusal, rounded up to whole seconds. Default 5 s.
  public var retryAfter = Duration.seconds(5)

  /// The request line and all headers of a request, bytes. Default 16 KiB; larger is answered 431. Below 1 KiB
  /// browsers with cookies fail.
  public var maximumRequestHeadBytes = 16 << 10

  /// Header lines of a request. Default 100; more is answered 431.
  public var maximumRequestHeaders = 100

  /// From the accepted socket, TLS included, to a complete request; and between two requests of one connection.
  /// Default 10 s, then the socket is closed. Short cuts off slow networks; long lets idle sockets pile up.
  public var handshakeTimeout = Duration.seconds(10)

  /// How long a message may take to arrive, from its first byte on, before the connection is closed with 1008. Default 60 s, and
  /// then a second more for each KiB that has come, so that slow links get large messages through. Time in which
  /// the server does not read, because the handler is behind, does not count. Short cuts off links that stand still for a
  /// while; long lets half messages hold memory; nil lets them for ever, which clients need that stream one message for hours.
  public var messageTimeout: Duration? = .seconds(60)

  /// Events of one connection that wait for its handler. Default 1,024; then its socket is not read until the
  /// handler has caught up, which its client feels as backpressure. 1 stops reading after every batch.
  public var inboundEvents = Limits.inboundEvents

  /// Payload bytes of those events. Default 4 MiB, with the same effect.
  public var inboundBytes = 4 << 20

  /// Bytes of one connection that wait to be written: at or above, ``ServerConnection/send(_:)`` waits. Default
  /// 1 MiB. As much again may be on its way to the socket, and one message is always taken whole: twice this and one
  /// message is the bound. Small makes sending wait for every round trip; large costs memory for each slow reader.
  public var sendBufferHighBytes = Limits.sendBufferHighBytes

  /// At or below this many bytes sending goes on. Default 256 KiB. Near the high mark handlers wake for every
  /// few bytes; near 0 the line runs dry before they wake.
  public var sendBufferLowBytes = Limits.sendBufferLowBytes

  /// How long the bytes that wait may stay above the low mark, once they reached the high one. Default 30 s; then
  /// the client is closed with 4108 "slow consumer". Short cuts off phones in tunnels; long holds their memory.
  public var stallTimeout = Duration.seconds(30)

  /// Messages sent with ``Message/needsAck(within:)`` that wait for their ack, on one connection. Default 1,024;
  /// then ``ServerConnection/send(_:)`` waits for one of them. Of a session with ``SessionOptions/replay`` all messages on the wire
  /// that are not confirmed; the others wait in its outbox. Small makes long links slow.
  public var messagesInFlight = Limits.inFlightMessages

  /// How long a client may take to answer a close frame. Default 5 s; then the socket is dropped.
  public var closeTimeout = Duration.seconds(5)

  public init() {}
}
