import NIOCore

// What arrives.
extension WebSocketMachine {
  mutating func receive(
    _ bytes: ByteBuffer, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch state {
    case .open, .closing: break
    // The closing handshake is over, or the peer broke the protocol: its bytes mean nothing any more.
    case .ending, .closed: return
    }
    guard readingEnd == nil else { return }
    if keepalive.heard(at: now) { actions.append(.stalled(false)) }
    var buffer = bytes
    do {
      try reader.read(&buffer, into: &items)
    } catch {
      readingEnd = .violation(error)
    }
    let isUnderWay = reader.isUnderWay
    pace.received(
      bytes.readableBytes, isUnderWay: isUnderWay,
      isNew: isUnderWay && items.contains(where: \.isData), at: now)
    for index in items.indices { perform(items[index], in: buffer, at: now, into: &actions) }
    items.removeAll(keepingCapacity: items.count <= 1_024)
    guard readingEnd != nil else { return }
    if case .open = state {
      // Messages in front of the end may still be answered.
      readingEndDeadline = now + configuration.closeTimeout
      actions.append(.heardLast)
    } else {
      endReading(at: now, into: &actions)
    }
  }

  /// Carries out what was read.
  mutating func perform(
    _ item: FrameReader.Item, in buffer: ByteBuffer, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    switch item {
    case .message(let isText, let place):
      let payload = Self.slice(buffer, place)
      deliver(isText ? .text(payload) : .binary(payload), into: &actions)
    case .assembled(let frame): deliver(frame, into: &actions)
    case .control(let opcode, let place):
      control(opcode, Self.slice(buffer, place), at: now, into: &actions)
    case .gathered(let opcode, let payload):
      control(opcode, payload, at: now, into: &actions)
    }
  }

  static func slice(_ buffer: ByteBuffer, _ place: Range<Int>) -> ByteBuffer {
    guard !place.isEmpty else { return ByteBuffer() }
    return buffer.getSlice(at: place.lowerBound, length: place.count) ?? ByteBuffer()
  }

  func deliver(_ frame: WireFrame, into actions: inout ActionQueue<Action>) {
    if !discardsMessages { actions.append(.deliver(frame)) }
  }

  mutating func control(
    _ opcode: FrameOpcode, _ payload: ByteBuffer, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    switch opcode {
    case .ping: answer(payload, into: &actions)
    case .pong:
      if let roundTrip = keepalive.pong(payload, at: now) { actions.append(.measured(roundTrip)) }
    case .close: readingEnd = .closeFrame(payload)
    case .continuation, .text, .binary: break
    }
  }

  mutating func answer(_ ping: ByteBuffer, into actions: inout ActionQueue<Action>) {
    // After our close frame nothing may be sent, a pong neither (RFC 6455 §5.5.1).
    guard case .open = state else { return }
    guard waitingPongs < Self.maximumWaitingPongs else {
      // Copied: a slice would keep all that was read with it.
      latePing = ByteBuffer(bytes: ping.readableBytesView)
      return
    }
    waitingPongs += 1
    write(.pong, ping, into: &actions)
  }

  mutating func answerLatePing(into actions: inout ActionQueue<Action>) {
    waitingPongs = 0
    guard let ping = latePing else { return }
    latePing = nil
    answer(ping, into: &actions)
  }

  mutating func setReading(
    _ wanted: Bool, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard case .open = state, wanted != isReading else { return }
    isReading = wanted
    if wanted {
      keepalive.resume(at: now)
      pace.resume(isUnderWay: reader.isUnderWay, at: now)
    } else if keepalive.suspend() {
      actions.append(.stalled(false))
    }
    if !wanted { pace.suspend() }
    actions.append(.read(wanted))
  }
}
