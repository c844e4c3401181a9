extension SessionMachine {
  /// How many entries one read of the outbox asks for: enough to fill a few socket writes, little enough to hold in memory.
  static var loadCount: Int { 256 }

  mutating func submit(
    _ ticket: Ticket, bytes: Int, ackTimeout: Duration?, into actions: inout ActionQueue<Action>
  ) {
    guard bytes <= settings.maximumMessageBytes else {
      actions.append(
        .refuse(
          ticket,
          HookupError(
            .messageTooBig,
            "a message of \(bytes) bytes is over the limit of \(settings.maximumMessageBytes) bytes: split it, "
              + "or raise maximumMessageBytes on both sides")))
      return
    }
    guard settings.keepsWhileDisconnected || openConnection != nil else {
      actions.append(
        .refuse(
          ticket,
          HookupError(
            .notConnected, "not connected, and no buffer is configured to keep the message")))
      return
    }
    if waiting.isEmpty, hasRoom(for: bytes) {
      append(ticket, bytes: bytes, ackTimeout: ackTimeout, into: &actions)
    } else if settings.whenFull == .wait {
      waiting.append((ticket, bytes, ackTimeout))
    } else {
      actions.append(
        .refuse(
          ticket,
          HookupError(
            .bufferFull,
            "the outbox holds \(window.count) messages and \(window.bytes) bytes, its limit is "
              + "\(settings.maximumMessages) messages and \(settings.maximumBytes) bytes: send again when it has drained"
          )))
    }
  }

  private mutating func append(
    _ ticket: Ticket, bytes: Int, ackTimeout: Duration?, into actions: inout ActionQueue<Action>
  ) {
    let tag = session == nil ? 0 : max(1, random.next())
    let sequence = window.append(bytes: bytes, ackTimeout: ackTimeout, tag: tag)
    actions.append(.append(ticket, sequence, tag: tag))
  }

  /// A message always fits an empty outbox, so that a limit below the message size cannot block for ever.
  private func hasRoom(for bytes: Int) -> Bool {
    window.count == 0
      || (window.count < settings.maximumMessages && window.bytes + bytes <= settings.maximumBytes)
  }

  mutating func cancel(_ ticket: Ticket, into actions: inout ActionQueue<Action>) {
    waiting.removeAll { $0.ticket == ticket }
    // It may have stood in front of a smaller one that fits.
    admitWaiting(into: &actions)
  }

  mutating func admitWaiting(into actions: inout ActionQueue<Action>) {
    guard !waiting.isEmpty else { return }
    var admitted = 0
    for caller in waiting {
      guard hasRoom(for: caller.bytes) else { break }
      append(caller.ticket, bytes: caller.bytes, ackTimeout: caller.ackTimeout, into: &actions)
      admitted += 1
    }
    waiting.removeFirst(admitted)
  }

  mutating func stored(
    through last: UInt64, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    let before = window.durable
    window.confirm(through: last)
    guard window.durable > before else { return }
    let range = (before + 1)...window.durable
    guard settings.keepsWhileDisconnected || openConnection != nil else {
      // The connection went while the message was being taken in, and nothing may wait for the next one.
      for sequence in range { settle(sequence, into: &actions) }
      actions.append(.reject(range, HookupError(.notConnected, "the connection was lost")))
      return
    }
    actions.append(.accept(range))
    pump(at: now, into: &actions)
  }

  mutating func storeFailed(
    _ range: ClosedRange<UInt64>, _ error: HookupError, into actions: inout ActionQueue<Action>
  ) {
    window.fail(range)
    actions.append(.reject(range, error))
    actions.append(.report(.error(error)))
    admitWaiting(into: &actions)
  }

  mutating func settle(_ sequence: UInt64, into actions: inout ActionQueue<Action>) {
    window.settle(sequence)
    if drained < drainTotal { drained += 1 }
    actions.append(.settle(sequence))
    admitWaiting(into: &actions)
  }

  /// Asks for what can go on the wire next, if the connection, the window and the outbox allow it.
  mutating func pump(at now: MonotonicInstant, into actions: inout ActionQueue<Action>) {
    guard case .online(let number) = state, isWritable, !readerIsBehind, !isLoading,
      withdrawing.isEmpty, window.hasWaiting
    else {
      return
    }
    let room = min(settings.inFlightMessages - window.inFlightCount, credit)
    let bytes = settings.inFlightBytes - window.inFlightBytes
    guard room > 0, bytes > 0 || window.inFlightCount == 0 else { return }
    isLoading = true
    actions.append(
      .load(number, from: window.cursor, count: min(room, Self.loadCount), bytes: max(bytes, 1)))
  }

  mutating func transmit(
    _ loaded: [UInt64], _ number: ConnectionNumber, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    // What stands behind one whose withdrawal is being written waits for that.
    let sequences = withdrawing.isEmpty ? loaded[...] : loaded.prefix { !withdrawing.contains($0) }
    for sequence in loaded.dropFirst(sequences.count) { actions.append(.discard(sequence)) }
    if case .resume = carriage {
      var hasRoom = true
      for sequence in sequences {
        if hasRoom {
          hasRoom = transmitNumbered(sequence, number, at: now, into: &actions)
        } else {
          actions.append(.discard(sequence))
        }
      }
      if !sequences.isEmpty { pump(at: now, into: &actions) }
      return
    }
    for sequence in sequences {
      guard !window.isWithdrawn(sequence) else {
        actions.append(.discard(sequence))
        forget(sequence, into: &actions)
        continue
      }
      switch window.transmit(sequence, at: now, acking: carriage == .acks ? .each : .none) {
      case .send(let id):
        if id != nil, ackProgressAt == nil { ackProgressAt = now }
        actions.append(.transmit(number, sequence, id: id))
        actions.append(.report(.sent(sequence)))
      case .skip:
        actions.append(.discard(sequence))
      }
    }
    if !sequences.isEmpty { pump(at: now, into: &actions) }
  }

  mutating func acked(
    _ id: UInt64, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    // Unknown ids and second acks are harmless.
    guard let sequence = window.acknowledge(id) else { return }
    ackProgressAt = window.awaitsAcks ? now : nil
    prove()
    if drained < drainTotal { drained += 1 }
    actions.append(.settle(sequence))
    actions.append(.report(.acknowledged(sequence)))
    admitWaiting(into: &actions)
    pump(at: now, into: &actions)
  }
}
