import HookupCore
import Logging
import NIOCore
import Synchronization

/// One client's session on a server, over all its connections: see ``ServerConnection/session`` and ``HookupServer/session(_:)``.
///
/// It lives as long as the server holds it: while its client is connected, and then as ``SessionOptions/maximumSessions`` and
/// ``ReplayLimits/keepFor`` say. After that `send` throws ``HookupError/Code/closed``; a client that comes back has another one.
public final class ServerSession: Sendable {
  // Carries out what its `SessionMachine` decides; decides nothing.

  /// The client's installation: a secret between it and the server.
  public let client: SessionID
  /// Whether what is sent is numbered, and waits for the client: ``SessionOptions/replay`` is not ``SessionReplay/none``.
  public let isNumbered: Bool
  let outbox: SessionOutbox?
  let logger: Logger
  let tickets = Atomic<UInt64>(0)
  private let committer: SessionCommitter
  let state: Mutex<State>

  struct State: Sendable {
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
    /// Callers of `send`, and what is between them, the outbox and the wire.
    var desk = OutboxDesk()
    /// The numbers whose ack the handler is told of.
    var awaited: Set<UInt64> = []
    /// Why nobody waits any more, once that is so.
    var end: HookupError?
    /// Nothing is taken any more.
    var isOver = false
  }

  init(
    _ client: SessionID, _ memory: SessionMemory, _ options: SessionOptions,
    _ outbox: SessionOutbox?,
    _ limits: ServerLimits, incarnation: UInt64, committer: SessionCommitter, logger: Logger
  ) {
    self.client = client
    self.committer = committer
    self.outbox = outbox
    self.logger = logger
    isNumbered = outbox != nil
    var settings = SessionMachine.Settings()
    settings.maximumMessageBytes = limits.maximumMessageBytes
    settings.inFlightMessages = limits.messagesInFlight
    if let replay = options.replay.limits {
      settings.maximumMessages = replay.maximumMessages
      settings.maximumBytes = replay.maximumBytes
      settings.whenFull = replay.whenFull == .wait ? .wait : .refuse
    }
    settings.receiveWindow = options.receiveWindow
    settings.staysAfterGivingUp = true
    settings.ackStallLimit = nil
    let resume = SessionMachine.Resume(
      role: .server, identity: outbox?.identity ?? SessionIdentity(client: client, epoch: 0),
      incarnation: incarnation,
      lastConnection: memory.lastConnection,
      refusals: memory.refusals.map {
        SessionHello.Refusal(sequence: $0.sequence, reason: $0.reason)
      })
    let recovered = outbox?.storage.recovered ?? OutboxRecovery()
    var initial = State(
      machine: SessionMachine(
        settings: settings, window: SendWindow(recovered),
        random: RandomSource(seed: .random(in: .min ... .max)), resume: resume))
    for entry in recovered.pending where entry.ackTimeout != nil {
      initial.awaited.insert(entry.sequence)
    }
    state = Mutex(initial)
  }

  // MARK: From the connections

  /// Takes a connection's hello. False when it was closed instead.
  func accept(
    _ connection: ServerConnection, _ hello: SessionHello, _ memory: SessionMemory
  ) -> Bool {
    state.withLock { state in
      guard !state.isOver, outbox?.isDirty != true else {
        // Let go, or renumbered, since the connection asked for it.
        connection.beginClosing(
          .overloaded, reason: "the session is being taken up", discardingQueued: false)
        return false
      }
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

  /// Whether the connection's socket takes more.
  func becameWritable(_ isWritable: Bool, on connection: ServerConnection) {
    guard isNumbered else { return }
    state.withLock { state in
      guard state.current === connection else { return }
      state.feed(.writable(connection.number, isWritable), self)
      state.finishRound(self)
    }
  }

  /// Something came of what the outbox was told to do.
  func takeOutcomes() {
    state.withLock { $0.finishRound(self) }
  }

  func timerFired() {
    state.withLock { state in
      state.alarm.rang()
      state.feed(.timer, self)
      state.finishRound(self)
    }
  }

  func commit(_ cursor: SessionCursor, of connection: ServerConnection) {
    committer.commit(cursor, of: connection, in: self)
  }
}

extension ServerSession.State {
  // MARK: Events

  /// The caller finishes the round.
  mutating func feed(
    _ event: SessionMachine.Event, at now: MonotonicInstant = .now, _ session: ServerSession
  ) {
    machine.handle(event, at: now, into: &actions)
    while let action = actions.popFirst() { perform(action, session) }
  }

  mutating func take(
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
  mutating func leave(
    _ connection: ServerConnection, code: CloseCode, reason: String, _ session: ServerSession
  ) {
    // What it said before counts.
    advance(session)
    forget(connection, code: code, reason: reason, session)
    connection.beginClosing(code, reason: reason, discardingQueued: false)
  }

  /// The connection is over.
  mutating func forget(
    _ connection: ServerConnection, code: CloseCode, reason: String, _ session: ServerSession
  ) {
    tell()
    detach(connection)
    feed(.closed(connection.number, code: code.rawValue, reason: reason), session)
  }

  mutating func detach(_ connection: ServerConnection) {
    guard current === connection else { return }
    current = nil
    // What was not committed comes again.
    deliveries.removeAll()
  }
}

extension ServerConnection {
  var number: UInt64 { id.number }
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
