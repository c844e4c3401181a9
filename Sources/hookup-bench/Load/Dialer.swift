import HookupCore
import HookupEngine
import NIOCore

/// Opens the connections of one shard, a bounded number at a time, on the shard's event loop; hence
/// `@unchecked Sendable`.
final class Dialer: @unchecked Sendable {
  private let shard: LoadShard
  private let plan: LoadPlan
  private let connector: WebSocketConnector
  private let settings: WebSocketSettings
  private let makePeer: @Sendable (LoadShard) -> any LoadPeer
  private var waiting: Int
  private var dialing = 0
  private let deadline: NIODeadline
  private let done: EventLoopPromise<Void>

  init(
    _ plan: LoadPlan, connector: WebSocketConnector, shard: LoadShard, count: Int,
    makePeer: @escaping @Sendable (LoadShard) -> any LoadPeer
  ) {
    self.plan = plan
    self.connector = connector
    self.shard = shard
    self.makePeer = makePeer
    settings = plan.settings
    waiting = count
    deadline = .now() + TimeAmount(plan.dialLimit)
    done = shard.loop.makePromise()
  }

  /// Completes when each connection is open or has failed; failures are counted in the shard's tally.
  func dial() -> EventLoopFuture<Void> {
    shard.loop.execute { self.fill() }
    return done.futureResult
  }

  private func fill() {
    while waiting > 0, dialing < max(1, LoadPlan.dialsAtOnce / plan.threads) {
      guard NIODeadline.now() < deadline else {
        let sentence = "not dialled within \(plan.dialLimit)"
        for _ in 0..<waiting { shard.tally.errors.count(.connectFailed, sentence) }
        waiting = 0
        break
      }
      waiting -= 1
      dialing += 1
      dialOne()
    }
    if waiting == 0, dialing == 0 { done.succeed() }
  }

  private func dialOne() {
    let peer = makePeer(shard)
    connector.connect(
      to: plan.url, subprotocols: plan.subprotocols, settings: settings, on: shard.loop,
      delegate: peer
    ).assumeIsolated().whenComplete { result in
      self.dialing -= 1
      switch result {
      case .success(let connected):
        peer.connection = connected.connection
        self.shard.opened(peer)
      case .failure(let error):
        self.shard.tally.errors.count(.connectFailed, describe(error))
      }
      self.fill()
    }
  }
}

/// An error as a sentence for a person.
func describe(_ error: any Error) -> String {
  (error as? HookupError)?.message ?? String(describing: error)
}
