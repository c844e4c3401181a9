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
  private let makePeer: LoadRun.MakePeer
  private var waiting: Int
  private var dialing = 0
  private let deadline: NIODeadline
  private let done: EventLoopPromise<Void>

  init(
    _ plan: LoadPlan, connector: WebSocketConnector, shard: LoadShard, count: Int,
    makePeer: @escaping LoadRun.MakePeer
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
    shard.dial(peer, plan, connector, settings).whenComplete { _ in
      self.dialing -= 1
      self.fill()
    }
  }
}

extension LoadShard {
  /// One handshake, on this shard's event loop; true when it came about. A failure is counted.
  func dial(
    _ peer: any LoadPeer, _ plan: LoadPlan, _ connector: WebSocketConnector,
    _ settings: WebSocketSettings
  ) -> EventLoopFuture<Bool>.Isolated {
    connector.connect(
      to: plan.url, subprotocols: plan.subprotocols, settings: settings, on: loop,
      delegate: peer
    ).assumeIsolated().map { connected in
      self.opened(peer, as: connected.connection)
      // The load ended meanwhile.
      if self.hasEnded { connected.connection.abort() }
      return true
    }.flatMapErrorThrowing { error in
      if self.isRunning { self.tally.errors.count(.connectFailed, describe(error)) }
      return false
    }
  }
}

/// An error as a sentence for a person.
func describe(_ error: any Error) -> String {
  (error as? HookupError)?.message ?? String(describing: error)
}
