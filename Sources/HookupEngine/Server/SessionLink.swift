import HookupCore
import NIOCore

/// What a connection that speaks `hookup.resume.v1` knows of its session. Under the lock of ``ServerConnection/State``.
final class SessionLink {
  enum Phase {
    /// Can transition to asking.
    case awaitingHello
    /// The store is being asked; nothing is read. Can transition to resumed.
    case asking(SessionHello)
    case resumed(ServerSession)
  }

  var phase = Phase.awaitingHello
  /// What came with the hello, behind it.
  var held: [WireFrame] = []
  /// The task that waits for the hello.
  var waiter: CheckedContinuation<Void, Never>?
  var timer: Scheduled<Void>?
  /// The handler was told that it is over: nothing it says counts, and nothing is delivered any more.
  var isFenced = false
  /// The session that is held in the registry for this connection.
  var acquired: ServerSession?

  var isAsking: Bool {
    if case .asking = phase { true } else { false }
  }
}

extension ServerConnection {
  var speaksSession: Bool { state.withLock { $0.session != nil } }

  /// On the event loop, when the connection is attached.
  func scheduleHelloTimer() {
    guard let timeout = common.sessions?.options.helloTimeout else { return }
    state.withLock { state in
      state.session?.timer = eventLoop.scheduleTask(in: TimeAmount(timeout)) {
        self.closeSilent(timeout)
      }
    }
  }

  private func closeSilent(_ timeout: Duration) {
    let isSilent = state.withLock { state in
      if case .awaitingHello = state.session?.phase { true } else { false }
    }
    guard isSilent else { return }
    beginClosing(
      .policyViolation, reason: "no hello within \(timeout.wholeMilliseconds) ms",
      discardingQueued: false)
  }

  /// On the event loop: what a read brought.
  func receive(ofSession frames: [WireFrame]) {
    enum Step {
      case greet
      case feed(ServerSession)
      case nothing
    }
    let step: Step = state.withLock { state in
      guard state.phase == .open, let link = state.session else { return .nothing }
      switch link.phase {
      case .awaitingHello: return .greet
      case .asking:
        link.held += frames
        return .nothing
      case .resumed(let session): return .feed(session)
      }
    }
    switch step {
    case .greet: greet(frames)
    case .feed(let session):
      session.receive(frames, from: self)
      drain()
    case .nothing: break
    }
  }

  /// The first frame must be a hello; while the store is asked for what it remembers, nothing more is read.
  private func greet(_ frames: [WireFrame]) {
    guard let first = frames.first else { return }
    do throws(ResumeFault) {
      guard case .hello(let hello) = try ResumeFormat.decode(first) else {
        throw ResumeFault(.protocolError, "the first frame is not a hello")
      }
      let waiter = state.withLock { state in
        state.session?.phase = .asking(hello)
        state.session?.held = Array(frames.dropFirst())
        state.session?.timer.take()?.cancel()
        return state.session?.waiter.take()
      }
      updateReading()
      waiter?.resume()
    } catch {
      beginClosing(error.code, reason: error.sentence, discardingQueued: false)
    }
  }

  /// Waits for the hello and resumes the session. False when the connection ended, or is about to.
  func resume(in sessions: SessionRegistry) async -> Bool {
    guard let hello = await hello(), let client = hello.client else { return false }
    let memory: SessionMemory
    do {
      memory = try await sessions.options.store.memory(of: client, epoch: hello.sending.epoch)
    } catch {
      logger.error("the session store failed", metadata: ["error": "\(error)"])
      beginClosing(.overloaded, reason: "the store failed", discardingQueued: false)
      return false
    }
    do throws(HookupError) {
      guard
        let session = try await sessions.acquire(
          client, memory, after: hello.receiving.epoch)
      else {
        beginClosing(.overloaded, reason: "too many sessions", discardingQueued: false)
        return false
      }
      state.withLock { $0.session?.acquired = session }
      try await session.outbox?.makeDurable()
      return await begin(session, hello, memory, in: sessions)
    } catch {
      logger.error("a session's outbox failed", metadata: ["error": "\(error)"])
      beginClosing(.overloaded, reason: "the store failed", discardingQueued: false)
      release(from: sessions)
      return false
    }
  }

  private func begin(
    _ session: ServerSession, _ hello: SessionHello, _ memory: SessionMemory,
    in sessions: SessionRegistry
  ) async -> Bool {
    let isResumed = try? await eventLoop.submit { self.begin(session, hello, memory) }.get()
    if isResumed != true { release(from: sessions) }
    return isResumed == true
  }

  /// Lets the registry forget the session when it must.
  func release(from sessions: SessionRegistry?) {
    guard let session = state.withLock({ $0.session?.acquired.take() }) else { return }
    sessions?.release(session)
  }

  private func hello() async -> SessionHello? {
    while true {
      let (hello, isOver) = state.withLock { state -> (SessionHello?, Bool) in
        if case .asking(let hello) = state.session?.phase { return (hello, state.isOver) }
        return (nil, state.isOver)
      }
      if isOver { return nil }
      if let hello { return hello }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          guard !state.isOver, case .awaitingHello = state.session?.phase else { return true }
          state.session?.waiter = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }

  /// The session that it is on, or was.
  var resumed: ServerSession? {
    state.withLock { if case .resumed(let session) = $0.session?.phase { session } else { nil } }
  }

  /// On the event loop: goes on with the session, and with what came behind the hello.
  private func begin(
    _ session: ServerSession, _ hello: SessionHello, _ memory: SessionMemory
  ) -> Bool {
    guard state.withLock({ $0.phase == .open }), session.accept(self, hello, memory) else {
      return false
    }
    let held = state.withLock { state in
      defer { state.session?.held = [] }
      state.session?.phase = .resumed(session)
      return state.session?.held ?? []
    }
    if !held.isEmpty { session.receive(held, from: self) }
    drain()
    return true
  }

  /// The end of the connection, before anybody is told.
  func leaveSession(_ reason: DisconnectReason) {
    let session: ServerSession? = state.withLock { state in
      state.session?.timer.take()?.cancel()
      state.session?.held = []
      guard case .resumed(let session) = state.session?.phase else { return nil }
      return session
    }
    session?.ended(self, reason)
  }

  /// The connection is about to be closed from this side.
  func sayCommitted() {
    resumed?.sayCommitted(on: self)
  }

  /// What a handler says of a session's message.
  func settle(_ sequence: UInt64, _ verdict: SessionDeliveries.Verdict) {
    resumed?.settle(sequence, verdict, from: self)
  }

  /// Ends it here and now: the handler sees the end before anything else of its session can happen.
  func fence(_ code: CloseCode, reason: String) {
    beginClosing(code, reason: reason, discardingQueued: code == .superseded)
    let isFirst = state.withLock { state in
      guard let link = state.session, !link.isFenced, !state.isOver else { return false }
      state.inbound.append(
        .disconnected(DisconnectReason(code: code, reason: reason, byPeer: false)), bytes: 0)
      link.isFenced = true
      return true
    }
    if isFirst { deliver([], isLast: true) }
  }

  /// Queues a frame of the session. What a session says is bounded by what its client sends, and while it is not taken the client
  /// is not read.
  func enqueue(_ frame: WireFrame) {
    let needsDrain = state.withLock { state in
      guard state.phase == .open else { return false }
      state.outbound.append(.frame(frame))
      return state.scheduleDrain()
    }
    if needsDrain { eventLoop.execute { self.drain() } }
  }

  /// The handler has taken these events. With ``AcknowledgementPolicy/onReceipt`` that confirms them.
  func taken(_ events: [ServerEvent]) -> [ServerEvent] {
    guard policy == .onReceipt else { return events }
    return events.map { event in
      guard case .request(let content, let acknowledgement) = event else { return event }
      acknowledgement.confirm()
      return ServerEvent(content)
    }
  }
}

extension CloseCode {
  /// A newer connection of the same client has taken its place.
  static let superseded = CloseCode(rawValue: 4009)
  /// The server stops and comes back: see the `bye` before it.
  static let restarting = CloseCode(rawValue: 4112)
  /// The server cannot take more now: come back later.
  static let overloaded = CloseCode(rawValue: 4113)
}
