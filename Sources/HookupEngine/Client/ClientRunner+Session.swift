import HookupCore
import NIOCore

extension ClientRunner {
  /// Reads what one read brought of `hookup.resume.v1`.
  func receivedSession(_ frames: [WireFrame], _ number: UInt64) {
    for frame in frames {
      guard machine.openConnection == number else { return }
      do throws(ResumeFault) {
        hear(try ResumeFormat.decode(frame), frame, number)
      } catch {
        links[number]?.connection.close(code: error.code.rawValue, reason: error.sentence)
        return
      }
      performPending()
    }
  }

  private func hear(_ frame: ResumeFrame, _ wire: WireFrame, _ number: UInt64) {
    switch frame {
    case .hello:
      links[number]?.connection.close(code: 1002, reason: "a hello from the server")
    case .welcome(let welcome): handle(.welcome(number, welcome))
    case .numbered(let message):
      incoming = message
      incomingBytes = wire.bytes
      handle(
        .numbered(
          number, sequence: message.sequence, tag: message.tag,
          isRedelivered: message.isRedelivered))
      performPending()
      incoming = nil
    case .plain(let content): deliver(content, wire)
    case .ack(let through, let credit):
      handle(.acknowledged(number, through: through, credit: credit))
    case .nack(let sequence, let reason):
      handle(.rejected(number, sequence: sequence, reason: reason))
    case .skip(let through, let tag, let reason):
      handle(.skipped(number, through: through, tag: tag, reason))
    case .bye(let bye): handle(.saidBye(number, bye))
    }
  }

  /// Hands the message that is being read to the program.
  func deliver(_ sequence: UInt64, tag: UInt64, isRedelivered: Bool) {
    guard let message = incoming else { return }
    beginNumbering()
    deliveries.deliver(sequence, tag: tag)
    news.append(
      .delivery(
        ClientDelivery(
          content: message.content.detached, sequence: sequence, isRedelivered: isRedelivered,
          epoch: deliveriesEpoch, runner: self)))
    newsMessageBytes += incomingBytes + 64
  }

  /// Commits a stretch without messages, in its turn.
  func pass(_ through: UInt64, tag: UInt64) {
    beginNumbering()
    deliveries.skip(through: through, tag: tag)
    commitConfirmed()
  }

  /// The program has handled a delivery. One of a numbering that is over means nothing any more.
  func confirm(_ delivery: ClientDelivery) {
    guard delivery.epoch == deliveriesEpoch else { return }
    deliveries.confirm(delivery.sequence, refusal: nil, isDurable: false)
    commitConfirmed()
  }

  /// What was delivered under another numbering cannot be confirmed in this one.
  private func beginNumbering() {
    guard let epoch = machine.session?.resume.received.epoch, epoch != deliveriesEpoch else {
      return
    }
    deliveriesEpoch = epoch
    deliveries.removeAll()
  }

  /// Stores the cursor of all that is confirmed without a gap, and then tells the machine.
  private func commitConfirmed() {
    guard let client = machine.session?.resume.identity.client else { return }
    let epoch = deliveriesEpoch
    let none = SessionCursor(client: client, epoch: epoch, committed: 0, tag: 0, connection: 0)
    guard let cursor = deliveries.takeConfirmed(none) else { return }
    session?.store(epoch: epoch, committed: cursor.committed, tag: cursor.tag) { [self] result in
      eventLoop.execute { [self] in
        guard epoch == deliveriesEpoch else { return }
        switch result {
        case .success:
          deliveries.committed(through: cursor.committed)
          while let (sequence, _) = deliveries.nextDurable() {
            handle(.committed(through: sequence))
          }
        case .failure(let error):
          // All that was delivered and is not committed comes again.
          deliveries.removeAll()
          handle(.commitFailed(error))
        }
      }
    }
  }

  func write(_ frame: ResumeFrame, _ number: UInt64) {
    do throws(HookupError) {
      links[number]?.connection.send(try ResumeFormat.encode(frame), written: nil)
    } catch {
      news.append(.error(error))
      links[number]?.connection.abort()
    }
  }

  func transmitNumbered(
    _ number: UInt64, _ sequence: UInt64, wire: UInt64, tag: UInt64, isRedelivered: Bool
  ) {
    guard let entry = desk.take(sequence), let link = links[number] else { return }
    do throws(HookupError) {
      let frame = try ResumeFormat.encodeNumbered(
        sequence: wire, tag: tag, isRedelivered: isRedelivered, stored: entry.payload,
        flags: entry.flags)
      link.connection.send(frame, written: nil)
    } catch {
      news.append(.error(error))
      handle(.unsendable(sequence))
    }
  }

  func renew(_ identity: SessionIdentity) {
    session?.renew(identity) { [self] error in
      eventLoop.execute { [self] in round { news.append(.error(error)) } }
    }
  }

  // MARK: Receipts

  /// Tells `waiter` what becomes of `sequence`, now or when it is known.
  func awaitDelivery(
    _ sequence: UInt64, _ ticket: UInt64, _ waiter: CheckedContinuation<Void, any Error>
  ) {
    desk.awaitDelivery(
      sequence, ticket, in: machine.window, end: machine.isFinished ? .closedBeforeDelivery : nil,
      waiter)
  }

  func stopAwaiting(_ sequence: UInt64, _ ticket: UInt64) { desk.stopAwaiting(sequence, ticket) }
}

extension HookupError {
  static var closedBeforeDelivery: HookupError {
    HookupError(
      .closed,
      "the client was closed before the message was delivered; what a file buffer holds is kept")
  }
}
