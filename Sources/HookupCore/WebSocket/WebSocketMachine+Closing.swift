import NIOCore

// How it ends.
extension WebSocketMachine {
  mutating func close(
    _ code: CloseCode, reason: String, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    // Closing twice, or while the peer closes, is a harmless race: the first one counts.
    guard case .open = state else { return }
    let body = CloseBody(code: code, reason: reason)
    end(Ending(code: body.code, reason: body.reason, byPeer: false))
    write(.close, body.encoded(), into: &actions)
    state = .closing(deadline: now + configuration.closeTimeout)
    readOn(into: &actions)
    // The owner has nothing more to say, and the peer's end is here already.
    endReading(at: now, into: &actions)
  }

  /// The peer's close frame, or the end of its stream, lies behind what was not read.
  mutating func readOn(into actions: inout ActionQueue<Action>) {
    guard !isReading else { return }
    isReading = true
    discardsMessages = true
    actions.append(.read(true))
  }

  mutating func endReading(
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch readingEnd {
    case .closeFrame(let payload): peerClosed(payload, at: now, into: &actions)
    case .violation(let violation): fail(violation, at: now, into: &actions)
    case nil: break
    }
    readingEnd = nil
    readingEndDeadline = nil
  }

  mutating func peerClosed(
    _ payload: ByteBuffer, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    let body: CloseBody
    do {
      body = try CloseBody(decoding: payload)
    } catch {
      fail(error, at: now, into: &actions)
      return
    }
    let deadline: MonotonicInstant
    switch state {
    case .open:
      end(Ending(code: body.code, reason: body.reason, byPeer: true))
      // The answer carries the peer's code back (RFC 6455 §5.5.1).
      write(.close, CloseBody(code: body.code, reason: "").encoded(), into: &actions)
      deadline = now + configuration.closeTimeout
    case .closing(let old): deadline = old
    case .ending, .closed: return
    }
    state = .ending(deadline: deadline)
    readOn(into: &actions)
    // The server closes the socket, the client waits for that (RFC 6455 §7.1.1).
    if configuration.role == .server { actions.append(.closeSocket) }
  }

  /// The peer broke the protocol (RFC 6455 §7.1.7).
  mutating func fail(
    _ violation: ProtocolViolation, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) {
    switch state {
    case .open:
      end(Ending(code: violation.code, reason: violation.reason, byPeer: false))
      let body = CloseBody(code: violation.code, reason: violation.reason)
      write(.close, body.encoded(), into: &actions)
      state = .ending(deadline: now + configuration.closeTimeout)
      readOn(into: &actions)
      // A socket that is closed while bytes lie unread in it is reset, and the close frame may be lost with it: so only
      // our half is closed, and the rest when the peer has closed its own.
      if configuration.role == .server { actions.append(.closeOutput) }
    case .closing(let deadline):
      state = .ending(deadline: deadline)
      actions.append(.closeSocket)
    case .ending, .closed: break
    }
  }

  mutating func drop(into actions: inout ActionQueue<Action>) {
    state = .ending(deadline: nil)
    actions.append(.abort)
  }

  mutating func end(_ new: Ending) {
    if ending == nil { ending = new }
  }
}
