import HookupCore
import Logging
import NIOCore

/// What the machine orders, under the session's lock.
extension ServerSession.State {
  mutating func perform(
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
    case .report(let report): tell(report, session)
    case .append(let ticket, let sequence, let tag):
      if desk.submissions[ticket]?.entry.ackTimeoutMilliseconds ?? 0 != 0 {
        awaited.insert(sequence)
      }
      desk.append(ticket, sequence, tag: tag)
    case .refuse(let ticket, let error): desk.refuse(ticket, error)
    case .accept(let range): desk.accept(range)
    case .reject(let range, let error):
      for sequence in range { awaited.remove(sequence) }
      desk.reject(range, error)
    case .load(let number, let from, let count, let bytes):
      session.outbox?.load(
        connection: number, from: from, count: count, bytes: bytes, for: session)
    case .transmitNumbered(let number, let sequence, let wire, let tag, let isRedelivered):
      transmit(number, sequence, wire: wire, tag: tag, isRedelivered)
    case .renew(let identity): session.outbox?.renew(identity)
    case .discard(let sequence): desk.discard(sequence)
    case .settle(let sequence): desk.settle(sequence)
    case .open, .setReading, .transmit, .finish, .withdraw, .refuseWithdrawal:
      // Of a side that dials, speaks other formats, or takes messages back.
      break
    }
  }

  private mutating func transmit(
    _ number: UInt64, _ sequence: UInt64, wire: UInt64, tag: UInt64, _ isRedelivered: Bool
  ) {
    guard let entry = desk.take(sequence), let connection = connection(number) else { return }
    do throws(HookupError) {
      connection.enqueue(
        try ResumeFormat.encodeNumbered(
          sequence: wire, tag: tag, isRedelivered: isRedelivered, stored: entry.payload,
          flags: entry.flags))
    } catch {
      news.append((.error(error), 0))
      machine.handle(.unsendable(sequence), at: .now, into: &actions)
    }
  }

  private func connection(_ number: UInt64) -> ServerConnection? {
    if let candidate, candidate.number == number { return candidate }
    return current?.number == number ? current : nil
  }

  mutating func deliver(
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

  mutating func close(
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

  mutating func tell(_ report: SessionMachine.Report, _ session: ServerSession) {
    switch report {
    case .broken(let what):
      logger(session).warning("a session is broken", metadata: ["what": "\(what.message)"])
      news.append((.sessionBroken(what), 0))
    case .error(let error):
      logger(session).error("a session failed", metadata: ["error": "\(error)"])
      news.append((.error(error), 0))
    case .delivered(let range):
      desk.delivered(range)
      guard !awaited.isEmpty else { return }
      for sequence in range where awaited.remove(sequence) != nil {
        news.append((.acknowledged(sequence), 0))
      }
    case .failed(let sequence, let reason): failed(sequence, reason)
    case .ackFailed(let sequence, let isKept):
      if isKept {
        session.outbox?.fetch(sequence, for: session)
      } else {
        failed(sequence, "it cannot be sent")
      }
    case .connected, .disconnected, .reconnecting, .sent, .acknowledged, .withdrawn: break
    }
  }

  private mutating func failed(_ sequence: UInt64, _ reason: String) {
    awaited.remove(sequence)
    desk.failed(sequence, reason: reason)
    news.append(
      (
        .error(HookupError(.refused, "message \(sequence) was not delivered: \(reason)")), 0
      ))
  }

  private func logger(_ session: ServerSession) -> Logger {
    (current ?? candidate)?.logger ?? session.logger
  }

  // MARK: The end of a round

  mutating func finishRound(_ session: ServerSession) {
    repeat {
      advance(session)
      tell()
      flush(session)
    } while takeOutcomes(session)
    if let current { eventLoop = current.eventLoop }
    guard let eventLoop else { return }
    alarm.set(machine.nextDeadline, on: eventLoop) { session.timerFired() }
  }

  /// Gives the outbox its work.
  private mutating func flush(_ session: ServerSession) {
    guard let outbox = session.outbox else { return }
    outbox.append(desk.takeAppends(), for: session)
    let settled = desk.takeSettled()
    if !settled.isEmpty { outbox.storage.settle(settled) }
  }

  /// False when nothing had come of it.
  private mutating func takeOutcomes(_ session: ServerSession) -> Bool {
    guard let outcomes = session.outbox?.takeOutcomes(), !outcomes.isEmpty else { return false }
    for outcome in outcomes {
      switch outcome {
      case .stored(let through): feed(.stored(through: through), session)
      case .storeFailed(let range, let error): feed(.storeFailed(range, error), session)
      case .loaded(let number, let entries): feed(.loaded(number, desk.hold(entries)), session)
      case .loadFailed(let number, let error): feed(.loadFailed(number, error), session)
      case .overdue(let entry):
        guard let message = try? entry.message() else { continue }
        news.append((.ackFailed(message), 0))
      }
    }
    return true
  }

  /// Tells the machine what is durable, and gives the store what may be committed.
  mutating func advance(_ session: ServerSession) {
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
  mutating func tell() {
    guard !news.isEmpty else { return }
    current?.deliver(news)
    news.removeAll(keepingCapacity: true)
  }
}
