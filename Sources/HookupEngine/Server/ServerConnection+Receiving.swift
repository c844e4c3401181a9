import HookupCore
import NIOCore

/// What the WebSocket says, on its event loop.
extension ServerConnection: WebSocketDelegate {
  /// Before anything is received: `webSocket` is what this connection is, on the wire.
  func attach(_ webSocket: any WebSocketConnection) {
    eventLoop.assertInEventLoop()
    let (drains, isClosing) = state.withLock { state in
      state.webSocket = webSocket
      state.lastMessage = .now
      return (!state.outbound.isEmpty, state.phase != .open)
    }
    assert(!isClosing, "a connection is attached before anybody knows it")
    if drains { drain() }
    scheduleIdleTimer()
    scheduleHelloTimer()
  }

  package func webSocket(
    _ connection: any WebSocketConnection, received frames: [WireFrame]
  ) {
    if let frameHandler { return serve(frames, with: frameHandler) }
    let now = idleTimeout == nil ? MonotonicInstant.zero : .now
    var events: [(event: ServerEvent, bytes: Int)] = []
    events.reserveCapacity(frames.count)
    var settlesAcks = false
    let (isOpen, isSession) = state.withLock { state in
      state.lastMessage = now
      return (state.phase == .open, state.session != nil)
    }
    if isSession { return receive(ofSession: frames) }
    for frame in frames {
      switch format.decode(frame) {
      case .message(let content):
        if isOpen { events.append((ServerEvent(content.detached), frame.bytes)) }
      case .ackRequest(let id, let content):
        // While closing nothing is delivered, so nothing is acked: the sender keeps it.
        guard isOpen else { continue }
        switch policy {
        case .onReceipt:
          acknowledge(id)
          events.append((ServerEvent(content.detached), frame.bytes))
        case .byHandler:
          let acknowledgement = Acknowledgement(id: id, connection: self)
          events.append((.request(content.detached, acknowledgement), frame.bytes))
        }
      case .ack(let id):
        guard state.withLock({ $0.acks.acknowledge(id) }) != nil else { continue }
        settlesAcks = true
        events.append((.acknowledged(id), 0))
      @unknown default: continue
      }
    }
    deliver(events)
    if settlesAcks { wakeWriters() }
    drain()
  }

  /// The handler gets the chance to answer what came before the client's close frame: it has, when it waits for the next event.
  package func webSocketHeardLast(_ connection: any WebSocketConnection) {
    let isAnswered = state.withLock { state in
      let isAnswered =
        frameHandler != nil || state.reader != nil && state.tasks?.inbound.isEmpty == true
      state.isConclusionDue = !isAnswered
      return isAnswered
    }
    if isAnswered { conclude() }
  }

  /// Queues an ack; the caller drains.
  private func acknowledge(_ id: UInt64) {
    guard let frame = try? format.encode(.ack(id: id)) else { return }
    state.withLock { $0.outbound.append(.frame(frame)) }
  }

  package func webSocket(
    _ connection: any WebSocketConnection, becameWritable isWritable: Bool
  ) {
    state.withLock { state in
      state.outbound.isSocketWritable = isWritable
      state.stallTimer.take()?.cancel()
      if !isWritable {
        state.stallTimer = eventLoop.scheduleTask(in: TimeAmount(limits.stallTimeout)) {
          self.closeStalled()
        }
      }
    }
    if isWritable { drain() }
    resumed?.becameWritable(isWritable, on: self)
    // Its answers must not pile up without bound.
    if frameHandler != nil { connection.setReading(isWritable) }
  }

  private func closeStalled() {
    logger.info("closing: the client does not read what is sent to it")
    beginClosing(.slowConsumer, reason: "slow consumer", discardingQueued: true)
  }

  package func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {
    state.withLock { $0.roundTrip = roundTrip }
  }

  package func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {
    state.withLock { $0.isStalled = isStalled }
  }

  package func webSocket(
    _ connection: any WebSocketConnection, closed reason: WebSocketCloseReason
  ) {
    let reason = DisconnectReason(
      code: CloseCode(rawValue: reason.code), reason: reason.reason, byPeer: reason.byPeer)
    leaveSession(reason)
    let (unacked, violation, mourners, isTold) = state.withLock { state in
      let violation = state.phase == .open ? Self.violation(reason) : nil
      state.phase = .closed(reason)
      state.webSocket = nil
      state.outbound.removeAll()
      for timer in [
        state.tasks?.ackTimer.take()?.task, state.idleTimer.take(), state.stallTimer.take(),
      ] {
        timer?.cancel()
      }
      let mourners = state.mourners
      if state.tasks != nil { state.mourners = [] }
      return (
        state.tasks?.acks.removeAll() ?? [], violation, mourners, state.session?.isFenced ?? false
      )
    }
    common.registry.remove(self)
    state.withLock({ $0.session?.waiter.take() })?.resume()
    defer {
      wakeWriters()
      for mourner in mourners { mourner.resume() }
    }
    // Whoever waits for events sees that there are none any more.
    if isTold { return deliver([], isLast: true) }
    if let frameHandler { return frameHandler.closed(self, reason) }
    var events = unacked.map { (event: ServerEvent.ackFailed($0), bytes: 0) }
    if let violation { events.append((.error(violation), 0)) }
    events.append((.disconnected(reason), 0))
    deliver(events)
  }

  /// What the client did wrong when the WebSocket layer, not the handler, closed.
  private static func violation(_ reason: DisconnectReason) -> HookupError? {
    guard !reason.byPeer else { return nil }
    switch reason.code {
    case .messageTooBig:
      return HookupError(
        .messageTooBig, "the client sent a message beyond maximumMessageBytes: \(reason.reason)")
    case .protocolError, .invalidData, .unsupportedData:
      return HookupError(.protocolViolation, "the client broke the protocol: \(reason.reason)")
    default: return nil
    }
  }

  /// Waits until the connection is over; not cancellable, bounded by the close timeout once it is closing.
  func waitUntilClosed() async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isOver = state.withLock { state in
        if state.isOver { return true }
        state.mourners.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }
}

extension ServerEvent {
  init(_ content: Message.Content) {
    switch content {
    case .text(let text): self = .text(text)
    case .json(let json): self = .json(json)
    case .binary(let bytes): self = .binary(bytes)
    @unknown default: self = .error(HookupError(.invalidArgument, "a message of an unknown kind"))
    }
  }
}

extension CloseCode {
  /// The client reads too slowly for what is sent to it.
  public static let slowConsumer = CloseCode(rawValue: 4108)
}

extension WireFrame {
  var bytes: Int {
    switch self {
    case .text(let buffer), .binary(let buffer): buffer.readableBytes
    }
  }
}
