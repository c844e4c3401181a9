import NIOCore

/// Which end of a connection this is: the client masks its frames and the server does not (RFC 6455 §5.1), and the
/// server is the one that closes the socket (§7.1.1).
package enum WebSocketRole: Hashable, Sendable {
  case client
  case server
}

/// One WebSocket on one TCP connection, after the opening handshake, for either role (RFC 6455).
///
/// It is told what happened and orders what to do; see ``Machine``. Messages to be sent do not go through events but
/// through ``append(_:to:)``, straight into the driver's output.
package struct WebSocketMachine: Machine {
  /// The bounds and times of a connection: one object for all that have the same.
  package final class Configuration: Sendable {
    package let role: WebSocketRole
    /// The largest message taken, payload bytes; 0...1 GiB, values outside count as the nearest.
    package let maximumMessageBytes: Int
    /// nil: no pings, no detection of dead peers.
    package let keepalive: KeepaliveSettings?
    /// From the beginning of the closing handshake until the socket is dropped at the latest.
    package let closeTimeout: Duration
    /// How long a message may take from its first byte on, and longer if its bytes keep coming: see ``MessagePace``. Nil:
    /// for ever.
    package let messageTimeout: Duration?
    /// Whether bytes that were fed are unmasked where they lie, though others may hold the same storage: the driver promises that
    /// nobody but the machine reads them. False copies them first unless they are the machine's alone.
    package let unmasksInPlace: Bool
    /// What the handshake agreed on about compression; nil: nothing.
    package let compression: PerMessageDeflate?

    package init(
      role: WebSocketRole, maximumMessageBytes: Int = Limits.maximumMessageBytes,
      keepalive: KeepaliveSettings? = KeepaliveSettings(), closeTimeout: Duration = .seconds(5),
      messageTimeout: Duration? = nil, unmasksInPlace: Bool = false,
      compression: PerMessageDeflate? = nil
    ) {
      self.role = role
      self.maximumMessageBytes = min(max(maximumMessageBytes, 0), 1 << 30)
      self.keepalive = keepalive
      self.closeTimeout = closeTimeout
      self.messageTimeout = messageTimeout
      self.unmasksInPlace = unmasksInPlace
      self.compression = compression
    }
  }

  /// What happened.
  package enum Event: Equatable, Sendable {
    /// Bytes came from the peer.
    case received(ByteBuffer)
    /// ``WebSocketMachine/nextDeadline`` has passed. Too early is harmless.
    case timer
    /// The owner has answered all that was delivered, or will not: what the peer ended with may be answered too.
    case concluded
    /// All bytes handed over for writing so far have gone to the kernel.
    case flushed
    /// The owner stops (false) or resumes (true) reading.
    case reading(Bool)
    /// The owner begins the closing handshake. A code that may not stand on the wire is sent as a close frame without
    /// one; a reason is cut to 123 bytes.
    case close(CloseCode, reason: String)
    /// The owner wants the socket gone at once.
    case abort
    /// The socket or TLS failed with this error, in words; `disconnected` follows.
    case failed(String)
    /// The socket is closed, by whomever. The last event.
    case disconnected
  }

  /// What is to be done, in this order.
  package enum Action: Equatable, Sendable {
    /// Hand a message to the owner.
    case deliver(WireFrame)
    /// The peer has said its last word, behind the messages ordered before. Feed `concluded` back once the owner has answered
    /// those, or will not. The machine waits for that no longer than the close timeout.
    case heardLast
    /// Write these bytes, behind all that was handed over before.
    case write(ByteBuffer)
    /// Tell the owner the round trip of a ping.
    case measured(Duration)
    /// Tell the owner that the peer does not answer (true), or that it was heard again (false).
    case stalled(Bool)
    /// Stop or resume reading the socket.
    case read(Bool)
    /// Close the socket's sending half once everything is written; go on reading.
    case closeOutput
    /// Close the socket once everything is written.
    case closeSocket
    /// Close the socket now.
    case abort
    /// Tell the owner that it is over, and why. The last action.
    case closed(code: CloseCode, reason: String, byPeer: Bool)
  }

  enum State: Sendable {
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
  enum ReadingEnd: Sendable {
    case closeFrame(ByteBuffer)
    case violation(ProtocolViolation)
  }

  /// Why it ends: what came first.
  struct Ending {
    var code: CloseCode
    var reason: String
    var byPeer: Bool
  }

  /// Pongs that may wait to be written at once. Beyond that only the latest ping is remembered and answered when the
  /// others are gone (RFC 6455 §5.5.3), so that a flood of pings fills no memory.
  static let maximumWaitingPongs = 32

  let configuration: Configuration
  var state = State.open
  @OutOfLine var ending: Ending?
  var reader: FrameReader
  /// For our messages; nil when they are never compressed.
  var deflater: Deflater?
  var items: [FrameReader.Item] = []
  var keepalive: Keepalive
  var pace: MessagePace
  var maskingKeys: RandomSource
  var waitingPongs = 0
  @OutOfLine var latePing: ByteBuffer?
  /// How the reading ended, while the messages in front of that end are being handed over.
  @OutOfLine var readingEnd: ReadingEnd?
  /// Until when the owner may take to answer the messages in front of that end.
  var readingEndDeadline: MonotonicInstant?
  var isReading = true
  /// The owner closed while it did not read: nobody wants what still comes.
  var discardsMessages = false

  /// - Parameters:
  ///   - seed: of the masking keys, the pings' payloads and their jitter: 64 bits that a peer cannot guess.
  ///   - now: when the handshake was done.
  package init(_ configuration: Configuration, seed: UInt64, at now: MonotonicInstant) {
    self.configuration = configuration
    var seeds = RandomSource(seed: seed)
    reader = FrameReader(
      role: configuration.role, maximumMessageBytes: configuration.maximumMessageBytes,
      unmasksInPlace: configuration.unmasksInPlace,
      inflater: configuration.compression?.inflater(for: configuration.role))
    deflater = configuration.compression?.deflater(for: configuration.role)
    keepalive = Keepalive(configuration, seed: seeds.next(), at: now)
    pace = MessagePace(configuration)
    maskingKeys = RandomSource(seed: seeds.next())
  }

  package var nextDeadline: MonotonicInstant? {
    switch state {
    // The peer has ended its side: it is not pinged any more.
    case .open: readingEndDeadline ?? earlier(pace.deadline, keepalive.nextDeadline)
    case .closing(let deadline): deadline
    case .ending(let deadline): deadline
    case .closed: nil
    }
  }

  /// Appends a message to `output` as one frame. False, and nothing is appended, when messages are not sent any more.
  package mutating func append(_ frame: WireFrame, to output: inout ByteBuffer) -> Bool {
    guard case .open = state else { return false }
    let key = nextMaskingKey()
    // Through the optional, in place: taken out of it, the deflater would have a second holder.
    if deflater?.write(frame, maskingKey: key, into: &output) == nil {
      WebSocketFrameEncoder.write(frame, maskingKey: key, into: &output)
    }
    return true
  }

  // What a driver asks for each frame is mutating though it changes nothing: a driver that holds the machine in a class would
  // otherwise copy the whole of it for each question.

  /// Appends the header of a message as one frame, its payload to be written behind it as it is. False, and nothing is appended, when
  /// messages are masked or compressed, or not sent any more.
  package mutating func appendHeader(of frame: WireFrame, to output: inout ByteBuffer) -> Bool {
    guard sendsEncodedFrames(), deflater == nil else { return false }
    switch frame {
    case .text(let payload):
      WebSocketFrameEncoder.writeHeader(.text, count: payload.readableBytes, into: &output)
    case .binary(let payload):
      WebSocketFrameEncoder.writeHeader(.binary, count: payload.readableBytes, into: &output)
    }
    return true
  }

  /// Whether frames that ``WebSocketFrameEncoder/encode(_:)`` made may be written now. Never on a client, which must mask.
  package mutating func sendsEncodedFrames() -> Bool {
    guard case .open = state else { return false }
    return configuration.role == .server
  }

  /// When the last ping was sent, and when the next is due if the peer stays silent; nil for what is not, or no more, to be told.
  package mutating func pings() -> (last: MonotonicInstant?, next: MonotonicInstant?) {
    guard case .open = state, readingEnd == nil else { return (keepalive.lastPing, nil) }
    return (keepalive.lastPing, keepalive.nextPing)
  }

  /// ``nextDeadline``.
  package mutating func currentDeadline() -> MonotonicInstant? { nextDeadline }

  package mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .received(let bytes): receive(bytes, at: now, into: &actions)
    case .concluded: endReading(at: now, into: &actions)
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
      deflater = nil
      reader.release()
      actions.append(.closed(code: ending.code, reason: ending.reason, byPeer: ending.byPeer))
    }
  }

  private func earlier(
    _ left: MonotonicInstant?, _ right: MonotonicInstant?
  ) -> MonotonicInstant? {
    guard let left else { return right }
    return right.map { min(left, $0) } ?? left
  }

  var isClosed: Bool {
    if case .closed = state { true } else { false }
  }
}

// Time, and what is written.
extension WebSocketMachine {
  mutating func timePassed(
    at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard let deadline = nextDeadline, deadline <= now else { return }
    switch state {
    case .open:
      if readingEnd == nil, pace.timePassed(at: now) {
        fail(Self.tooSlow, at: now, into: &actions)
      } else if readingEnd == nil {
        keepAlive(at: now, into: &actions)
      } else {
        endReading(at: now, into: &actions)
      }
    case .closing, .ending: drop(into: &actions)
    case .closed: break
    }
  }

  private static let tooSlow = ProtocolViolation(
    .policyViolation, "a message takes too long to arrive")

  mutating func keepAlive(
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

  mutating func write(
    _ opcode: FrameOpcode, _ payload: ByteBuffer, into actions: inout ActionQueue<Action>
  ) {
    var output = ByteBuffer()
    let key = nextMaskingKey()
    WebSocketFrameEncoder.write(opcode, payload: payload, maskingKey: key, into: &output)
    actions.append(.write(output))
  }

  mutating func nextMaskingKey() -> UInt32? {
    guard configuration.role == .client else { return nil }
    let word: UInt64 = maskingKeys.next()
    return UInt32(truncatingIfNeeded: word)
  }
}
