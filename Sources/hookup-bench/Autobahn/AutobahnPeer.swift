import HookupCore
import HookupEngine
import NIOCore

/// Sends each message back as it came, within the call that brings it, and tells when the connection is over.
final class AutobahnPeer: WebSocketDelegate {
  private let closed: EventLoopPromise<Void>

  init(on loop: any EventLoop) {
    closed = loop.makePromise()
  }

  /// Completes with the end of the connection.
  var end: EventLoopFuture<Void> { closed.futureResult }

  /// There was no connection.
  func failed() { closed.succeed() }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    for frame in frames { connection.send(frame, written: nil) }
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    closed.succeed()
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
}
