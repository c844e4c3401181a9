import HookupCore
import NIOCore
import Synchronization

/// A WebSocket on a NIO channel, as those who use it hold it.
///
/// On the event loop an order goes straight to the handler. From elsewhere it waits in a mailbox that the event loop
/// empties in one go; an order given on the loop never overtakes one that waits.
final class ChannelWebSocketConnection: WebSocketConnection, @unchecked Sendable {
  enum Order: Sendable {
    case send(WireFrame, written: (@Sendable (Bool) -> Void)?)
    case sendEncoded(ByteBuffer)
    case close(CloseCode, reason: String)
    case abort
    case setReading(Bool)
    case conclude
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
  private let mailbox = Mutex(Mailbox())
  /// Whether the mailbox holds anything: spares the lock.
  private let hasMail = Atomic(false)
  /// Touched on the event loop only, and never while it changes.
  @exclusivity(unchecked) private var link = Link.notYet

  init(channel: any Channel) {
    eventLoop = channel.eventLoop
    remoteAddress = channel.remoteAddress
  }

  var facts: WebSocketFacts? {
    eventLoop.assertInEventLoop()
    return handlerHere?.facts()
  }

  func send(_ frame: WireFrame, written: (@Sendable (Bool) -> Void)?) {
    guard let handler = handlerHere else { return post(.send(frame, written: written)) }
    handler.send(frame, written: written)
  }

  func send(encoded frame: ByteBuffer) {
    guard let handler = handlerHere else { return post(.sendEncoded(frame)) }
    handler.send(encoded: frame)
  }

  func close(code: UInt16, reason: String) {
    give(.close(CloseCode(rawValue: code), reason: reason))
  }

  func abort() { give(.abort) }

  func setReading(_ reading: Bool) { give(.setReading(reading)) }

  func conclude() { give(.conclude) }

  /// On the event loop, when the handler is in its pipeline.
  func connect(to handler: WebSocketChannelHandler) {
    eventLoop.assertInEventLoop()
    link = .up(handler)
    collect()
  }

  /// On the event loop, when the connection is over.
  func disconnect() {
    eventLoop.assertInEventLoop()
    link = .gone
    collect()
  }

  /// The handler, when the caller is on its event loop and what others ordered before is done.
  private var handlerHere: WebSocketChannelHandler? {
    guard eventLoop.inEventLoop else { return nil }
    if hasMail.load(ordering: .acquiring) { collect() }
    guard case .up(let handler) = link else { return nil }
    return handler
  }

  private func give(_ order: Order) {
    guard let handler = handlerHere else { return post(order) }
    handler.carryOut(order)
  }

  private func post(_ order: Order) {
    if eventLoop.inEventLoop, case .gone = link { return refuse(order) }
    let isFirst = mailbox.withLock { mailbox in
      mailbox.orders.append(order)
      hasMail.store(true, ordering: .releasing)
      defer { mailbox.isCollectionDue = true }
      return !mailbox.isCollectionDue
    }
    if isFirst { eventLoop.execute { self.collect() } }
  }

  private func collect() {
    if case .notYet = link { return }
    let orders = mailbox.withLock { mailbox in
      mailbox.isCollectionDue = false
      hasMail.store(false, ordering: .releasing)
      defer { mailbox.orders = [] }
      return mailbox.orders
    }
    for order in orders {
      if case .up(let handler) = link { handler.carryOut(order) } else { refuse(order) }
    }
  }

  private func refuse(_ order: Order) {
    if case .send(_, let written?) = order { written(false) }
  }
}
