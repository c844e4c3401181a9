import HookupCore
import NIOConcurrencyHelpers
import NIOCore

/// A WebSocket on a NIO channel, as those who use it hold it.
///
/// On the event loop an order goes straight to the handler. From elsewhere it waits in a mailbox that the event loop
/// empties in one go; an order given on the loop never overtakes one that waits.
final class ChannelWebSocketConnection: WebSocketConnection {
  enum Order: Sendable {
    case send(WireFrame, written: (@Sendable (Bool) -> Void)?)
    case sendEncoded(ByteBuffer)
    case close(CloseCode, reason: String)
    case abort
    case setReading(Bool)
  }

  private enum Link {
    /// The handler is not in its pipeline yet: orders wait. Can transition to up, gone.
    case notYet
    /// Can transition to gone.
    case up(WebSocketChannelHandler)
    /// Orders come to nothing.
    case gone
  }

  private struct Mailbox {
    var orders: [Order] = []
    var isCollectionDue = false
  }

  let eventLoop: any EventLoop
  let remoteAddress: SocketAddress?
  private let mailbox = NIOLockedValueBox(Mailbox())
  private let link: NIOLoopBoundBox<Link>

  init(channel: any Channel) {
    eventLoop = channel.eventLoop
    remoteAddress = channel.remoteAddress
    link = .makeBoxSendingValue(.notYet, eventLoop: channel.eventLoop)
  }

  func send(_ frame: WireFrame, written: (@Sendable (Bool) -> Void)?) {
    give(.send(frame, written: written))
  }

  func send(encoded frame: ByteBuffer) { give(.sendEncoded(frame)) }

  func close(code: UInt16, reason: String) {
    give(.close(CloseCode(rawValue: code), reason: reason))
  }

  func abort() { give(.abort) }

  func setReading(_ reading: Bool) { give(.setReading(reading)) }

  /// On the event loop, when the handler is in its pipeline.
  func connect(to handler: WebSocketChannelHandler) {
    link.value = .up(handler)
    collect()
  }

  /// On the event loop, when the connection is over.
  func disconnect() {
    link.value = .gone
    collect()
  }

  private func give(_ order: Order) {
    if eventLoop.inEventLoop {
      collect()
      if case .notYet = link.value {
        mailbox.withLockedValue { $0.orders.append(order) }
      } else {
        carryOut(order)
      }
      return
    }
    let isFirst = mailbox.withLockedValue { mailbox in
      mailbox.orders.append(order)
      defer { mailbox.isCollectionDue = true }
      return !mailbox.isCollectionDue
    }
    if isFirst { eventLoop.execute { self.collect() } }
  }

  private func collect() {
    if case .notYet = link.value { return }
    let orders = mailbox.withLockedValue { mailbox in
      mailbox.isCollectionDue = false
      defer { mailbox.orders = [] }
      return mailbox.orders
    }
    for order in orders { carryOut(order) }
  }

  private func carryOut(_ order: Order) {
    if case .up(let handler) = link.value {
      handler.carryOut(order)
    } else if case .send(_, let written?) = order {
      written(false)
    }
  }
}
