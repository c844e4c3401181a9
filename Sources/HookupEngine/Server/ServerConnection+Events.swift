import HookupCore
import NIOCore

extension ServerConnection {
  /// What happens on this connection, in order, from ``ServerEvent/connected`` to ``ServerEvent/disconnected(_:)``,
  /// then the end. When the reading task is cancelled it ends after what has already arrived.
  ///
  /// Each event goes to one reader; one task at a time reads. Events that nobody reads wait up to
  /// ``ServerLimits/inboundEvents`` and ``ServerLimits/inboundBytes``; then the socket is not read any more.
  public var events: Events { Events(connection: self) }

  /// A sequence of ``ServerEvent``.
  public struct Events: AsyncSequence, Sendable {
    public typealias Element = ServerEvent
    public typealias Failure = Never
    let connection: ServerConnection

    public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

    /// Hands out a batch, all that had arrived, one by one; only between batches does it wait.
    public struct Iterator: AsyncIteratorProtocol {
      let connection: ServerConnection
      private var batch: [ServerEvent] = []
      private var index = 0

      init(connection: ServerConnection) {
        self.connection = connection
      }

      public mutating func next(
        isolation actor: isolated (any Actor)? = #isolation
      ) async -> ServerEvent? {
        if index == batch.count {
          batch = await connection.nextEvents(isolation: actor)
          index = 0
          guard !batch.isEmpty else { return nil }
        }
        defer { index += 1 }
        return batch[index]
      }
    }
  }

  /// Waits for events and takes those that are there; none when the connection is over and all were taken, or when the
  /// task is cancelled.
  func nextEvents(isolation: isolated (any Actor)? = #isolation) async -> [ServerEvent] {
    while true {
      let (events, isOver, mayResume, concludes) = state.withLock { state in
        let events = state.inbound.take()
        let concludes = events.isEmpty && state.isConclusionDue
        if concludes { state.isConclusionDue = false }
        return (events, state.hasSaidAll, !state.isReading && !state.inbound.isFull, concludes)
      }
      if mayResume { eventLoop.execute { self.updateReading() } }
      if concludes { eventLoop.execute { self.conclude() } }
      if !events.isEmpty { return state.withLock({ $0.session != nil }) ? taken(events) : events }
      if isOver || Task.isCancelled { return [] }
      await waitForEvents()
    }
  }

  private func waitForEvents(isolation: isolated (any Actor)? = #isolation) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.inbound.isEmpty || state.hasSaidAll || Task.isCancelled { return true }
          precondition(state.reader == nil, "two tasks read the events of one connection at once")
          state.reader = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.reader.take() }?.resume()
    }
  }

  /// On the event loop: the handler has come back for more after the client's last message, so its answers are all here.
  func conclude() {
    drain()
    state.withLock { $0.webSocket }?.conclude()
  }

  /// Appends events and wakes the reader, in one step.
  func deliver(_ events: [(event: ServerEvent, bytes: Int)], isLast: Bool = false) {
    guard !events.isEmpty || isLast else { return }
    let reader = state.withLock { state in
      for (event, bytes) in events { state.inbound.append(event, bytes: bytes) }
      return state.reader.take()
    }
    reader?.resume()
  }

  /// On the event loop: reads the socket, or stops reading it, as the queues have it now.
  func updateReading() {
    eventLoop.assertInEventLoop()
    if frameHandler != nil { return }
    let change: (any WebSocketConnection, Bool)? = state.withLock { state in
      // While closing, what arrives is dropped, and the client's close frame is waited for.
      let shouldRead =
        state.phase != .open
        || !(state.inbound.isFull || state.outbound.isClogged || state.session?.isAsking == true)
      guard shouldRead != state.isReading, let webSocket = state.webSocket else { return nil }
      state.isReading = shouldRead
      return (webSocket, shouldRead)
    }
    if let (webSocket, isReading) = change { webSocket.setReading(isReading) }
  }
}

extension ServerConnection.State {
  var isOver: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Whether what waits in ``inbound`` is all there will be.
  var hasSaidAll: Bool { isOver || session?.isFenced == true }
}
