import HookupCore
import Synchronization

extension ServerSession {
  /// Puts a message into the session's outbox, from where it goes in order, on the connection of the moment or on a later one. Returns
  /// when it is there, durable as ``SessionOptions/replay`` says.
  ///
  /// From any task; those of one task keep their order. Works while the client is away, and through the session of a connection that
  /// has ended. ``Message/needsAck(within:)`` brings ``ServerEvent/acknowledged(_:)`` with the receipt's number, or
  /// ``ServerEvent/ackFailed(_:)`` with the message when its time is over, to whatever connection the client has then; the message
  /// stays and goes again.
  /// - Throws: ``HookupError/Code/invalidArgument`` without a replay, ``HookupError/Code/bufferFull`` by configuration,
  ///   ``HookupError/Code/messageTooBig``, ``HookupError/Code/storage``, ``HookupError/Code/closed`` when the session was let go or
  ///   the server stops; `CancellationError` when cancelled while it waited for room.
  @discardableResult
  public func send(_ message: Message) async throws -> SendReceipt {
    try Task.checkCancellation()
    try checkNumbered()
    let entry = OutboxEntry(sequence: 0, message: message)
    let ticket = nextTicket()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        submit(ticket, entry) { continuation.resume(with: $0) }
        // Cancelled before there was anything to withdraw.
        if Task.isCancelled { cancel(ticket) }
      }
    } onCancel: {
      cancel(ticket)
    }
  }

  /// Puts a message into the session's outbox without ever waiting, also for the disk: that it could not be stored is told by
  /// ``ServerEvent/error(_:)``.
  /// - Returns: false when there is no room for it now; it was then not sent.
  /// - Throws: as ``send(_:)`` does.
  @discardableResult
  public func trySend(_ message: Message) throws(HookupError) -> Bool {
    try checkNumbered()
    let ticket = nextTicket()
    let refusal = Refusal()
    submit(ticket, OutboxEntry(sequence: 0, message: message)) { [refusal] in
      if case .failure(let error) = $0 { refusal.error.withLock { $0 = error as? HookupError } }
    }
    if cancel(ticket) { return false }
    guard let error = refusal.error.withLock({ $0 }) else { return true }
    if error.code == .bufferFull { return false }
    throw error
  }

  /// Returns when the message is delivered: confirmed by the client, and that is durable there if the client's outbox is.
  /// - Parameter receipt: of this session; one whose number it has not given is ``HookupError/Code/invalidArgument``.
  /// - Throws: ``HookupError/Code/refused`` when it was given up, with the reason; ``HookupError/Code/closed`` when the session was
  ///   let go or the server stops; `CancellationError`. Of a message that failed long ago (more than 1,024 failures) nothing is
  ///   known any more.
  public func delivered(_ receipt: SendReceipt) async throws {
    let ticket = nextTicket()
    let sequence = receipt.sequence
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        state.withLock { state in
          state.desk.awaitDelivery(
            sequence, ticket, in: state.machine.window, end: state.end, waiter)
        }
        if Task.isCancelled { state.withLock { $0.desk.stopAwaiting(sequence, ticket) } }
      }
    } onCancel: {
      state.withLock { $0.desk.stopAwaiting(sequence, ticket) }
    }
  }

  /// What waits for the client. Its limits are those of ``SessionOptions/replay``.
  public var backlog: BacklogStatus {
    state.withLock { state in
      var backlog = state.machine.backlog
      backlog.fileBytes = outbox?.storage.fileBytes
      return backlog
    }
  }

  /// Whether the client is connected.
  public var isConnected: Bool { state.withLock { $0.current != nil } }

  // MARK: The end

  /// Nobody waits any more: neither for room nor for receipts. What is in the outbox stays.
  func stopWaiting(_ error: HookupError) {
    state.withLock { $0.stopWaiting(error, self) }
  }

  /// Takes nothing any more, and lets go of the outbox. No connection has the session, or will.
  func end(completion: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.isOver = true
      state.stopWaiting(
        HookupError(
          .closed,
          "the session was let go: its client has been away too long, or the server has stopped"
        ), self)
      state.finishRound(self)
    }
    guard let outbox else { return completion() }
    outbox.close(completion: completion)
  }

  // MARK: One message

  private final class Refusal: Sendable {
    let error = Mutex<HookupError?>(nil)
  }

  private func nextTicket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

  private func checkNumbered() throws(HookupError) {
    guard !isNumbered else { return }
    throw HookupError.needsReplay
  }

  private func submit(
    _ ticket: UInt64, _ entry: OutboxEntry, _ acceptance: @escaping OutboxDesk.Acceptance
  ) {
    state.withLock { state in
      if state.isOver, let end = state.end { return acceptance(.failure(end)) }
      state.desk.submit(ticket, OutboxDesk.Submission(entry: entry, acceptance: acceptance))
      let timeout = entry.ackTimeoutMilliseconds
      state.feed(
        .submitted(
          ticket, bytes: entry.payload.readableBytes,
          ackTimeout: timeout == 0 ? nil : .milliseconds(timeout)), self)
      // One that would wait for room cannot, once nobody waits.
      if let end = state.end { state.stopWaiting(end, self) }
      state.finishRound(self)
    }
  }

  /// Takes back what has no number yet. False when it has one, or was refused.
  @discardableResult
  private func cancel(_ ticket: UInt64) -> Bool {
    let submission = state.withLock { state in
      let submission = state.desk.cancel(ticket)
      if submission != nil {
        state.feed(.cancelled(ticket), self)
        state.finishRound(self)
      }
      return submission
    }
    submission?.acceptance(.failure(CancellationError()))
    return submission != nil
  }
}

extension ServerSession.State {
  fileprivate mutating func stopWaiting(_ error: HookupError, _ session: ServerSession) {
    end = error
    for ticket in desk.submissions.keys.sorted() { feed(.cancelled(ticket), session) }
    desk.refuseAll(error)
    desk.endReceipts(error)
  }
}

extension HookupError {
  /// A numbered message, where none is kept.
  static var needsReplay: HookupError {
    HookupError(
      .invalidArgument,
      "this server keeps no messages for its sessions: set SessionOptions.replay to .memory or .journal, or send "
        + "without needsAck")
  }
}
