import HookupCore
import NIOCore

extension ClientRunner {
  func perform(_ action: SessionMachine.Action) {
    switch action {
    case .open(let number): open(number)
    case .close(let number, let code, let reason):
      links[number]?.connection.close(code: code, reason: reason)
    case .abort(let number):
      attempts.removeValue(forKey: number)??.cancel()
      links[number]?.connection.abort()
    case .setReading(let number, let reading): links[number]?.connection.setReading(reading)
    case .append(let ticket, let sequence, let tag): desk.append(ticket, sequence, tag: tag)
    case .refuse(let ticket, let error): desk.refuse(ticket, error)
    case .accept(let range): desk.accept(range)
    case .reject(let range, let error): desk.reject(range, error)
    case .withdraw(let ticket, let sequence): storeWithdrawal(ticket, sequence)
    case .refuseWithdrawal(let ticket, let error): endWithdrawal(ticket, .failure(error))
    case .load(let number, let from, let count, let bytes):
      load(number, from: from, count: count, bytes: bytes)
    case .transmit(let number, let sequence, let id): transmit(number, sequence, id: id)
    case .transmitNumbered(let number, let sequence, let wire, let tag, let isRedelivered):
      transmitNumbered(number, sequence, wire: wire, tag: tag, isRedelivered: isRedelivered)
    case .frame(let number, let frame): write(frame, number)
    case .deliver(let sequence, let tag, let isRedelivered):
      deliver(sequence, tag: tag, isRedelivered: isRedelivered)
    case .pass(let through, let tag): pass(through, tag: tag)
    case .renew(let identity): renew(identity)
    case .discard(let sequence): desk.discard(sequence)
    case .settle(let sequence): desk.settle(sequence)
    case .report(let report): tell(report)
    case .finish(let error): finish(error)
    }
  }

  private func open(_ number: UInt64) {
    guard let session else { return dial(number, connection: 0) }
    attempts[number] = .some(nil)
    session.nextConnection { [self] result in
      eventLoop.execute { [self] in
        // Given up meanwhile.
        guard attempts.removeValue(forKey: number) != nil else { return }
        switch result {
        case .success(let connection): dial(number, connection: connection)
        case .failure(let error):
          handle(.openFailed(number, SessionMachine.OpenFailure(error, url: url)))
        }
      }
    }
  }

  /// - Parameter connection: how often this client has dialled; 0 when nobody counts.
  private func dial(_ number: UInt64, connection: UInt64) {
    let request: WebSocketConnector.Request
    do throws(HookupError) {
      request = try configuration.connectRequest(to: url)
    } catch {
      handle(.openFailed(number, SessionMachine.OpenFailure(error, url: url)))
      return
    }
    let attempt = connector.begin(
      request, on: eventLoop, delegate: LinkDelegate(number: number, runner: self))
    attempts[number] = attempt
    attempt.result.whenComplete { [self] result in
      attempts[number] = nil
      switch result {
      case .success(let opened): self.opened(number, connection, opened)
      case .failure(let error):
        handle(.openFailed(number, SessionMachine.OpenFailure(error, url: url)))
      }
    }
  }

  private func opened(
    _ number: UInt64, _ connection: UInt64, _ opened: WebSocketConnector.Connected
  ) {
    let chosen = configuration.formats.first { $0.subprotocol == opened.subprotocol }
    if chosen == nil, !configuration.formats.isEmpty, configuration.requiresSubprotocol {
      opened.connection.close(code: 1002, reason: "no common subprotocol")
      let names = configuration.formats.map(\.subprotocol).joined(separator: ", ")
      let error = HookupError(
        .handshakeFailed,
        "the server at \(url) selected none of the subprotocols \(names): offer another, or set requiresSubprotocol to false"
      )
      handle(.openFailed(number, SessionMachine.OpenFailure(error: error, isPermanent: true)))
      return
    }
    let format = chosen ?? SimpleJSONFormat()
    if chosen == nil, !configuration.formats.isEmpty {
      news.append(
        .error(
          HookupError(
            .handshakeFailed,
            "the server selected no subprotocol: going on with plain messages, without acks")))
    }
    links[number] = Link(connection: opened.connection, format: format)
    let carriage: SessionMachine.Carriage =
      format is ResumeFormat
      ? .resume(connection: connection) : format.carriesAcks ? .acks : .plain
    handle(.opened(number, carriage))
  }

  func store(_ entries: [OutboxEntry]) {
    guard let first = entries.first?.sequence, let last = entries.last?.sequence else { return }
    storage.append(entries) { [self] result in
      eventLoop.execute { [self] in
        switch result {
        case .success: handle(.stored(through: last))
        case .failure(let error): handle(.storeFailed(first...last, error))
        }
      }
    }
  }

  private func storeWithdrawal(_ ticket: UInt64, _ sequence: UInt64) {
    storage.withdraw([sequence]) { [self] result in
      eventLoop.execute { [self] in
        switch result {
        case .success: handle(.withdrawalStored(sequence))
        case .failure: handle(.withdrawalFailed(sequence))
        }
        endWithdrawal(ticket, result)
      }
    }
  }

  private func load(_ number: UInt64, from: UInt64, count: Int, bytes: Int) {
    storage.read(from: from, maximumCount: count, maximumBytes: bytes) { [self] result in
      eventLoop.execute { [self] in
        switch result {
        case .success(let entries):
          handle(.loaded(number, desk.hold(entries)))
        case .failure(let error): handle(.loadFailed(number, error))
        }
      }
    }
  }

  private func transmit(_ number: UInt64, _ sequence: UInt64, id: UInt64?) {
    guard let entry = desk.take(sequence), let link = links[number] else { return }
    do throws(HookupError) {
      let content = try entry.message().content
      if let id {
        link.connection.send(try link.format.encode(.ackRequest(id: id, content)), written: nil)
      } else {
        link.connection.send(try link.format.encode(.message(content))) { [self] isWritten in
          if isWritten { handle(.written(number, sequence)) }
        }
      }
    } catch {
      // Taken in while another format was spoken; this one cannot carry it, now or later.
      news.append(.error(error))
      handle(.unsendable(sequence))
    }
  }

  private func tell(_ report: SessionMachine.Report) {
    switch report {
    case .connected(let number):
      let name = links[number].map { $0.format.subprotocol }
      news.append(.connected(subprotocol: name))
      logger.info("connected", metadata: ["url": "\(url)"])
    case .disconnected(let reason):
      news.append(.disconnected(reason: reason))
      logger.info("disconnected", metadata: ["url": "\(url)", "reason": "\(quoted(reason))"])
    case .reconnecting(let attempt, let delay):
      news.append(.reconnecting(attempt: attempt, delay: delay))
    case .delivered(let range):
      desk.delivered(range)
      news.append(.delivered(range))
    case .failed(let sequence, let reason):
      desk.failed(sequence, reason: reason)
      news.append(.failed(sequence: sequence, reason: reason))
    case .withdrawn(let sequence):
      desk.failed(sequence, reason: "it was withdrawn")
      news.append(.withdrawn(sequence: sequence))
    case .broken(let broken):
      news.append(.broken(broken))
      logger.warning("the session's continuity broke", metadata: ["how": "\(broken.message)"])
    case .sent(let sequence):
      if configuration.reportsSent { news.append(.sent(sequence: sequence)) }
    case .acknowledged(let sequence):
      desk.delivered(sequence...sequence)
      news.append(.acknowledged(sequence: sequence))
    case .ackFailed(let sequence, let isKept):
      if !isKept { desk.failed(sequence, reason: "no ack came") }
      tellAckFailed(sequence, isKept: isKept)
    case .error(let error): news.append(.error(error))
    }
  }

  /// The event carries the message, which is only in the outbox: read before it is settled, told when it is there.
  private func tellAckFailed(_ sequence: UInt64, isKept: Bool) {
    storage.read(from: sequence, maximumCount: 1, maximumBytes: 1) { [self] result in
      eventLoop.execute { [self] in
        guard case .success(let entries) = result, let entry = entries.first,
          entry.sequence == sequence,
          let message = try? entry.message()
        else { return }
        round { news.append(.ackFailed(message, sequence: sequence, isKept: isKept)) }
      }
    }
  }

  private func finish(_ error: HookupError?) {
    storage.close { [self] _ in
      eventLoop.execute { [self] in
        session?.close()
        desk.endReceipts(.closedBeforeDelivery)
        publish()
        events.finish()
        if let error { finished.fail(error) } else { finished.succeed() }
      }
    }
  }
}

/// Turns what one connection tells into events of the machine, under the connection's number.
///
/// `@unchecked Sendable`: immutable; its runner is used on the event loop, where every call comes.
private final class LinkDelegate: WebSocketDelegate, @unchecked Sendable {
  let number: UInt64
  let runner: ClientRunner

  init(number: UInt64, runner: ClientRunner) {
    self.number = number
    self.runner = runner
  }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    runner.received(frames, number)
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {
    runner.handle(.writable(number, isWritable))
  }

  func webSocket(_ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration) {
    runner.handle(.roundTrip(number, roundTrip))
  }

  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {
    runner.handle(.stalled(number, isStalled))
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    runner.links[number] = nil
    runner.handle(.closed(number, code: reason.code, reason: reason.reason))
  }
}

extension ClientRunner {
  /// Delivers what one read brought; acks first, then delivers, as the original does.
  fileprivate func received(_ frames: [WireFrame], _ number: UInt64) {
    guard machine.openConnection == number, let link = links[number] else { return }
    round {
      if link.format is ResumeFormat { return receivedSession(frames, number) }
      for frame in frames {
        switch link.format.decode(frame) {
        case .message(let content): deliver(content, frame)
        case .ackRequest(let id, let content):
          if let ack = try? link.format.encode(.ack(id: id)) {
            link.connection.send(ack, written: nil)
          }
          deliver(content, frame)
        case .ack(let id):
          handle(.acked(number, id: id))
          performPending()
        }
      }
    }
  }

  func deliver(_ content: Message.Content, _ frame: WireFrame) {
    news.append(ClientEvent(content.detached))
    // An event costs something even when its message is empty.
    newsMessageBytes += frame.bytes + 64
  }
}

extension SessionMachine.OpenFailure {
  init(_ error: any Error, url: WebSocketURL) {
    let known =
      error as? HookupError
      ?? HookupError(.connectFailed, "cannot connect to \(url): \(error)", cause: error)
    guard let rejection = known.cause as? HandshakeRejection else {
      // A proxy that does not take the credentials will not take them later.
      let isShutOut = (known.cause as? ProxyRejection)?.status == 407
      self.init(error: known, isPermanent: known.code == .invalidArgument || isShutOut)
      return
    }
    self.init(
      error: known, isPermanent: [401, 403, 426].contains(rejection.status),
      retryAfter: rejection.retryAfter)
  }
}

extension ClientEvent {
  init(_ content: Message.Content) {
    switch content {
    case .text(let text): self = .text(text)
    case .json(let json): self = .json(json)
    case .binary(let bytes): self = .binary(bytes)
    }
  }
}
