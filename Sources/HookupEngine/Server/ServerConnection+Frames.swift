import HookupCore
import NIOCore

/// Frames as they are, for a ``FrameHandler``.
extension ServerConnection {
  /// Answers with a frame. Within this connection's ``FrameHandler/received(_:from:)`` it is always taken while the connection is
  /// open: how much can wait is bounded by what one read brought, for while more waits than
  /// ``ServerLimits/sendBufferHighBytes`` the client is not read. Anywhere else it is ``trySend(frame:)``.
  /// - Returns: whether it was taken; false when the connection is closed or closing.
  @discardableResult
  public func reply(_ frame: WireFrame) -> Bool {
    guard eventLoop.inEventLoop else { return trySend(frame: frame) }
    let (outcome, webSocket) = state.withLock {
      state -> (Enqueued, (any WebSocketConnection)?) in
      guard state.phase == .open else { return (.closed, nil) }
      guard state.isServingFrames || state.outbound.hasRoom else { return (.full, nil) }
      // What waits from elsewhere goes first.
      if state.outbound.isEmpty, let webSocket = state.webSocket { return (.taken, webSocket) }
      state.outbound.append(.frame(frame))
      return (state.scheduleDrain() ? .takenNeedsDrain : .taken, nil)
    }
    webSocket?.send(frame, written: nil)
    if case .takenNeedsDrain = outcome { eventLoop.execute { self.drain() } }
    return outcome.isTaken
  }

  /// Sends a frame if there is room for it. From any task; the frames of one task keep their order.
  /// - Returns: whether it was taken; false when too much waits already, or the connection is closed or closing.
  @discardableResult
  public func trySend(frame: WireFrame) -> Bool {
    let (isTaken, needsDrain) = state.withLock { state in
      guard state.phase == .open, state.outbound.hasRoom else { return (false, false) }
      state.outbound.append(.frame(frame))
      return (true, state.scheduleDrain())
    }
    if needsDrain { eventLoop.execute { self.drain() } }
    return isTaken
  }

  /// Queues bytes that are a frame already, or writes them where that is possible at once.
  func send(encoded frame: ByteBuffer) -> Enqueued {
    let isHere = eventLoop.inEventLoop
    let (outcome, webSocket) = state.withLock {
      state -> (Enqueued, (any WebSocketConnection)?) in
      guard state.phase == .open else { return (.closed, nil) }
      guard state.outbound.hasRoom else { return (.full, nil) }
      if isHere, state.outbound.isEmpty, let webSocket = state.webSocket {
        return (.taken, webSocket)
      }
      state.outbound.append(.encoded(frame))
      return (state.scheduleDrain() ? .takenNeedsDrain : .taken, nil)
    }
    webSocket?.send(encoded: frame)
    return outcome
  }

  /// On the event loop: what a read brought, for the frame handler.
  func serve(_ frames: [WireFrame], with handler: any FrameHandler) {
    let isOpen = state.withLock { state in
      if idleTimeout != nil { state.lastMessage = .now }
      state.isServingFrames = state.phase == .open
      return state.isServingFrames
    }
    guard isOpen else { return }
    handler.received(frames, from: self)
    state.withLock { $0.isServingFrames = false }
  }
}

extension HookupServer {
  /// Sends a frame to every connection of a list that the caller keeps, without waiting. It is encoded once. Called on an event
  /// loop, connections of that loop get it at once.
  /// - Parameters:
  ///   - sender: one of the list that does not get it.
  ///   - closesSlow: what happens to clients that have no room for it: true closes them with 4108 "slow consumer", false
  ///     leaves them out, and says so in ``BroadcastOutcome/missed``.
  @discardableResult
  public static func broadcast(
    _ frame: WireFrame, to connections: [ServerConnection], except sender: ServerConnection? = nil,
    closesSlow: Bool = true
  ) -> BroadcastOutcome {
    let bytes = WebSocketFrameEncoder.encode(frame)
    var outcome = BroadcastOutcome()
    var drains = Drains()
    for connection in connections where connection !== sender {
      switch connection.send(encoded: bytes) {
      case .taken: outcome.taken += 1
      case .takenNeedsDrain:
        outcome.taken += 1
        drains.add(connection)
      case .full:
        outcome.missed.append(connection.id)
        guard closesSlow else { continue }
        connection.beginClosing(.slowConsumer, reason: "slow consumer", discardingQueued: true)
      case .closed: break
      }
    }
    drains.run()
    return outcome
  }

  /// Connections whose queues are to be drained: one wake-up for each event loop.
  struct Drains {
    private var byLoop: [ObjectIdentifier: (loop: any EventLoop, connections: [ServerConnection])] =
      [:]

    mutating func add(_ connection: ServerConnection) {
      let loop = connection.eventLoop
      byLoop[ObjectIdentifier(loop), default: (loop, [])].connections.append(connection)
    }

    func run() {
      for (loop, connections) in byLoop.values {
        loop.execute { for connection in connections { connection.drain() } }
      }
    }
  }
}
