import NIOCore

/// One WebSocket on one TCP connection, after the opening handshake, for either role (RFC 6455).
///
/// It is told what happened and orders what to do; see ``Machine``. Messages to be sent do not go through events but
/// through ``append(_:to:)``, straight into the driver's output.
package struct WebSocketMachine: Machine {
  package struct Configuration: Hashable, Sendable {
    package var role: WebSocketRole
    /// The largest message taken, payload bytes; 0...1 GiB, values outside count as the nearest.
    package var maximumMessageBytes: Int
    /// nil: no pings, no detection of dead peers.
    package var keepalive: KeepaliveSettings?
    /// From the beginning of the closing handshake until the socket is dropped at the latest.
    package var closeTimeout: Duration

    package init(
      role: WebSocketRole, maximumMessageBytes: Int = Limits.maximumMessageBytes,
      keepalive: KeepaliveSettings? = KeepaliveSettings(), closeTimeout: Duration = .seconds(5)
    ) {
      self.role = role
      self.maximumMessageBytes = min(max(maximumMessageBytes, 0), 1 << 30)
      self.keepalive = keepalive
      self.closeTimeout = closeTimeout
    }
  }

  private enum State: Sendable {
    /// Messages go both ways. Can transition to closing, ending, closed.
    case open
    /// Our close frame is sent, the peer's has not come: what it still sends is taken. Can transition to ending, closed.
    case closing(deadline: MonotonicInstant)
    /// Nothing is sent or read any more, the socket is about to go. Can transition to closed.
    case ending(deadline: MonotonicInstant?)
    /// The socket is gone.
    case closed
  }

  /// What ends the reading: a close frame, or a breach of the protocol.
  private enum ReadingEnd: Sendable {
    case closeFrame(ByteBuffer)
    case violation(ProtocolViolation)
  }

  /// Why it ends: what came first.
  private struct Ending {
    var code: CloseCode
    var reason: String
    var byPeer: Bool
  }

  /// Pongs that may wait to be written at once. Beyond that only the latest ping is remembered and answered when the
  /// others are gone (RFC 6455 §5.5.3), so that a flood of pings fills no memory.
  static let maximumWaitingPongs = 32

  private let configuration: Configuration
  private var state = State.open
  private var ending: Ending?
  private var reader: FrameReader
  private var items: [FrameReader.Item] = []
  private var keepalive: Keepalive
  private var maskingKeys: RandomSource
  private var waitingPongs = 0
  private var latePing: ByteBuffer?
  /// How the reading ended, while the messages in front of that end are being handed over.
  private var readingEnd: ReadingEnd?
  private var isReading = true
  /// The owner closed while it did not read: nobody wants what still comes.
  private var discardsMessages = false

  /// - Parameters:
  ///   - seed: of the masking keys, the pings' payloads and their jitter: 64 bits that a peer cannot guess.
  ///   - now: when the handshake was done.
  package init(_ configuration: Configuration, seed: UInt64, at now: MonotonicInstant) {
    self.configuration = configuration
    var seeds = RandomSource(seed: seed)
    reader = FrameReader(
      role: configuration.role, maximumMessageBytes: configuration.maximumMessageBytes)
    keepalive = Keepalive(configuration.keepalive, seed: seeds.next(), at: now)
    maskingKeys = RandomSource(seed: seeds.next())
  }

  package var nextDeadline: MonotonicInstant? {
    switch state {
    case .open: keepalive.nextDeadline
    case .closing(let deadline): deadline
    case .ending(let deadline): deadline
    case .closed: nil
    }
  }

  /// Appends a message to `output` as one frame. False, and nothing is appended, when messages are not sent any more.
  package mutating func append(_ frame: WireFrame, to output: inout ByteBuffer) -> Bool {
    guard case .open = state else { return false }
    let key = nextMaskingKey()
    WebSocketFrameEncoder.write(frame, maskingKey: key, into: &output)
    return true
  }

  /// Whether frames that ``WebSocketFrameEncoder/encode(_:)`` made may be written now. Never on a client, which must mask.
  package var sendsEncodedFrames: Bool {
    guard case .open = state else { return false }
    return configuration.role == .server
  }

  package mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .received(let bytes): receive(bytes, at: now, into: &actions)
    case .delivered: endReading(at: now, into: &actions)
    case .timer: timePassed(at: now, into: &actions)
    case .flushed: answerLatePing(into: &actions)
    case .reading(let wanted): setReading(wanted, at: now, into: &actions)
    case .close(let code, let reason): close(code, reason: reason, at: now, into: &actions)
    case .abort:
      guard !isClosed else { return }
      end(Ending(code: .abnormal, reason: "dropped on request", byPeer: false))
      drop(into: &actions)
    case .failed(let error):
      end(Ending(code: .abnormal, reason: error, byPeer: true))
    case .disconnected:
      guard !isClosed else { return }
      let ending = self.ending ?? Ending(code: .abnormal, reason: "", byPeer: true)
      state = .closed
      actions.append(.closed(code: ending.code, reason: ending.reason, byPeer: ending.byPeer))
    }
  }

  private var isClosed: Bool {
    if case .closed = state { true } else { false }
  }
}

// What arrives.
extension WebSocketMachine {
  private mutating func receive(
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
    var hasDelivered = false
    for index in items.indices {
      hasDelivered = perform(items[index], in: buffer, at: now, into: &actions) || hasDelivered
    }
    items.removeAll(keepingCapacity: items.count <= 1_024)
    // Messages in front of the end may still be answered.
    if readingEnd == nil { return }
    if hasDelivered {
      actions.append(.reportDelivered)
    } else {
      endReading(at: now, into: &actions)
    }
  }

  /// Carries out what was read; true when that hands a message to the owner.
  private mutating func perform(
    _ item: FrameReader.Item, in buffer: ByteBuffer, at now: MonotonicInstant,
    into actions: inout ActionQueue<Action>
  ) -> Bool {
    switch item {
    case .message(let isText, let place):
      let payload = Self.slice(buffer, place)
      return deliver(isText ? .text(payload) : .binary(payload), into: &actions)
    case .assembled(let frame):
      return deliver(frame, into: &actions)
    case .control(let opcode, let place):
      control(opcode, Self.slice(buffer, place), at: now, into: &actions)
    case .gathered(let opcode, let payload):
      control(opcode, payload, at: now, into: &actions)
    }
    return false
  }

  private static func slice(_ buffer: ByteBuffer, _ place: Range<Int>) -> ByteBuffer {
    guard !place.isEmpty else { return ByteBuffer() }
    return buffer.getSlice(at: place.lowerBound, length: place.count) ?? ByteBuffer()
  }

  private func deliver(_ frame: WireFrame, into actions: inout ActionQueue<Action>) -> Bool {
    guard !discardsMessages else { return false }
    actions.append(.deliver(frame))
    return true
  }

  private mutating func control(
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

  private mutating func answer(_ ping: ByteBuffer, into actions: inout ActionQueue<Action>) {
    // After our close frame nothing may be sent, a pong neither (RFC 6455 §5.5.1).
    guard case .open = state else { return }
    guard waitingPongs < Self.maximumWaitingPongs else {
      latePing = ping
      return
    }
    waitingPongs += 1
    write(.pong, ping, into: &actions)
  }

  private mutating func answerLatePing(into actions: inout ActionQueue<Action>) {
    waitingPongs = 0
    guard let ping = latePing else { return }
    latePing = nil
    answer(ping, into: &actions)
  }

  private mutating func setReading(
    _ wanted: Bool, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard case .open = state, wanted != isReading else { return }
    isReading = wanted
    if wanted {
      keepalive.resume(at: now)
    } else if keepalive.suspend() {
      actions.append(.stalled(false))
    }
    actions.append(.read(wanted))
  }
}

// How it ends.
extension WebSocketMachine {
  private mutating func close(
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
  }

  /// The peer's close frame, or the end of its stream, lies behind what was not read.
  private mutating func readOn(into actions: inout ActionQueue<Action>) {
    guard !isReading else { return }
    isReading = true
    discardsMessages = true
    actions.append(.read(true))
  }

  private mutating func endReading(
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch readingEnd {
    case .closeFrame(let payload): peerClosed(payload, at: now, into: &actions)
    case .violation(let violation): fail(violation, at: now, into: &actions)
    case nil: break
    }
    readingEnd = nil
  }

  private mutating func peerClosed(
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
  private mutating func fail(
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

  private mutating func timePassed(
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let deadline = nextDeadline, deadline <= now else { return }
    switch state {
    case .open: keepAlive(at: now, into: &actions)
    case .closing, .ending: drop(into: &actions)
    case .closed: break
    }
  }

  private mutating func keepAlive(
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    while true {
      switch keepalive.timePassed(at: now) {
      case .wait: return
      case .ping(let payload): write(.ping, payload, into: &actions)
      case .stalled: actions.append(.stalled(true))
      case .dead:
        end(Ending(code: .abnormal, reason: "the peer did not answer a ping", byPeer: false))
        drop(into: &actions)
        return
      }
    }
  }

  private mutating func drop(into actions: inout ActionQueue<Action>) {
    state = .ending(deadline: nil)
    actions.append(.abort)
  }

  private mutating func end(_ new: Ending) {
    if ending == nil { ending = new }
  }

  private mutating func write(
    _ opcode: FrameOpcode, _ payload: ByteBuffer, into actions: inout ActionQueue<Action>
  ) {
    var output = ByteBuffer()
    let key = nextMaskingKey()
    WebSocketFrameEncoder.write(opcode, payload: payload, maskingKey: key, into: &output)
    actions.append(.write(output))
  }

  private mutating func nextMaskingKey() -> UInt32? {
    guard configuration.role == .client else { return nil }
    let word: UInt64 = maskingKeys.next()
    return UInt32(truncatingIfNeeded: word)
  }
}
