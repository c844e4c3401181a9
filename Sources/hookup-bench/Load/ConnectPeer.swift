import HookupCore
import HookupEngine
import NIOCore

/// Connects, closes as soon as the handshake is done, and begins again when the closing is.
///
/// `@unchecked Sendable`: touched on its shard's event loop only.
final class ConnectPeer: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  private let redial: Redial
  private var dialledAt = NIODeadline.now().uptimeNanoseconds
  private var hasClosed = false

  init(shard: LoadShard, redial: Redial) {
    self.shard = shard
    self.redial = redial
  }

  func opened() {
    shard.tally.record(nanoseconds: NIODeadline.now().uptimeNanoseconds - dialledAt)
    hasClosed = true
    connection?.close(code: 1000, reason: "")
  }

  func start() {}

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    shard.tally.errors.count(.unexpected, "a message came that nobody had sent")
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    shard.closed(self, reason, isExpected: hasClosed)
    redial.next(after: self)
  }
}
