import HookupCore
import HookupEngine
import NIOCore

/// A connection that keeps so many `ack_request`s outstanding and takes the acks, in any order.
///
/// `@unchecked Sendable`: touched on its shard's event loop only.
final class AckedPeer: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  private var window: OutstandingWindow
  private var template: AckRequestTemplate

  init(shard: LoadShard, outstanding: Int, bytes: Int) {
    self.shard = shard
    window = OutstandingWindow(limit: outstanding)
    template = AckRequestTemplate(bytes: bytes)
  }

  func start() {
    refill(at: NIODeadline.now().uptimeNanoseconds)
  }

  func oldestSentAt() -> UInt64? { window.oldestSentAt() }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    let now = NIODeadline.now().uptimeNanoseconds
    for frame in frames {
      if let id = AckFrame.id(in: frame), let sentAt = window.close(id) {
        shard.tally.record(nanoseconds: now - sentAt)
      } else {
        shard.tally.errors.count(.unexpected, "something came that acks nothing outstanding")
      }
    }
    refill(at: now)
  }

  private func refill(at now: UInt64) {
    guard shard.isRunning, let connection else { return }
    // The window's numbers are the template's ids: both count up from 1.
    while window.open(at: now) != nil {
      connection.send(.text(template.next()), written: nil)
    }
  }
}
