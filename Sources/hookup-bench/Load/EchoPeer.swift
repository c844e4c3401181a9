import HookupCore
import HookupEngine
import NIOCore

/// A connection that keeps so many messages outstanding at a server that sends each back, and checks that what comes is
/// what was sent: kind, length and number.
///
/// `@unchecked Sendable`: touched on its shard's event loop only.
final class EchoPeer: LoadPeer, @unchecked Sendable {
  let shard: LoadShard
  var connection: (any WebSocketConnection)?
  private var window: OutstandingWindow
  private var payload: ByteBuffer
  private let isBinary: Bool

  init(shard: LoadShard, outstanding: Int, bytes: Int, isBinary: Bool) {
    self.shard = shard
    self.isBinary = isBinary
    window = OutstandingWindow(limit: outstanding)
    payload = Stamp.payload(bytes: bytes)
  }

  func start() {
    refill(at: NIODeadline.now().uptimeNanoseconds)
  }

  func oldestSentAt() -> UInt64? { window.oldestSentAt() }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    let now = NIODeadline.now().uptimeNanoseconds
    for frame in frames { accept(frame, at: now) }
    refill(at: now)
  }

  private func accept(_ frame: WireFrame, at now: UInt64) {
    guard let number = window.oldest(), let sentAt = window.close(number) else {
      return shard.tally.errors.count(.unexpected, "a message came that nobody had sent")
    }
    let isSame =
      switch frame {
      case .text(let bytes): !isBinary && isEcho(bytes, of: number)
      case .binary(let bytes): isBinary && isEcho(bytes, of: number)
      }
    guard isSame else {
      return shard.tally.errors.count(.mismatched, "message \(number) came back as another one")
    }
    shard.tally.record(nanoseconds: now - sentAt)
  }

  @inline(__always)
  private func isEcho(_ bytes: ByteBuffer, of number: UInt64) -> Bool {
    bytes.readableBytes == payload.readableBytes
      && bytes.getInteger(at: bytes.readerIndex) == Stamp.word(number)
  }

  private func refill(at now: UInt64) {
    guard shard.isRunning, let connection else { return }
    while let number = window.open(at: now) {
      payload.setInteger(Stamp.word(number), at: 0)
      connection.send(isBinary ? .binary(payload) : .text(payload), written: nil)
    }
  }
}
