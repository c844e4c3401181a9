extension SessionMachine {
  // MARK: What the other side sends

  mutating func receive(
    _ number: ConnectionNumber, _ sequence: UInt64, tag: UInt64, _ isRedelivered: Bool,
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let granted = session?.granted, sequence <= granted else {
      return fail(
        number, code: 1008, reason: "message \(sequence) is beyond the credit", at: now,
        into: &actions)
    }
    let seen = session?.resume.received.seen ?? 0
    switch session?.resume.received.take(sequence, tag: tag) {
    case .next:
      actions.append(
        .deliver(
          sequence: sequence, tag: tag, isRedelivered: isRedelivered || sequence <= seen))
    case .duplicate:
      // Its sender does not know yet.
      ackSoon(counting: 1, at: now, into: &actions)
    case .gap:
      fail(
        number, code: 4205, reason: "something before message \(sequence) is missing", at: now,
        into: &actions)
    case nil: break
    }
  }

  mutating func skipped(
    _ number: ConnectionNumber, through: UInt64, tag: UInt64, _ reason: ResumeFrame.SkipReason,
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard session?.resume.received.pendingSkips ?? 0 <= settings.receiveWindow else {
      return fail(
        number, code: 1008, reason: "more than \(settings.receiveWindow) skips wait", at: now,
        into: &actions)
    }
    guard let range = session?.resume.received.skip(through: through, tag: tag) else { return }
    actions.append(.pass(through: through, tag: tag))
    if reason == .lost { actions.append(.report(.broken(.lost(range)))) }
  }

  mutating func committed(
    through sequence: UInt64, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let before = session?.resume.received.committed,
      session?.resume.received.commit(through: sequence) == true
    else { return }
    ackSoon(counting: Int(clamping: sequence - before), at: now, into: &actions)
  }

  mutating func refused(
    _ sequence: UInt64, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    let isNews = session?.resume.received.commit(through: sequence) == true
    // It is remembered even if its connection, and what that had brought, is gone: the next hello speaks of it.
    guard isNews || session?.resume.refusals.contains(where: { $0.sequence == sequence }) == false
    else { return }
    // A sender that sends beyond a window has heard what stands before it.
    let heard =
      sequence > UInt64(settings.receiveWindow) ? sequence - UInt64(settings.receiveWindow) : 0
    session?.resume.refusals.removeAll { $0.sequence <= heard }
    session?.resume.refusals.append(SessionHello.Refusal(sequence: sequence, reason: reason))
    guard isNews else { return }
    if let number = openConnection, case .resume = carriage, state != .resuming(number) {
      actions.append(.frame(number, .nack(sequence: sequence, reason: reason)))
    }
    ackSoon(counting: 1, at: now, into: &actions)
  }

  mutating func commitFailed(
    _ error: HookupError, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    session?.resume.received.rollBack()
    actions.append(.report(.error(error)))
    guard let number = openConnection, case .resume = carriage else { return }
    fail(number, code: 4113, reason: "what was sent cannot be stored now", at: now, into: &actions)
  }

  /// Acks at once when much has gathered, else when nothing joins it for a while.
  private mutating func ackSoon(
    counting count: Int, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let number = openConnection, case .resume = carriage, state != .resuming(number) else {
      return
    }
    session?.unacked += count
    if session?.unacked ?? 0 >= settings.ackCount {
      sendAck(number, into: &actions)
    } else if session?.ackDueAt == nil {
      session?.ackDueAt = now + settings.ackDelay
    }
  }

  mutating func sendDueAck(
    _ number: ConnectionNumber, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    if let due = session?.ackDueAt, due <= now { sendAck(number, into: &actions) }
  }

  mutating func sendAck(
    _ number: ConnectionNumber, into actions: inout ActionQueue<Action>
  ) {
    guard var session else { return }
    let committed = session.resume.received.committed
    session.unacked = 0
    session.ackDueAt = nil
    session.granted = max(session.granted, committed + UInt64(settings.receiveWindow))
    self.session = session
    actions.append(.frame(number, .ack(through: committed, credit: session.granted)))
  }

  // MARK: What this side sends

  /// The highest number that the other side can have committed: what an earlier connection carried may be committed there only now.
  private var highestSent: UInt64 {
    guard let session else { return 0 }
    return max(session.lastOnWire, session.resume.identity.wire(window.lastTransmitted))
  }

  /// False when the credit is used up: what was loaded behind it waits, too.
  mutating func transmitNumbered(
    _ sequence: UInt64, _ number: ConnectionNumber, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) -> Bool {
    // An earlier one of the same load may have ended the connection.
    guard openConnection == number, let session, let tag = window.tag(of: sequence) else {
      actions.append(.discard(sequence))
      return true
    }
    let limit = session.maximumMessageBytes
    let isWithdrawn = window.isWithdrawn(sequence)
    if !isWithdrawn, let bytes = window.bytes(of: sequence), bytes > limit, limit > 0 {
      actions.append(.discard(sequence))
      actions.append(
        .report(
          .failed(sequence, reason: "\(bytes) bytes are over the other side's limit of \(limit)")))
      settle(sequence, into: &actions)
      return true
    }
    let wire = session.resume.identity.wire(sequence)
    if wire > session.lastOnWire + 1 {
      actions.append(
        .frame(
          number,
          .skip(through: wire - 1, tag: Self.tagOfSkip(before: tag), reason: .withdrawn)))
      self.session?.lastOnWire = wire - 1
      // What is passed over takes credit. The other side forgets a refusal that is a window old: who sends on has heard it.
      guard wire <= session.credit else {
        actions.append(.discard(sequence))
        return false
      }
    }
    guard case .send = window.transmit(sequence, at: now, acking: .cumulative) else {
      actions.append(.discard(sequence))
      return true
    }
    if ackProgressAt == nil { ackProgressAt = now }
    self.session?.lastOnWire = wire
    if isWithdrawn {
      actions.append(.discard(sequence))
      // Under the message's own tag: that number was given once, and nothing else will come under it.
      actions.append(.frame(number, .skip(through: wire, tag: tag, reason: .withdrawn)))
      return true
    }
    let isRedelivered = sequence <= session.redeliveredThrough
    actions.append(
      .transmitNumbered(number, sequence, wire: wire, tag: tag, isRedelivered: isRedelivered))
    actions.append(.report(.sent(sequence)))
    return true
  }

  /// A tag that no message has: an older copy of this outbox may hold one under the number that is skipped, and must not take it for
  /// delivered.
  static func tagOfSkip(before tag: UInt64) -> UInt64 { max(1, ~tag) }

  mutating func acknowledged(
    _ number: ConnectionNumber, through: UInt64, credit: UInt64, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard let session, through <= highestSent else {
      return fail(
        number, code: 4006, reason: "an ack of message \(through), which was not sent", at: now,
        into: &actions)
    }
    self.session?.credit = max(session.credit, credit)
    self.session?.lastOnWire = max(session.lastOnWire, through)
    if through > session.acked {
      settle(throughWire: through, at: now, into: &actions)
      ackProgressAt = window.awaitsAcks ? now : nil
      prove()
    }
    pump(at: now, into: &actions)
  }

  /// Everything up to `wire` is committed on the other side.
  mutating func settle(
    throughWire wire: UInt64, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard var session, let sequence = session.resume.identity.sequence(wire) else { return }
    session.acked = max(session.acked, wire)
    self.session = session
    for settled in window.settle(through: sequence) {
      for sequence in settled.numbers { actions.append(.settle(sequence)) }
      guard !settled.wasWithdrawn else { continue }
      drained = min(drainTotal, drained + settled.numbers.count)
      actions.append(.report(.delivered(settled.numbers)))
    }
    admitWaiting(into: &actions)
  }

  mutating func rejected(
    _ number: ConnectionNumber, _ wire: UInt64, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    guard wire <= highestSent else {
      return fail(
        number, code: 4006, reason: "a nack of message \(wire), which was not sent", at: now,
        into: &actions)
    }
    reject(wire, reason: reason, into: &actions)
    pump(at: now, into: &actions)
  }

  mutating func reject(
    _ wire: UInt64, reason: String, into actions: inout ActionQueue<Action>
  ) {
    guard let sequence = session?.resume.identity.sequence(wire), window.isUnsettled(sequence),
      !window.isWithdrawn(sequence)
    else { return }
    actions.append(.report(.failed(sequence, reason: reason)))
    settle(sequence, into: &actions)
  }
}
