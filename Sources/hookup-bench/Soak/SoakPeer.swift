import HookupCore
import HookupEngine
import NIOCore

/// A connection of a soak: it sends messages of all sorts, checks every byte of what comes back, and after some number
/// of them closes and makes room for another.
///
/// `@unchecked Sendable`: touched on its shard's event loop only.
final class SoakPeer: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  private let redial: Redial
  private let messages: SoakMessages
  private var window: OutstandingWindow
  /// Where in the messages this connection begins.
  private let offset: UInt64
  private var left: Int
  private var hasClosed = false

  init(shard: LoadShard, redial: Redial, messages: SoakMessages, outstanding: Int) {
    self.shard = shard
    self.redial = redial
    self.messages = messages
    window = OutstandingWindow(limit: outstanding)
    offset = .random(in: 0..<UInt64(SoakMessages.count))
    left = .random(in: 1...2_000)
  }

  func start() {
    refill(at: NIODeadline.now().uptimeNanoseconds)
  }

  func oldestSentAt() -> UInt64? { window.oldestSentAt() }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    let now = NIODeadline.now().uptimeNanoseconds
    for frame in frames {
      guard let number = window.oldest(), let sentAt = window.close(number) else {
        shard.tally.errors.count(.unexpected, "a message came that nobody had sent")
        continue
      }
      if frame == messages[offset + number] {
        shard.tally.record(nanoseconds: now - sentAt)
      } else {
        shard.tally.errors.count(.mismatched, "message \(number) came back as another one")
      }
    }
    refill(at: now)
  }

  private func refill(at now: UInt64) {
    guard shard.isRunning, !hasClosed, let connection else { return }
    while left > 0, let number = window.open(at: now) {
      left -= 1
      connection.send(messages[offset + number], written: nil)
    }
    guard left == 0, window.outstanding == 0 else { return }
    hasClosed = true
    connection.close(code: 1000, reason: "")
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    shard.closed(self, reason, isExpected: hasClosed)
    redial.next(after: self)
  }
}
