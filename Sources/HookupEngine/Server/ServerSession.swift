import HookupCore
import Logging
import NIOCore
import Synchronization

/// One client's session on a server, over all its connections: carries out what its ``SessionMachine`` decides. Decides nothing.
final class ServerSession: Sendable {
  let client: SessionID
  private let committer: SessionCommitter
  private let state: Mutex<State>

  fileprivate struct State: Sendable {
    var machine: SessionMachine
    var actions = ActionQueue<SessionMachine.Action>()
    /// The connection that the session is on, and the one whose hello is being judged.
    var current: ServerConnection?
    var candidate: ServerConnection?
    var deliveries = SessionDeliveries()
    /// The message that is being handled, and its size.
    var content: (Message.Content, bytes: Int)?
    /// What the current connection's handler is to hear of this round.
    var news: [(event: ServerEvent, bytes: Int)] = []
    /// Where the timer is, once there is one.
    var eventLoop: (any EventLoop)?
    var alarm = SessionAlarm()
  }

  init(
    _ client: SessionID, _ memory: SessionMemory, _ options: SessionOptions,
    maximumMessageBytes: Int, incarnation: UInt64, committer: SessionCommitter
  ) {
    self.client = client
    self.committer = committer
    var settings = SessionMachine.Settings()
    settings.maximumMessageBytes = maximumMessageBytes
    settings.receiveWindow = options.receiveWindow
    settings.staysAfterGivingUp = true
    settings.ackStallLimit = nil
    let resume = SessionMachine.Resume(
      role: .server, identity: SessionIdentity(client: client, epoch: 0), incarnation: incarnation,
      lastConnection: memory.lastConnection,
      refusals: memory.refusals.map {
        SessionHello.Refusal(sequence: $0.sequence, reason: $0.reason)
      })
    state = Mutex(
      State(
        machine: SessionMachine(
          settings: settings, window: SendWindow(nextSequence: 1, pending: []),
          random: RandomSource(seed: .random(in: .min ... .max)), resume: resume)))
  }

  // MARK: From the connections

  /// Takes a connection's hello. False when it was closed instead.
  func accept(
    _ connection: ServerConnection, _ hello: SessionHello, _ memory: SessionMemory
  ) -> Bool {
    state.withLock { state in
      state.candidate = connection
      defer { state.candidate = nil }
      state.feed(
        .hello(connection.number, hello, ReceiveWindow.Memory(memory.what)), self)
      let isTaken = state.current === connection
      state.finishRound(self)
      return isTaken
    }
  }

  /// What one read of `connection` brought. Of a connection that was fenced nothing counts.
  func receive(_ frames: [WireFrame], from connection: ServerConnection) {
    state.withLock { state in
      for frame in frames {
        guard state.current === connection else { break }
        do throws(ResumeFault) {
          try state.take(ResumeFormat.decode(frame), bytes: frame.bytes, self)
        } catch {
          state.leave(connection, code: error.code, reason: error.sentence, self)
        }
      }
      state.finishRound(self)
    }
  }

  func ended(_ connection: ServerConnection, _ reason: DisconnectReason) {
    state.withLock { state in
      guard state.current === connection else { return }
      state.forget(connection, code: reason.code, reason: reason.reason, self)
      state.finishRound(self)
    }
  }

  func settle(
    _ sequence: UInt64, _ verdict: SessionDeliveries.Verdict, from connection: ServerConnection
  ) {
    state.withLock { state in
      // What was delivered to an earlier connection comes again.
      guard state.current === connection else { return }
      switch verdict {
      case .confirmed(let refusal):
        state.deliveries.confirm(sequence, refusal: refusal, isDurable: false)
      case .committed(let refusal):
        state.deliveries.confirm(sequence, refusal: refusal, isDurable: true)
      case .failed(let error): state.feed(.commitFailed(error), self)
      }
      state.finishRound(self)
    }
  }

  /// What became of a cursor that the committer was given for `connection`.
  func committed(
    through sequence: UInt64, of connection: ServerConnection, _ failure: HookupError?
  ) {
    state.withLock { state in
      guard state.current === connection else { return }
      if let failure {
        state.feed(.commitFailed(failure), self)
      } else {
        state.deliveries.committed(through: sequence)
      }
      state.finishRound(self)
    }
  }

  /// Says what is committed without waiting for more: the connection is about to be closed.
  func sayCommitted(on connection: ServerConnection) {
    state.withLock { state in
      guard state.current === connection else { return }
      state.feed(.timer, at: .now + SessionMachine.Settings().ackDelay, self)
      state.finishRound(self)
    }
  }

  private func timerFired() {
    state.withLock { state in
      state.alarm.rang()
      state.feed(.timer, self)
      state.finishRound(self)
    }
  }
}

extension ServerSession.State {
  // MARK: Events

  /// The caller finishes the round.
  fileprivate mutating func feed(
    _ event: SessionMachine.Event, at now: MonotonicInstant = .now, _ session: ServerSession
  ) {
    machine.handle(event, at: now, into: &actions)
    while let action = actions.popFirst() { perform(action, session) }
  }

  fileprivate mutating func take(
    _ frame: ResumeFrame, bytes: Int, _ session: ServerSession
  ) throws(ResumeFault) {
    guard let number = current?.number else { return }
    switch frame {
    case .hello: throw ResumeFault(.protocolError, "a second hello")
    case .welcome: throw ResumeFault(.protocolError, "a welcome from a client")
    case .plain(let content): news.append((ServerEvent(content.detached), bytes))
    case .numbered(let message):
      content = (message.content, bytes)
      feed(
        .numbered(
          number, sequence: message.sequence, tag: message.tag,
          isRedelivered: message.isRedelivered), session)
      content = nil
    case .skip(let through, let tag, let reason):
      feed(.skipped(number, through: through, tag: tag, reason), session)
    case .ack(let through, let credit):
      feed(.acknowledged(number, through: through, credit: credit), session)
    case .nack(let sequence, let reason):
      feed(.rejected(number, sequence: sequence, reason: reason), session)
    case .bye(let bye): feed(.saidBye(number, bye), session)
    }
  }

  /// Closes the connection for what its client did.
  fileprivate mutating func leave(
    _ connection: ServerConnection, code: CloseCode, reason: String, _ session: ServerSession
  ) {
    // What it said before counts.
    advance(session)
    forget(connection, code: code, reason: reason, session)
    connection.beginClosing(code, reason: reason, discardingQueued: false)
  }

  /// The connection is over.
  fileprivate mutating func forget(
    _ connection: ServerConnection, code: CloseCode, reason: String, _ session: ServerSession
  ) {
    tell()
    detach(connection)
    feed(.closed(connection.number, code: code.rawValue, reason: reason), session)
  }

  private mutating func detach(_ connection: ServerConnection) {
    guard current === connection else { return }
    current = nil
    // What was not committed comes again.
    deliveries.removeAll()
  }

  // MARK: Actions

  private mutating func perform(
    _ action: SessionMachine.Action, _ session: ServerSession
  ) {
    switch action {
    case .frame(let number, let frame):
      guard let connection = connection(number) else { return }
      // It has an answer: it is what the session is on.
      if case .welcome = frame { current = connection }
      do {
        connection.enqueue(try ResumeFormat.encode(frame))
      } catch {
        connection.logger.error("a frame cannot be sent", metadata: ["error": "\(error)"])
      }
    case .deliver(let sequence, let tag, let isRedelivered):
      deliver(sequence, tag: tag, isRedelivered, session)
    case .pass(let through, let tag):
      deliveries.skip(through: through, tag: tag)
    case .close(let number, let code, let reason):
      close(number, CloseCode(rawValue: code), reason, session)
    case .abort(let number):
      close(number, .protocolError, "the session cannot be resumed", session)
    case .report(let report): tell(report)
    case .open, .setReading, .append, .refuse, .accept, .reject, .load, .transmit,
      .transmitNumbered, .renew, .discard, .settle, .finish:
      // Of a side that dials, or sends numbered messages.
      break
    }
  }

  private func connection(_ number: UInt64) -> ServerConnection? {
    if let candidate, candidate.number == number { return candidate }
    return current?.number == number ? current : nil
  }

  private mutating func deliver(
    _ sequence: UInt64, tag: UInt64, _ isRedelivered: Bool, _ session: ServerSession
  ) {
    guard let current, let (content, bytes) = content else { return }
    deliveries.deliver(sequence, tag: tag)
    let cursor = cursor(session, committed: sequence, tag: tag)
    let delivery = Delivery(
      id: "\(hex(cursor.epoch))/\(sequence)", sequence: sequence, isRedelivered: isRedelivered,
      cursor: cursor)
    let acknowledgement = Acknowledgement(id: sequence, delivery: delivery, connection: current)
    news.append((.request(content.detached, acknowledgement), bytes))
  }

  private func cursor(
    _ session: ServerSession, committed: UInt64, tag: UInt64
  ) -> SessionCursor {
    let resume = machine.session?.resume
    return SessionCursor(
      client: session.client, epoch: resume?.received.epoch ?? 0, committed: committed, tag: tag,
      connection: resume?.lastConnection ?? 0)
  }

  private mutating func close(
    _ number: UInt64, _ code: CloseCode, _ reason: String, _ session: ServerSession
  ) {
    guard let connection = connection(number) else { return }
    tell()
    detach(connection)
    connection.fence(code, reason: reason)
    // The socket's own end says nothing new.
    machine.handle(
      .closed(number, code: code.rawValue, reason: reason), at: .now, into: &actions)
  }

  private mutating func tell(_ report: SessionMachine.Report) {
    switch report {
    case .broken(let what):
      (current ?? candidate)?.logger.warning(
        "a session is broken", metadata: ["what": "\(what.message)"])
      news.append((.sessionBroken(what), 0))
    case .error(let error):
      (current ?? candidate)?.logger.error(
        "a session failed", metadata: ["error": "\(error)"])
      news.append((.error(error), 0))
    default: break
    }
  }

  // MARK: The end of a round

  fileprivate mutating func finishRound(_ session: ServerSession) {
    advance(session)
    tell()
    if let current { eventLoop = current.eventLoop }
    guard let eventLoop else { return }
    alarm.set(machine.nextDeadline, on: eventLoop) { session.timerFired() }
  }

  /// Tells the machine what is durable, and gives the store what may be committed.
  private mutating func advance(_ session: ServerSession) {
    while let (sequence, refusal) = deliveries.nextDurable() {
      if let refusal {
        feed(.refused(sequence, reason: refusal), session)
      } else {
        feed(.committed(through: sequence), session)
      }
    }
    guard let current,
      let cursor = deliveries.takeConfirmed(cursor(session, committed: 0, tag: 0))
    else { return }
    session.commit(cursor, of: current)
  }

  /// Hands the news to the handler.
  private mutating func tell() {
    guard !news.isEmpty else { return }
    current?.deliver(news)
    news.removeAll(keepingCapacity: true)
  }
}

extension ServerSession {
  fileprivate func commit(_ cursor: SessionCursor, of connection: ServerConnection) {
    committer.commit(cursor, of: connection, in: self)
  }
}

extension ServerConnection {
  fileprivate var number: UInt64 { id.number }
}

extension ReceiveWindow.Memory {
  fileprivate init(_ what: SessionMemory.What) {
    self =
      switch what {
      case .committed(let number, let tag): .committed(number, tag: tag)
      case .nothing: .nothing
      case .superseded: .superseded
      default: .unknown
      }
  }
}

/// A session's timer, from whatever thread it is set: it rings at the earliest deadline it was told, and looks again.
private struct SessionAlarm: Sendable {
  private var at: MonotonicInstant?
  private var scheduled: Scheduled<Void>?

  /// An alarm that is early costs one look; one that is late is replaced.
  mutating func set(
    _ deadline: MonotonicInstant?, on eventLoop: any EventLoop, ring: @escaping @Sendable () -> Void
  ) {
    guard let deadline else {
      scheduled?.cancel()
      scheduled = nil
      at = nil
      return
    }
    if let at, at <= deadline { return }
    scheduled?.cancel()
    at = deadline
    scheduled = eventLoop.scheduleTask(deadline: NIODeadline(deadline), ring)
  }

  mutating func rang() {
    at = nil
    scheduled = nil
  }
}
