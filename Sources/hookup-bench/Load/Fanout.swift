import HookupCore
import HookupEngine
import NIOConcurrencyHelpers
import NIOCore

/// One sender and many receivers: the first connection sends, and sends the next message when one has reached all the
/// others. Each message says when it was sent and which it is.
final class Fanout: Sendable {
  let outstanding: Int
  let bytes: Int
  private let setup: NIOLockedValueBox<Setup>

  private struct Setup {
    var sender: FanoutSender?
    /// By event loop.
    var shares: [ObjectIdentifier: FanoutShare] = [:]
  }

  init(outstanding: Int, bytes: Int) {
    self.outstanding = outstanding
    self.bytes = bytes
    setup = NIOLockedValueBox(Setup())
  }

  /// The sender when called first, receivers after that.
  func makePeer(_ shard: LoadShard) -> any LoadPeer {
    setup.withLockedValue { setup in
      guard let sender = setup.sender else {
        let sender = FanoutSender(self, shard: shard)
        setup.sender = sender
        return sender
      }
      let share =
        setup.shares[ObjectIdentifier(shard)]
        ?? FanoutShare(sender: sender, window: outstanding)
      setup.shares[ObjectIdentifier(shard)] = share
      return FanoutReceiver(shard: shard, share: share, bytes: bytes)
    }
  }

  /// Event loops with receivers.
  var shares: Int { setup.withLockedValue { $0.shares.count } }
}

/// The connection that sends. `@unchecked Sendable`: touched on its shard's event loop only.
final class FanoutSender: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  /// Nil once it has begun: the two hold each other until then.
  private var fanout: Fanout?
  private var payload: ByteBuffer
  private var window: OutstandingWindow
  private var ledger = DeliveryLedger(window: 1, parts: 1)

  init(_ fanout: Fanout, shard: LoadShard) {
    self.fanout = fanout
    self.shard = shard
    payload = Stamp.payload(bytes: fanout.bytes)
    window = OutstandingWindow(limit: fanout.outstanding)
  }

  func start() {
    guard let fanout = fanout.take() else { return }
    ledger = DeliveryLedger(window: fanout.outstanding, parts: fanout.shares)
    fill()
  }

  /// All receivers of one event loop have a message.
  func delivered(_ number: UInt64) {
    guard ledger.delivered(number), window.close(number) != nil else { return }
    fill()
  }

  private func fill() {
    guard shard.isRunning, let connection else { return }
    let now = NIODeadline.now().uptimeNanoseconds
    while let number = window.open(at: now) {
      payload.setInteger(Stamp.word(now), at: 0)
      payload.setInteger(Stamp.word(number), at: Stamp.bytes)
      connection.send(.text(payload), written: nil)
    }
  }

  func oldestSentAt() -> UInt64? { window.oldestSentAt() }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    shard.tally.errors.count(.unexpected, "the sender got its own message")
  }
}

/// The receivers of one event loop. `@unchecked Sendable`: touched on that loop only.
final class FanoutShare: @unchecked Sendable {
  private let sender: FanoutSender
  private let window: Int
  private var receivers = 0
  private var ledger: DeliveryLedger?

  init(sender: FanoutSender, window: Int) {
    self.sender = sender
    self.window = window
  }

  func opened() { receivers += 1 }

  /// One receiver has a message.
  func delivered(_ number: UInt64) {
    // Made with the first: by then all connections are open.
    var ledger = self.ledger.take() ?? DeliveryLedger(window: window, parts: receivers)
    let isComplete = ledger.delivered(number)
    self.ledger = consume ledger
    guard isComplete else { return }
    let loop = sender.shard.loop
    if loop.inEventLoop {
      sender.delivered(number)
    } else {
      loop.execute { self.sender.delivered(number) }
    }
  }
}

/// One of those who get it all. `@unchecked Sendable`: touched on its shard's event loop only.
final class FanoutReceiver: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  private let share: FanoutShare
  private let bytes: Int
  private var received: UInt64 = 0

  init(shard: LoadShard, share: FanoutShare, bytes: Int) {
    self.shard = shard
    self.share = share
    self.bytes = bytes
  }

  func opened() { share.opened() }
  func start() {}

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    let now = NIODeadline.now().uptimeNanoseconds
    for frame in frames { accept(frame, at: now) }
  }

  private func accept(_ frame: WireFrame, at now: UInt64) {
    received += 1
    guard case .text(let buffer) = frame, buffer.readableBytes == bytes,
      buffer.getInteger(at: buffer.readerIndex + Stamp.bytes) == Stamp.word(received),
      let word = buffer.getInteger(at: buffer.readerIndex, as: UInt64.self),
      let sentAt = Stamp.number(word)
    else {
      return shard.tally.errors.count(.mismatched, "message \(received) came as another one")
    }
    shard.tally.record(nanoseconds: Stamp.elapsed(since: sentAt, now: now))
    share.delivered(received)
  }
}
