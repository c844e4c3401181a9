import HookupCore
import HookupEngine
import NIOCore

/// One event loop's share of a load: its connections and what they count. Touched on that loop only, but for what is
/// constant; hence `@unchecked Sendable`.
final class LoadShard: @unchecked Sendable {
  let loop: any EventLoop
  var tally = Tally()
  /// Whether peers go on sending, and a connection's end is an error.
  private(set) var isRunning = true
  /// The open ones.
  private var peers: [ObjectIdentifier: any LoadPeer] = [:]
  private var emptied: [EventLoopPromise<Void>] = []

  init(loop: any EventLoop) {
    self.loop = loop
  }

  var connections: Int { peers.count }

  func opened(_ peer: any LoadPeer, as connection: any WebSocketConnection) {
    peer.connection = connection
    peers[ObjectIdentifier(peer)] = peer
    peer.opened()
  }

  /// Every connection sends what it may have outstanding.
  func start() {
    for peer in peers.values { peer.start() }
  }

  /// A connection is over; an error unless it was meant to end, or the load has.
  func closed(_ peer: any LoadPeer, _ reason: WebSocketCloseReason, isExpected: Bool = false) {
    peer.connection = nil
    peers[ObjectIdentifier(peer)] = nil
    if isRunning, !isExpected {
      tally.errors.count(.lost, "a connection ended: \(reason.code) \(quoted(reason.reason))")
    }
    if peers.isEmpty {
      for promise in emptied { promise.succeed() }
      emptied = []
    }
  }

  /// Whether the connections are closed too.
  private(set) var hasEnded = false

  /// Counts the connections whose oldest message waits for its answer for longer than `limit` nanoseconds.
  func countStalled(at now: UInt64, limit: UInt64) {
    for peer in peers.values {
      guard let sentAt = peer.oldestSentAt(), now > sentAt, now - sentAt > limit else { continue }
      tally.errors.count(
        .stalled, "a message still waits for its answer after \((now - sentAt) / 1_000_000) ms")
    }
  }

  /// Nothing more is sent, and connections may end.
  func stop() {
    isRunning = false
  }

  /// Closes all connections; completes when they are gone, at the latest after `limit`, when they are dropped.
  func closeAll(within limit: TimeAmount) -> EventLoopFuture<Void> {
    stop()
    hasEnded = true
    guard !peers.isEmpty else { return loop.makeSucceededVoidFuture() }
    let promise = loop.makePromise(of: Void.self)
    emptied.append(promise)
    for peer in peers.values { peer.connection?.close(code: 1000, reason: "") }
    let deadline = loop.scheduleTask(in: limit) {
      for peer in self.peers.values { peer.connection?.abort() }
      for promise in self.emptied { promise.succeed() }
      self.emptied = []
    }
    promise.futureResult.whenComplete { _ in deadline.cancel() }
    return promise.futureResult
  }
}

/// One connection of a load. All calls come on its shard's event loop.
protocol LoadPeer: WebSocketDelegate {
  var shard: LoadShard { get }
  /// Nil before it is open and after its end.
  var connection: (any WebSocketConnection)? { get set }
  /// Its handshake is done.
  func opened()
  /// All connections are open: sends what may be outstanding.
  func start()
  /// When the oldest message without an answer was sent; nil when there is none.
  func oldestSentAt() -> UInt64?
}

extension LoadPeer {
  func opened() {}
  func oldestSentAt() -> UInt64? { nil }
  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    shard.closed(self, reason)
  }
}
