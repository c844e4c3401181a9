extension SessionMachine {
  /// The most that a server's `Retry-After` is heeded.
  static var longestRetryAfter: Duration { .seconds(600) }

  mutating func dial(into actions: inout ActionQueue<Action>) {
    lastConnection += 1
    state = .connecting(lastConnection)
    link.state = .connecting
    link.retryAt = nil
    actions.append(.open(lastConnection))
  }

  mutating func reconnect(into actions: inout ActionQueue<Action>) {
    switch state {
    case .offline, .retrying:
      link.attempt = 0
      dial(into: &actions)
    case .resuming(let number), .greeting(let number), .online(let number):
      // The person says the link is bad: believe it, and let `closed` bring the retry.
      retriesAtOnce = true
      actions.append(.abort(number))
    case .closing(let number, then: .offline):
      state = .closing(number, then: .dial)
    case .connecting, .closing, .finished: break
    }
  }

  mutating func leave(
    then next: AfterClosing, code: UInt16, into actions: inout ActionQueue<Action>
  ) {
    switch state {
    case .resuming(let number), .greeting(let number), .online(let number):
      state = .closing(number, then: next)
      actions.append(.close(number, code: code, reason: ""))
    case .connecting(let number):
      actions.append(.abort(number))
      end(next, into: &actions)
    case .closing(_, then: .finish): break
    case .closing(let number, _):
      state = .closing(number, then: next)
    case .offline, .retrying:
      end(next, into: &actions)
    case .finished: break
    }
  }

  private mutating func end(_ next: AfterClosing, into actions: inout ActionQueue<Action>) {
    link.state = .offline
    link.retryAt = nil
    link.connectedSince = nil
    switch next {
    case .offline: state = .offline
    case .dial:
      link.attempt = 0
      dial(into: &actions)
    case .finish(let error):
      state = .finished
      for caller in waiting {
        actions.append(
          .refuse(
            caller.ticket, HookupError(.closed, "the client was closed while the message waited")))
      }
      waiting = []
      actions.append(.finish(error))
    }
  }

  mutating func opened(
    _ number: ConnectionNumber, _ carriage: Carriage, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard state == .connecting(number) else {
      // We went offline or stopped while it was being opened.
      actions.append(.abort(number))
      return
    }
    begin(carriage, at: now)
    if case .resume(let connection) = carriage {
      greet(number, connection, at: now, into: &actions)
    } else {
      proceed(number, at: now, into: &actions)
    }
  }

  /// A connection is new: nothing is in flight on it.
  mutating func begin(_ carriage: Carriage, at now: MonotonicInstant) {
    self.carriage = carriage
    isWritable = true
    isLoading = false
    window.beginConnection()
    provenAt = now + settings.reconnect.provenAfter
    ackProgressAt = nil
    link.connectedSince = now
    link.lastFailure = nil
  }

  /// The connection is ready for the program, and then for the outbox.
  mutating func proceed(
    _ number: ConnectionNumber, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    drainTotal = backlog.messages
    drained = 0
    actions.append(.report(.connected(number)))
    if readerIsBehind { actions.append(.setReading(number, false)) }
    if settings.awaitsGreeting {
      state = .greeting(number)
      link.state = .resuming
    } else {
      goOnline(number, at: now, into: &actions)
    }
  }

  mutating func goOnline(
    _ number: ConnectionNumber, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    state = .online(number)
    link.state = .online
    pump(at: now, into: &actions)
  }

  mutating func openFailed(
    _ number: ConnectionNumber, _ failure: OpenFailure, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard state == .connecting(number) else { return }
    link.lastFailure = failure.error.message
    if failure.isPermanent {
      giveUp(failure.error, into: &actions)
    } else {
      retry(after: failure.error, atLeast: failure.retryAfter, at: now, into: &actions)
    }
  }

  mutating func closed(
    _ number: ConnectionNumber, code: UInt16, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    if case .closing(number, let next) = state {
      connectionIsGone(into: &actions)
      actions.append(.report(.disconnected(reason: "closed")))
      end(next, into: &actions)
      return
    }
    guard openConnection == number else { return }
    if code == 1009, let sequence = window.largestInFlight {
      // Something was too big for the peer, so the largest on the wire certainly was. It would end every connection to come.
      actions.append(
        .report(
          .error(
            HookupError(
              .messageTooBig,
              "the server refuses messages as large as number \(sequence): it is not sent again"))))
      actions.append(.report(.ackFailed(sequence, isKept: false)))
      settle(sequence, into: &actions)
    }
    let sentence = reason.isEmpty ? "connection closed (\(code))" : "\(reason) (\(code))"
    // A server never gives up on a client.
    let verdict =
      session?.resume.role == .server ? .backOff : ReconnectPolicy.verdict(forCloseCode: code)
    switch verdict {
    case .stop where session != nil && (code == 4009 || code == 4010):
      // Of the connection of the moment: somebody else goes by this identity, or it was counted back by a backup.
      renew(isCopy: true, into: &actions)
      lose(number, reason: sentence, at: now, into: &actions)
    case .stop:
      connectionIsGone(into: &actions)
      link.drops += 1
      link.lastFailure = sentence
      actions.append(.report(.disconnected(reason: sentence)))
      giveUp(HookupError(.refused, "the server ended the connection: \(sentence)"), into: &actions)
    case .immediately:
      retriesAtOnce = retriesAtOnce || provenAt == nil
      lose(number, reason: sentence, at: now, into: &actions)
    case .backOff:
      lose(number, reason: sentence, at: now, into: &actions)
    }
  }

  /// The open connection is over; see when to dial again.
  mutating func lose(
    _ number: ConnectionNumber, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    connectionIsGone(into: &actions)
    link.drops += 1
    link.lastFailure = reason
    actions.append(.report(.disconnected(reason: reason)))
    if session?.resume.role == .server {
      state = .offline
      link.state = .offline
    } else if retriesAtOnce {
      retriesAtOnce = false
      dial(into: &actions)
    } else {
      retry(
        after: HookupError(.connectFailed, reason), atLeast: nil, at: now, into: &actions)
    }
  }

  /// Forgets what belonged to the connection; without a buffer its unsettled messages have failed.
  mutating func connectionIsGone(into actions: inout ActionQueue<Action>) {
    link.connectedSince = nil
    provenAt = nil
    ackProgressAt = nil
    isLoading = false
    window.beginConnection()
    session?.connectionIsGone()
    guard !settings.keepsWhileDisconnected else { return }
    for sequence in window.unsettled where sequence <= window.durable {
      if !window.isWithdrawn(sequence) {
        actions.append(.report(.ackFailed(sequence, isKept: false)))
      }
      settle(sequence, into: &actions)
    }
  }

  private mutating func retry(
    after error: HookupError, atLeast minimum: Duration?, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    let attempt = link.attempt + 1
    guard let drawn = settings.reconnect.delay(beforeAttempt: attempt, drawnFrom: &random) else {
      giveUp(error, into: &actions)
      return
    }
    // A server may ask for patience, not for silence.
    let asked = session?.takeReturn(drawnFrom: &random)
    let delay = asked ?? max(drawn, min(minimum ?? .zero, Self.longestRetryAfter))
    state = .retrying(until: now + delay)
    link.state = .retrying
    link.attempt = attempt
    link.retryAt = now + delay
    actions.append(.report(.reconnecting(attempt: attempt, delay: delay)))
  }

  private mutating func giveUp(_ error: HookupError, into actions: inout ActionQueue<Action>) {
    actions.append(.report(.error(error)))
    end(settings.staysAfterGivingUp ? .offline : .finish(error), into: &actions)
  }

  mutating func timer(at now: MonotonicInstant, into actions: inout ActionQueue<Action>) {
    if case .retrying(let until) = state {
      if until <= now { dial(into: &actions) }
      return
    }
    guard let number = openConnection else { return }
    if case .resuming = state {
      guard let due = helloDeadline, due <= now else { return }
      lose(
        number, reason: "no welcome within \(Self.helloTimeout.wholeMilliseconds / 1_000) s",
        at: now, into: &actions)
      actions.append(.abort(number))
      return
    }
    sendDueAck(number, at: now, into: &actions)
    if let proven = provenAt, proven <= now { prove() }
    for sequence in window.expire(at: now) {
      let isKept = settings.unacked == .keep
      actions.append(.report(.ackFailed(sequence, isKept: isKept)))
      if !isKept { settle(sequence, into: &actions) }
    }
    if let stall = stallDeadline, stall <= now {
      lose(
        number, reason: "no ack for \(settings.ackStallLimit?.components.seconds ?? 0) s", at: now,
        into: &actions)
      actions.append(.abort(number))
    } else {
      pump(at: now, into: &actions)
    }
  }

  /// The connection has proved itself: the next loss starts the count of attempts anew.
  mutating func prove() {
    provenAt = nil
    link.attempt = 0
  }
}
