import HookupCore
import NIOCore

/// What a connection tells its owner. All calls come on the connection's event loop, in order; after `closed` none.
package protocol WebSocketDelegate: AnyObject, Sendable {
  /// All the messages that one read completed, in order.
  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame])
  /// The peer has said its last word, by a close frame or a breach of the protocol, behind the messages of the `received` before.
  /// It is answered once the delegate has called ``WebSocketConnection/conclude()``, at the latest after the close timeout;
  /// until then what the delegate has to say to those messages still goes out. By default it concludes at once.
  func webSocketHeardLast(_ connection: any WebSocketConnection)
  /// Whether the bytes that wait to be written went above the high mark (false) or fell below the low mark (true).
  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool)
  /// A ping was answered after `roundTrip`.
  func webSocket(_ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration)
  /// The peer has been silent since a ping was sent (true), or was heard again (false).
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool)
  /// The connection is over, for whatever reason. The last call.
  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason)
}

extension WebSocketDelegate {
  package func webSocketHeardLast(_ connection: any WebSocketConnection) { connection.conclude() }
}

/// What is known of an open connection beside its messages.
package struct WebSocketFacts: Hashable, Sendable {
  /// The version of TLS, e.g. `TLS 1.3`; nil without TLS.
  package var encryption: String?
  /// When the last ping was sent; nil before the first.
  package var lastPing: MonotonicInstant?
  /// When the next ping is due, if the peer stays silent until then; nil while one waits for its answer.
  package var nextPing: MonotonicInstant?
}

/// Why a connection ended.
package struct WebSocketCloseReason: Hashable, Sendable {
  /// The close code: the peer's, or ours; 1005 for a close frame without one, 1006 for none at all.
  package var code: UInt16
  /// The peer's reason or ours. From the network: sanitise before showing.
  package var reason: String
  /// Whether the peer began.
  package var byPeer: Bool

  package init(code: UInt16, reason: String, byPeer: Bool) {
    self.code = code
    self.reason = reason
    self.byPeer = byPeer
  }
}

/// One open WebSocket, after the handshake.
package protocol WebSocketConnection: AnyObject, Sendable {
  var eventLoop: any EventLoop { get }
  var remoteAddress: SocketAddress? { get }
  /// As of now: they change with every byte, and nobody is told. On the event loop only; nil when the connection is not open.
  var facts: WebSocketFacts? { get }

  /// Writes a message as one frame. From any thread; calls from one thread keep their order. Writes of one event-loop
  /// turn share a flush. Bytes beyond the high mark are still taken: the caller heeds `becameWritable`.
  /// `written` runs on the event loop when the bytes went to the kernel, or failed.
  func send(_ frame: WireFrame, written: (@Sendable (Bool) -> Void)?)

  /// Writes bytes that already are a frame (``WebSocketFrameEncoder``): for a broadcast encoded once. Server side only.
  func send(encoded frame: ByteBuffer)

  /// Begins the closing handshake: no more sends; `closed` follows at the latest after the close timeout.
  func close(code: UInt16, reason: String)

  /// Drops the socket at once, without a closing handshake.
  func abort()

  /// Stops and resumes reading from the socket: how a slow reader is felt by the sender.
  func setReading(_ reading: Bool)

  /// Every message that was received is answered: the peer's end may be answered too. Ignored before ``WebSocketDelegate/webSocketHeardLast(_:)``.
  func conclude()
}
