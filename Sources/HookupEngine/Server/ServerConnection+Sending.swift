import HookupCore
import NIOCore

extension ServerConnection {
  /// Sends a message; waits while the bytes that wait for this client are above the high mark, or while as many
  /// messages as may be in flight want an ack.
  ///
  /// Messages of one task arrive in the order of its calls. That it returns means that the message was taken, not that it
  /// arrived: for that, send `message.needsAck(within:)` and watch for ``ServerEvent/acknowledged(_:)`` or
  /// ``ServerEvent/ackFailed(_:)``.
  ///
  /// On a session with ``SessionOptions/replay`` the message goes into the session's outbox, and this is
  /// ``ServerSession/send(_:)``: it waits while that is full, and works when this connection has ended, for the client may have
  /// another one. Without a replay a session's messages want no acks.
  /// - Returns: the id under which the ack will be reported; nil for a message that wants none.
  /// - Throws: ``HookupError/Code/closed`` when the connection is closed or closing,
  ///   ``HookupError/Code/invalidArgument`` when its subprotocol cannot carry the message or acks, and
  ///   `CancellationError` when the task is cancelled while it waits. The message was then not sent.
  @discardableResult
  public func send(_ message: Message) async throws -> UInt64? {
    if let session = numberedSession {
      let receipt = try await session.send(message)
      return message.ackTimeout == nil ? nil : receipt.sequence
    }
    let prepared = try prepare(message)
    while true {
      if case .taken(let id) = try attempt(prepared) { return id }
      try await waitForRoom(wantsAck: message.ackTimeout != nil)
    }
  }

  /// Sends a message without ever waiting.
  /// - Returns: false when there is no room for it now; it was then not sent.
  /// - Throws: as ``send(_:)`` does.
  @discardableResult
  public func trySend(_ message: Message) throws(HookupError) -> Bool {
    if let session = numberedSession { return try session.trySend(message) }
    return if case .taken = try attempt(prepare(message)) { true } else { false }
  }

  /// The session that this connection belongs or belonged to; nil when its subprotocol has none, or its client has not said hello.
  /// It outlives the connection.
  public var session: ServerSession? { resumed }

  /// The same, if what is sent on it is numbered.
  var numberedSession: ServerSession? {
    guard let session = resumed, session.isNumbered else { return nil }
    return session
  }

  /// Closes: what was sent goes out first, then a close frame with `code` and `reason`; the client has
  /// ``ServerLimits/closeTimeout`` to answer. Returns at once; ``events`` end when it is done. Only the first call counts.
  ///
  /// `code` is one that ``CloseCode/isAllowedOnWire``, else 1000 is sent. A `reason` of more than 123 bytes is cut.
  public func close(_ code: CloseCode = .normal, reason: String = "") {
    sayCommitted()
    beginClosing(code, reason: reason, discardingQueued: false)
  }

  // MARK: One message

  enum Prepared {
    case frame(SendQueue.Item)
    /// Its id is known only when there is room, so it is encoded then.
    case wantsAck(Message, timeout: Duration)
  }

  enum Attempt {
    case taken(UInt64?)
    case full
  }

  private func prepare(_ message: Message) throws(HookupError) -> Prepared {
    guard let timeout = message.ackTimeout else {
      return .frame(.frame(try format.encode(.message(message.content))))
    }
    guard frameHandler == nil else {
      throw HookupError(
        .invalidArgument,
        "a connection that a frame handler serves awaits no acks: send without needsAck, and read the acks "
          + "from its frames with its format")
    }
    guard !(format is ResumeFormat) else {
      guard common.sessions?.options.replay.limits != nil else { throw HookupError.needsReplay }
      throw HookupError(.notConnected, "connection \(id) has not said whose session it is on yet")
    }
    guard format.carriesAcks else {
      throw HookupError(
        .invalidArgument,
        "the subprotocol \(quoted(subprotocol)) has no acks: send without needsAck, or let the client "
          + "offer a subprotocol that has them")
    }
    return .wantsAck(message, timeout: timeout)
  }

  private func attempt(_ prepared: Prepared) throws(HookupError) -> Attempt {
    let (outcome, needsDrain) = try state.withLock { state throws(HookupError) -> (Attempt, Bool) in
      guard state.phase == .open else { throw closedError(state) }
      guard state.outbound.hasRoom else { return (.full, false) }
      switch prepared {
      case .frame(let item):
        state.outbound.append(item)
        return (.taken(nil), state.scheduleDrain())
      case .wantsAck(let message, let timeout):
        guard let id = state.acks.add(message, timeout: timeout, now: .now) else {
          return (.full, false)
        }
        do throws(HookupError) {
          state.outbound.append(.frame(try format.encode(.ackRequest(id: id, message.content))))
        } catch {
          state.acks.withdraw(id)
          throw error
        }
        return (.taken(id), state.scheduleDrain())
      }
    }
    if needsDrain { eventLoop.execute { self.drain() } }
    return outcome
  }

  enum Enqueued {
    /// The caller has the event loop call ``ServerConnection/drain()``.
    case takenNeedsDrain
    case taken
    case full
    case closed

    var isTaken: Bool {
      switch self {
      case .taken, .takenNeedsDrain: true
      case .full, .closed: false
      }
    }
  }

  func confirm(_ id: UInt64) {
    guard let frame = try? format.encode(.ack(id: id)) else { return }
    let needsDrain = state.withLock { state in
      guard state.phase == .open else { return false }
      state.outbound.append(.frame(frame))
      return state.scheduleDrain()
    }
    if needsDrain { eventLoop.execute { self.drain() } }
  }

  private func closedError(_ state: borrowing State) -> HookupError {
    let why =
      if case .closed(let reason) = state.phase { "closed: \(reason)" } else { "closing" }
    return HookupError(.closed, "connection \(id) from \(request.remoteAddress) is \(why)")
  }

  // MARK: Waiting for room

  /// Waits until there may be room, or the connection is over; the caller tries again.
  func waitForRoom(wantsAck: Bool) async throws {
    let number = state.withLock { state in
      state.lastWriter += 1
      return state.lastWriter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          let hasRoom = state.outbound.hasRoom && !(wantsAck && state.acks.isFull)
          if state.phase != .open || hasRoom { return .success(()) }
          state.writers[number] = continuation
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let writer = state.withLock { $0.writers.removeValue(forKey: number) }
      writer?.resume(throwing: CancellationError())
    }
  }

  /// Lets those who wait try again.
  func wakeWriters() {
    let writers = state.withLock { state in
      guard !state.writers.isEmpty, state.phase != .open || state.outbound.hasRoom else {
        return [CheckedContinuation<Void, any Error>]()
      }
      defer { state.writers.removeAll() }
      return state.writers.sorted { $0.key < $1.key }.map(\.value)
    }
    for writer in writers { writer.resume() }
  }

  // MARK: On the event loop

  /// Hands what waits to the socket, all that several tasks sent meanwhile in one go.
  func drain() {
    eventLoop.assertInEventLoop()
    let (webSocket, items) = state.withLock { state in
      state.isDrainScheduled = false
      guard state.webSocket != nil else {
        return (nil, []) as ((any WebSocketConnection)?, [SendQueue.Item])
      }
      return (state.webSocket, state.outbound.take())
    }
    webSocket?.send(items)
    scheduleAckTimer()
    wakeWriters()
    updateReading()
  }

  func beginClosing(_ code: CloseCode, reason: String, discardingQueued: Bool) {
    let isFirst = state.withLock { state in
      guard state.phase == .open else { return false }
      state.phase = .closing
      if discardingQueued { state.outbound.removeAll() }
      return true
    }
    guard isFirst else { return }
    wakeWriters()
    eventLoop.execute { self.finishSending(code, reason: reason) }
  }

  /// The rest goes out whether the socket is full or not: it is bounded, and nothing comes after it but the close frame.
  private func finishSending(_ code: CloseCode, reason: String) {
    let (webSocket, items) = state.withLock { state in
      (state.webSocket, state.outbound.take(force: true))
    }
    webSocket?.send(items)
    updateReading()
    webSocket?.close(
      code: code.isAllowedOnWire ? code.rawValue : CloseCode.normal.rawValue,
      reason: cut(reason, toBytes: 123))
  }

  /// Drops the socket without a word.
  func abort() {
    state.withLock { $0.webSocket }?.abort()
  }
}

extension ServerConnection.State {
  /// Whether the caller is the one to have the event loop drain the queue.
  mutating func scheduleDrain() -> Bool {
    defer { isDrainScheduled = true }
    return !isDrainScheduled
  }
}

extension WebSocketConnection {
  fileprivate func send(_ items: [SendQueue.Item]) {
    for item in items {
      switch item {
      case .frame(let frame): send(frame, written: nil)
      case .encoded(let bytes): send(encoded: bytes)
      }
    }
  }
}

/// The longest beginning of `text` that is at most `limit` bytes of UTF-8 and cuts no character.
func cut(_ text: String, toBytes limit: Int) -> String {
  guard text.utf8.count > limit else { return text }
  var text = text
  while text.utf8.count > limit { text.removeLast() }
  return text
}
