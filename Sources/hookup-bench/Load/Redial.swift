import HookupCore
import HookupEngine
import NIOCore

/// Opens another connection in the place of one that ended, as long as the load runs.
final class Redial: Sendable {
  private let plan: LoadPlan
  private let connector: WebSocketConnector
  private let settings: WebSocketSettings
  private let makePeer: @Sendable (LoadShard, Redial) -> any LoadPeer

  /// After a failure, so that a server that is gone is not dialled in a tight loop.
  private static let pause = TimeAmount.milliseconds(100)

  init(
    _ plan: LoadPlan, makePeer: @escaping @Sendable (LoadShard, Redial) -> any LoadPeer
  ) {
    self.plan = plan
    self.makePeer = makePeer
    connector = plan.connector
    settings = plan.settings
  }

  func makePeer(_ shard: LoadShard) -> any LoadPeer { makePeer(shard, self) }

  /// On the event loop of `peer`'s shard.
  func next(after peer: any LoadPeer) {
    dial(on: peer.shard)
  }

  private func dial(on shard: LoadShard) {
    guard shard.isRunning else { return }
    let peer = makePeer(shard, self)
    shard.dial(peer, plan, connector, settings).whenComplete { result in
      if case .success(true) = result {
        if peer.connection != nil { peer.start() }
      } else {
        shard.loop.scheduleTask(in: Self.pause) { self.dial(on: shard) }
      }
    }
  }
}
