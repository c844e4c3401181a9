/// A client's life, over all its connections: when to dial, what to do with a message that is to be sent, what goes on
/// the wire next, what a missing ack means, when to give up.
///
/// Every message takes one path: `submitted` → outbox → `stored` → loaded → transmitted → acked or written → settled. One that is
/// withdrawn before it was transmitted takes the same one, and a skip goes in its place.
/// Being connected only decides whether the pump runs.
package struct SessionMachine: Machine {
  package struct Settings: Hashable, Sendable {
    /// Keep unsettled messages while disconnected. Without it a message is only taken while online, and what is unsettled
    /// when the connection ends has failed.
    package var keepsWhileDisconnected = true
    package var whenFull = WhenFull.wait
    package var unacked = Unacked.keep
    package var maximumMessages = Limits.outboxMessages
    package var maximumBytes = Limits.outboxBytes
    package var maximumMessageBytes = Limits.maximumMessageBytes
    package var inFlightMessages = Limits.inFlightMessages
    package var inFlightBytes = Limits.inFlightBytes
    /// The application speaks first on each connection and says when it is done; until then nothing of the outbox goes out.
    package var awaitsGreeting = false
    /// After a failure for which no retry is due, wait for `reconnectRequested` instead of ending.
    package var staysAfterGivingUp = false
    package var reconnect = ReconnectPolicy.forever
    /// How long acks may stand still, with some outstanding, before the connection is taken for broken.
    package var ackStallLimit: Duration? = .seconds(60)
    /// How many received messages may be uncommitted: the credit that the other side of a session gets.
    package var receiveWindow = Limits.inFlightMessages
    /// How long an ack waits for more to join it, and how many make it go at once.
    package var ackDelay = Duration.milliseconds(5)
    package var ackCount = 64

    package init() {}
  }

  /// What a session needs beyond the life of a connection.
  package struct Resume: Hashable, Sendable {
    /// A client dials; a server waits to be dialled.
    package enum Role: Hashable, Sendable { case client, server }

    package var role: Role
    package var identity: SessionIdentity
    /// Drawn at random when the process started.
    package var incarnation: UInt64
    /// What is remembered of the other side's numbering.
    package var received: ReceiveWindow
    /// Whether what is remembered of it lives longer than the process: a client's. A server says so of each numbering.
    package var remembersReceived: Bool
    /// The highest number of the client's dials that a server remembers.
    package var lastConnection: UInt64
    /// The numbers of the other side that were refused here and that it may not have heard.
    package var refusals: [SessionHello.Refusal]

    package init(
      role: Role, identity: SessionIdentity, incarnation: UInt64,
      received: ReceiveWindow = ReceiveWindow(), remembersReceived: Bool = false,
      lastConnection: UInt64 = 0,
      refusals: [SessionHello.Refusal] = []
    ) {
      self.role = role
      self.identity = identity
      self.incarnation = incarnation
      self.received = received
      self.remembersReceived = remembersReceived
      self.lastConnection = lastConnection
      self.refusals = refusals
    }
  }

  package enum WhenFull: Hashable, Sendable { case wait, refuse }
  package enum Unacked: Hashable, Sendable { case keep, drop }

  enum State: Equatable, Sendable {
    /// Not trying. Can transition to connecting, finished.
    case offline
    /// A socket is being opened. Can transition to resuming, greeting, online, retrying, offline, finished.
    case connecting(ConnectionNumber)
    /// Open, the session is being resumed. Can transition to greeting, online, retrying, offline.
    case resuming(ConnectionNumber)
    /// Open, the application speaks. Can transition to online, retrying, offline, closing.
    case greeting(ConnectionNumber)
    /// Open, the pump runs. Can transition to retrying, offline, closing.
    case online(ConnectionNumber)
    /// Waiting to dial. Can transition to connecting, offline, finished.
    case retrying(until: MonotonicInstant)
    /// The closing handshake is under way, for `then`. Can transition to offline, connecting, finished.
    case closing(ConnectionNumber, then: AfterClosing)
    /// Done for good. No transition.
    case finished
  }

  enum AfterClosing: Equatable, Sendable {
    case offline
    /// A reconnection was asked for meanwhile.
    case dial
    case finish(HookupError?)
  }

  let settings: Settings
  var random: RandomSource
  var state = State.offline
  package internal(set) var window: SendWindow
  /// Callers of `send` that wait for room, in order, and those whose message is being stored.
  var waiting: [(ticket: Ticket, bytes: Int, ackTimeout: Duration?)] = []
  /// Numbers whose withdrawal is being written. Nothing is transmitted meanwhile.
  var withdrawing: Set<UInt64> = []
  var lastConnection: ConnectionNumber = 0
  /// What the open connection speaks.
  var carriage = Carriage.plain
  /// Nil when this client speaks no `hookup.resume.v1`.
  package internal(set) var session: Session?
  var isWritable = true
  /// What the reader has not taken holds back both directions: no more is read, and no more acks are provoked.
  var readerIsBehind = false
  var isLoading = false
  /// When acks last moved, or the first of the outstanding ones was sent.
  var ackProgressAt: MonotonicInstant?
  /// When the connection counts as proved, if it does not yet.
  var provenAt: MonotonicInstant?
  var retriesAtOnce = false

  /// What the connection pane shows.
  package internal(set) var link = LinkStatus()
  var drainTotal = 0
  var drained = 0

  package init(
    settings: Settings, window: SendWindow, random: RandomSource, resume: Resume? = nil
  ) {
    self.settings = settings
    self.window = window
    self.random = random
    // A crash may bring back what was settled before the numbering began: its end was reported then. The driver has made sure that
    // the numbers to come lie above the base, or begun a new numbering.
    if let base = resume?.identity.base { _ = self.window.settle(through: base) }
    session = resume.map { Session($0, firstUnsettled: self.window.first) }
  }

  package var isFinished: Bool { state == .finished }

  package var backlog: BacklogStatus {
    var status = BacklogStatus()
    status.messages = window.count - window.withdrawnCount
    status.bytes = window.bytes - window.withdrawnBytes
    status.maximumMessages = settings.maximumMessages
    status.maximumBytes = settings.maximumBytes
    status.drainTotal = drainTotal
    status.drained = drained
    return status
  }

  package var nextDeadline: MonotonicInstant? {
    switch state {
    case .retrying(let until): until
    case .resuming: helloDeadline
    case .greeting, .online:
      [window.nextDeadline, provenAt, stallDeadline, session?.ackDueAt].compactMap { $0 }.min()
    case .offline, .connecting, .closing, .finished: nil
    }
  }

  var stallDeadline: MonotonicInstant? {
    guard let limit = settings.ackStallLimit, settings.unacked == .keep, window.awaitsAcks,
      let since = ackProgressAt
    else { return nil }
    return since + limit
  }

  package mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard state != .finished else {
      refuseAfterTheEnd(event, into: &actions)
      return
    }
    switch event {
    case .start: if state == .offline { dial(into: &actions) }
    case .reconnectRequested: reconnect(into: &actions)
    case .offlineRequested: leave(then: .offline, code: 1000, into: &actions)
    case .stop: leave(then: .finish(nil), code: 1000, into: &actions)
    case .submitted(let ticket, let bytes, let timeout):
      submit(ticket, bytes: bytes, ackTimeout: timeout, into: &actions)
    case .cancelled(let ticket): cancel(ticket, into: &actions)
    case .withdrawalRequested(let ticket, let sequence):
      withdraw(sequence, ticket, into: &actions)
    case .withdrawalStored(let sequence): withdrawn(sequence, at: now, into: &actions)
    case .withdrawalFailed(let sequence):
      withdrawing.remove(sequence)
      pump(at: now, into: &actions)
    case .stored(let last): stored(through: last, at: now, into: &actions)
    case .storeFailed(let range, let error): storeFailed(range, error, into: &actions)
    case .opened(let number, let carriage): opened(number, carriage, at: now, into: &actions)
    case .hello(let number, let hello, let memory):
      accept(number, hello, memory, at: now, into: &actions)
    case .committed(let through): committed(through: through, at: now, into: &actions)
    case .refused(let sequence, let reason):
      refused(sequence, reason: reason, at: now, into: &actions)
    case .commitFailed(let error): commitFailed(error, at: now, into: &actions)
    case .openFailed(let number, let failure): openFailed(number, failure, at: now, into: &actions)
    case .closed(let number, let code, let reason):
      closed(number, code: code, reason: reason, at: now, into: &actions)
    case .timer: timer(at: now, into: &actions)
    case .unsendable(let sequence):
      actions.append(.report(.ackFailed(sequence, isKept: false)))
      settle(sequence, into: &actions)
      pump(at: now, into: &actions)
    case .readerIsBehind(let behind):
      guard behind != readerIsBehind else { return }
      readerIsBehind = behind
      if let number = openConnection { actions.append(.setReading(number, !behind)) }
      pump(at: now, into: &actions)
    case .greeted(let number), .writable(let number, _), .stalled(let number, _),
      .roundTrip(let number, _), .written(let number, _), .acked(let number, _),
      .loaded(let number, _), .loadFailed(let number, _), .welcome(let number, _),
      .numbered(let number, _, _, _), .skipped(let number, _, _, _),
      .acknowledged(let number, _, _), .rejected(let number, _, _), .saidBye(let number, _):
      guard number == openConnection else {
        // A late word of an earlier connection: harmless, but what was read for it is to be forgotten.
        if case .loaded(_, let sequences) = event {
          for sequence in sequences { actions.append(.discard(sequence)) }
        }
        return
      }
      handleOpen(event, number, at: now, into: &actions)
    }
  }

  /// The connection that is open, if one is.
  package var openConnection: ConnectionNumber? {
    switch state {
    case .resuming(let number), .greeting(let number), .online(let number): number
    case .offline, .connecting, .retrying, .closing, .finished: nil
    }
  }

  /// Whether the connection that is open, if one is, is past the first frames of its session.
  package var isResumed: Bool {
    if case .resuming = state { false } else { true }
  }

  private mutating func handleOpen(
    _ event: Event, _ number: ConnectionNumber, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .greeted:
      guard case .greeting = state else { return }
      goOnline(number, at: now, into: &actions)
    case .writable(_, let writable):
      isWritable = writable
      pump(at: now, into: &actions)
    case .stalled(_, let stalled):
      if case .online = state { link.state = stalled ? .stalled : .online }
    case .roundTrip(_, let roundTrip):
      link.roundTrip = roundTrip
    case .written(_, let sequence):
      guard window.isSettledByWriting(sequence) else { return }
      settle(sequence, into: &actions)
      pump(at: now, into: &actions)
    case .acked(_, let id):
      acked(id, at: now, into: &actions)
    case .loaded(_, let sequences):
      isLoading = false
      transmit(sequences, number, at: now, into: &actions)
    case .loadFailed(_, let error):
      isLoading = false
      actions.append(.report(.error(error)))
      lose(number, reason: error.message, at: now, into: &actions)
      actions.append(.abort(number))
    default: handleSession(event, number, at: now, into: &actions)
    }
  }

  private mutating func refuseAfterTheEnd(_ event: Event, into actions: inout ActionQueue<Action>) {
    switch event {
    case .submitted(let ticket, _, _):
      actions.append(
        .refuse(ticket, HookupError(.closed, "the client is closed: make a new one to send")))
    case .withdrawalRequested(let ticket, _):
      actions.append(
        .refuseWithdrawal(
          ticket, HookupError(.closed, "the client is closed: make a new one to withdraw")))
    case .loaded(_, let sequences):
      for sequence in sequences { actions.append(.discard(sequence)) }
    case .opened(let number, _), .hello(let number, _, _): actions.append(.abort(number))
    case .stored(let last):
      let before = window.durable
      window.confirm(through: last)
      if window.durable > before { actions.append(.accept(before + 1...window.durable)) }
    case .storeFailed(let range, let error): actions.append(.reject(range, error))
    default: break
    }
  }
}
