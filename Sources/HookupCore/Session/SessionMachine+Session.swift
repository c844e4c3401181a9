extension SessionMachine {
  /// What a session is beyond its connections.
  package struct Session: Sendable {
    package internal(set) var resume: Resume
    /// The highest number on the wire that the other side was heard to have committed.
    var acked: UInt64
    /// The highest number that was put on the wire, or skipped, on this connection.
    var lastOnWire: UInt64 = 0
    /// Outbox numbers up to this one were on the wire before this connection.
    var redeliveredThrough: UInt64 = 0
    /// What the last hello said was committed.
    var saidCommitted: UInt64 = 0
    /// What the last hello said was the lowest number held.
    var saidLow: UInt64 = 1
    /// The other side's credit, and the largest message it takes.
    var credit: UInt64 = 0
    var maximumMessageBytes = 0
    /// What this side has granted on this connection.
    var granted: UInt64 = 0
    /// Committed since the last ack, or duplicates that want one.
    var unacked = 0
    var ackDueAt: MonotonicInstant?
    /// The client's count of the connection that is open.
    var connection: UInt64 = 0
    /// The incarnation of the client whose connection was last taken.
    var peerIncarnation: UInt64?
    var helloDueAt: MonotonicInstant?
    /// When a server has asked to be dialled again, on the connection that is open or was the last.
    var returnWithin: ClosedRange<Int>?

    init(_ resume: Resume, firstUnsettled: UInt64) {
      self.resume = resume
      let base = resume.identity.base
      acked = firstUnsettled > base ? firstUnsettled - 1 - base : 0
    }

    mutating func connectionIsGone() {
      ackDueAt = nil
      helloDueAt = nil
      unacked = 0
      // A server's handler ends with its connection: what it had not confirmed is to come again. Should it still be committed, the
      // store's own filter drops the second one.
      if resume.role == .server { resume.received.rollBack() }
    }

    /// The wait that the server asked for, once.
    mutating func takeReturn(drawnFrom random: inout RandomSource) -> Duration? {
      guard let window = returnWithin else { return nil }
      returnWithin = nil
      let spread = Duration.milliseconds(window.upperBound - window.lowerBound)
      return .milliseconds(window.lowerBound) + random.duration(upTo: spread)
    }
  }

  /// How long the other side may take for its first frame.
  static var helloTimeout: Duration { .seconds(10) }

  var helloDeadline: MonotonicInstant? { session?.helloDueAt }

  /// How many messages the other side's credit still allows.
  var credit: Int {
    guard case .resume = carriage, let session else { return .max }
    let granted = session.credit
    return granted > session.lastOnWire ? Int(clamping: granted - session.lastOnWire) : 0
  }

  mutating func handleSession(
    _ event: Event, _ number: ConnectionNumber, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard session != nil, case .resume = carriage else { return }
    if case .welcome(_, let welcome) = event {
      return resume(number, welcome, at: now, into: &actions)
    }
    // Anything else before the welcome is out of order.
    guard state != .resuming(number) else {
      return fail(
        number, code: 1002, reason: "a frame came before the welcome", at: now, into: &actions)
    }
    switch event {
    case .numbered(_, let sequence, let tag, let isRedelivered):
      receive(number, sequence, tag: tag, isRedelivered, at: now, into: &actions)
    case .skipped(_, let through, let tag, let reason):
      skipped(number, through: through, tag: tag, reason, at: now, into: &actions)
    case .acknowledged(_, let through, let credit):
      acknowledged(number, through: through, credit: credit, at: now, into: &actions)
    case .rejected(_, let sequence, let reason):
      rejected(number, sequence, reason: reason, at: now, into: &actions)
    case .saidBye(_, let bye):
      // As with Retry-After: a server may ask for patience, not for silence.
      let longest = Int(Self.longestRetryAfter.wholeMilliseconds)
      session?.returnWithin = bye.after.map {
        min(max(0, $0.lowerBound), longest)...min(max(0, $0.upperBound), longest)
      }
      guard !bye.resumes else { return }
      link.lastFailure = bye.reason
      leave(
        then: settings.staysAfterGivingUp
          ? .offline
          : .finish(HookupError(.refused, "the server ended the session: \(bye.reason)")),
        code: 1000, into: &actions)
    default: break
    }
  }

  /// Ends the connection with a close code of this side, and goes on as its class says.
  mutating func fail(
    _ number: ConnectionNumber, code: UInt16, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    actions.append(.close(number, code: code, reason: reason))
    lose(number, reason: reason, at: now, into: &actions)
  }

  // MARK: Hello and welcome

  /// The lowest number that may still come. One that could not be stored may be given again after a restart: it is not passed over
  /// until a later one is durable.
  private var lowestOnWire: UInt64 {
    guard let identity = session?.resume.identity else { return 1 }
    return identity.wire(min(window.first - 1, window.lastStored)) + 1
  }

  private func hello(client: SessionID?, _ session: Session, committed: UInt64?) -> SessionHello {
    let identity = session.resume.identity
    let received = session.resume.received
    return SessionHello(
      client: client, incarnation: session.resume.incarnation, connection: session.connection,
      sending: SessionHello.Sending(
        epoch: identity.epoch, low: lowestOnWire,
        high: identity.wire(window.lastStored), acked: session.acked),
      receiving: SessionHello.Receiving(
        epoch: received.epoch, committed: committed, tag: received.tag),
      refusals: session.resume.refusals, credit: session.granted,
      maximumMessageBytes: settings.maximumMessageBytes)
  }

  /// A client's first frame.
  mutating func greet(
    _ number: ConnectionNumber, _ connection: UInt64, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard var session else { return actions.append(.abort(number)) }
    state = .resuming(number)
    link.state = .resuming
    session.connection = connection
    session.helloDueAt = now + Self.helloTimeout
    // What an earlier connection's end asked for is over.
    session.returnWithin = nil
    session.granted = session.resume.received.committed + UInt64(settings.receiveWindow)
    session.saidLow = lowestOnWire
    session.saidCommitted = session.resume.received.committed
    self.session = session
    let received = session.resume.received
    actions.append(
      .frame(
        number,
        .hello(
          hello(
            client: session.resume.identity.client, session,
            committed: received.epoch == 0 && !session.resume.remembersReceived
              ? nil : received.committed))))
  }

  /// The server's answer has come.
  private mutating func resume(
    _ number: ConnectionNumber, _ welcome: SessionHello, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard state == .resuming(number), let session, welcome.connection == session.connection else {
      return fail(number, code: 1002, reason: "an unexpected welcome", at: now, into: &actions)
    }
    self.session?.helloDueAt = nil
    let isNew = session.resume.received.epoch != welcome.sending.epoch
    // A numbering that is not in what it remembers was never heard of here, or was forgotten with what it brought.
    let memory: ReceiveWindow.Memory = session.resume.remembersReceived ? .nothing : .unknown
    adopt(welcome.sending, memory: memory, into: &actions)
    guard resumeSending(number, welcome, at: now, into: &actions) else { return }
    // What is passed over takes credit: the pump must know.
    announceLoss(number, into: &actions)
    proceed(number, at: now, into: &actions)
    catchUp(number, isNew: isNew, saidCommitted: session.saidCommitted, into: &actions)
  }

  /// A server has read a client's first frame.
  mutating func accept(
    _ number: ConnectionNumber, _ hello: SessionHello, _ memory: ReceiveWindow.Memory,
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let session, session.resume.role == .server else {
      return actions.append(.abort(number))
    }
    if case .closing = state { return actions.append(.abort(number)) }
    if hello.connection <= session.resume.lastConnection {
      let isCopy =
        hello.connection == session.resume.lastConnection
        && session.peerIncarnation.map { $0 != hello.incarnation } ?? false
      return actions.append(
        .close(
          number, code: isCopy ? 4010 : 4009,
          reason: isCopy ? "another copy of this client is connected" : "superseded"))
    }
    if case .superseded = memory {
      return actions.append(
        .close(number, code: 4010, reason: "a later numbering of this client is known"))
    }
    // Fence first: nothing of the old connection is heard or written any more. Then see what is committed.
    if let old = openConnection {
      actions.append(.close(old, code: 4009, reason: "superseded"))
      connectionIsGone(into: &actions)
      actions.append(.report(.disconnected(reason: "superseded by a newer connection")))
    }
    lastConnection = number
    begin(.resume(connection: hello.connection), at: now)
    state = .resuming(number)
    self.session?.resume.lastConnection = hello.connection
    self.session?.peerIncarnation = hello.incarnation
    self.session?.connection = hello.connection
    let isKnown = adopt(hello.sending, memory: memory, into: &actions)
    guard resumeSending(number, hello, at: now, into: &actions), var session = self.session else {
      return
    }
    let received = session.resume.received
    session.granted = received.committed + UInt64(settings.receiveWindow)
    self.session = session
    actions.append(
      .frame(
        number,
        .welcome(
          self.hello(client: nil, session, committed: isKnown ? received.committed : nil))))
    announceLoss(number, into: &actions)
    proceed(number, at: now, into: &actions)
  }

  /// Says what the hello did not: what was committed or refused since, and the credit in a numbering that is new here.
  private mutating func catchUp(
    _ number: ConnectionNumber, isNew: Bool, saidCommitted: UInt64,
    into actions: inout ActionQueue<Action>
  ) {
    guard openConnection == number, let session else { return }
    guard isNew || session.resume.received.committed > saidCommitted else { return }
    if !isNew {
      for refusal in session.resume.refusals where refusal.sequence > saidCommitted {
        actions.append(
          .frame(number, .nack(sequence: refusal.sequence, reason: refusal.reason)))
      }
    }
    if session.resume.received.epoch != 0 { sendAck(number, into: &actions) }
  }

  /// Takes over what the other side says of its numbering. False when nothing is remembered of it.
  @discardableResult
  private mutating func adopt(
    _ peer: SessionHello.Sending, memory: ReceiveWindow.Memory,
    into actions: inout ActionQueue<Action>
  ) -> Bool {
    guard var session else { return true }
    let old = session.resume.received
    // A beginning that was assumed, with nothing committed since, does not hold for a copy of the sender that has more.
    if case .unknown = memory, old.epoch == peer.epoch, old.tag == 0, old.uncommitted == 0,
      peer.low <= old.committed
    {
      self.session?.resume.received.goBack(to: peer.low > 0 ? peer.low - 1 : 0)
      return false
    }
    guard old.epoch != peer.epoch else {
      // A client's window may hold more than its cursor, which is still being committed. A server's was rolled back with its
      // connection, and what it delivered may be committed by now.
      if case .committed(let number, let tag) = memory {
        self.session?.resume.received.advance(to: number, tag: tag)
      }
      return true
    }
    let isKnown: Bool
    switch memory {
    case .committed(let number, let tag):
      session.resume.received = ReceiveWindow(epoch: peer.epoch, committed: number, tag: tag)
      isKnown = true
    case .nothing:
      session.resume.received = ReceiveWindow(epoch: peer.epoch)
      isKnown = true
    case .unknown, .superseded:
      session.resume.received = ReceiveWindow(
        epoch: peer.epoch, committed: peer.low > 0 ? peer.low - 1 : 0)
      isKnown = false
    }
    // The driver gave those of the first numbering; they say nothing about any other.
    if !isKnown || old.epoch != 0 { session.resume.refusals = [] }
    session.granted = session.resume.received.committed + UInt64(settings.receiveWindow)
    self.session = session
    if old.epoch != 0 {
      actions.append(.report(.broken(.restarted(last: old.committed))))
    }
    return isKnown
  }

  // MARK: Resuming what this side sends

  /// Finds where to go on, by what the other side has. False when it cannot be gone on, and the connection was given up.
  private mutating func resumeSending(
    _ number: ConnectionNumber, _ peer: SessionHello, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) -> Bool {
    guard var session else { return false }
    let identity = session.resume.identity
    session.credit = peer.credit
    session.maximumMessageBytes = peer.maximumMessageBytes
    let low = lowestOnWire
    // A number that could not be stored was never sent: who has it has it from an outbox that was rolled back.
    let high = identity.wire(window.lastStored)
    // What was on the wire may have had an effect, even one that the other side does not remember.
    session.redeliveredThrough = window.lastTransmitted
    guard identity.epoch != 0, peer.receiving.epoch == identity.epoch,
      let committed = peer.receiving.committed
    else {
      // It has nothing of this numbering. Where it would remember, that is known, and what it had confirmed is gone; else from the
      // first that is held.
      let isKnown = peer.receiving.committed != nil && identity.epoch != 0
      if isKnown, session.resume.role == .server,
        SessionIdentity.isStale(identity.epoch, beside: peer.receiving.epoch)
      {
        // It knows a later one: this side was rolled back to one that it had given up.
        renew(isCopy: false, after: peer.receiving.epoch, into: &actions)
        fail(
          number, code: 4205, reason: "the numbering starts anew", at: now, into: &actions)
        return false
      }
      session.lastOnWire =
        isKnown
        ? 0 : min(low, session.resume.role == .client ? session.saidLow : low) - 1
      // Its credit counts in another numbering: its first ack says what holds in this one.
      if session.resume.role == .server { session.credit = 0 }
      self.session = session
      return true
    }
    let isFork = committed > high || committed >= low && !isOwn(committed, peer)
    guard !isFork else {
      self.session = session
      renew(isCopy: false, into: &actions)
      fail(
        number, code: 4205, reason: "the numbering starts anew", at: now, into: &actions)
      return false
    }
    for refusal in peer.refusals where refusal.sequence <= committed {
      reject(refusal.sequence, reason: refusal.reason, into: &actions)
    }
    session.lastOnWire = committed
    // What was on an earlier connection's wire may have had its effect, where that is not committed together with its number.
    session.redeliveredThrough = max(session.redeliveredThrough, window.lastTransmitted)
    self.session = session
    settle(throughWire: committed, at: now, into: &actions)
    window.pass(through: identity.sequence(committed) ?? 0)
    return true
  }

  /// Whether what the other side has under number `wire` is what this side gave that number.
  private func isOwn(_ wire: UInt64, _ peer: SessionHello) -> Bool {
    let tag = peer.receiving.tag
    guard tag != 0, let session, let sequence = session.resume.identity.sequence(wire) else {
      return true
    }
    if let own = window.tag(of: sequence) { return own == tag }
    // It had its end here: it was refused there, given up here, or never stored and so passed over with the one that follows.
    if wire <= session.acked || settings.unacked == .drop { return true }
    if peer.refusals.contains(where: { $0.sequence == wire }) { return true }
    return window.tag(after: sequence).map { Self.tagOfSkip(before: $0) == tag } ?? true
  }

  /// Tells the other side which numbers will never come because it has forgotten them.
  private mutating func announceLoss(
    _ number: ConnectionNumber, into actions: inout ActionQueue<Action>
  ) {
    guard var session, openConnection == number else { return }
    let identity = session.resume.identity
    let below = lowestOnWire - 1
    guard session.lastOnWire < below else { return }
    let isLost = session.lastOnWire < session.acked
    let next = window.tag(after: identity.sequence(below) ?? 0)
    // Where nothing follows yet, what follows will say what was withdrawn before it.
    guard isLost || next != nil else { return }
    let tag = next.map { Self.tagOfSkip(before: $0) } ?? max(1, random.next())
    actions.append(
      .frame(number, .skip(through: below, tag: tag, reason: isLost ? .lost : .withdrawn)))
    if isLost, let first = identity.sequence(session.lastOnWire + 1),
      let last = identity.sequence(session.acked)
    {
      actions.append(.report(.broken(.forgotten(first...last))))
    }
    session.lastOnWire = below
    self.session = session
  }

  /// Gives up the numbering; a copy of a directory also gets an identity of its own.
  mutating func renew(
    isCopy: Bool, after epoch: UInt64 = 0, into actions: inout ActionQueue<Action>
  ) {
    guard var session else { return }
    var identity = session.resume.identity
    if isCopy, session.resume.role == .client {
      identity.client = SessionID(high: random.next(), low: random.next())
    }
    // A new identity counts its numberings from the first.
    let isNew = isCopy && session.resume.role == .client
    identity.epoch = SessionIdentity.epoch(
      after: isNew ? 0 : max(identity.epoch, epoch), random: random.next())
    // Numbers that could not be stored may be given again after a restart, and must not lie below the base then.
    identity.base = min(window.first - 1, window.lastStored)
    session.resume.identity = identity
    session.acked = 0
    session.lastOnWire = 0
    self.session = session
    actions.append(.renew(identity))
    actions.append(.report(.broken(.renumbered(window.first..<window.next))))
  }
}
