import HookupCore
import HookupEngine
import NIOCore

/// A connection that is only held.
///
/// `@unchecked Sendable`: touched on its shard's event loop only.
final class IdlePeer: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?

  init(shard: LoadShard) {
    self.shard = shard
  }

  func start() {}
  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {}
}
