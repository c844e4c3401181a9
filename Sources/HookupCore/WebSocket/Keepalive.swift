import NIOCore

/// When silence becomes a ping, and an unanswered ping the end of the connection.
public struct KeepaliveSettings: Hashable, Sendable {
  /// Silence of the peer, no byte of any kind, after which it is pinged; each wait varies by ±10 %, so that many
  /// connections do not ping at once. 15 s by default. Shorter: traffic and wake-ups for nothing. Longer: a half-open
  /// connection is noticed later, and address translators forget an idle one after 30 s to some minutes.
  public var pingAfter: Duration
  /// How long after the ping the peer may stay silent before the connection counts as dead and is dropped. 10 s by
  /// default. Shorter: a slow network looks like a dead one. Longer: what is sent meanwhile goes nowhere.
  public var deadAfter: Duration
  /// How long after the ping the connection is reported as stalled, ``deadAfter`` at the latest. 2 s by default.
  /// Shorter than a round trip: reported at every ping. Long: the report comes when it is over.
  public var stalledAfter: Duration
  /// Whether the first ping goes out as soon as the connection is open, so that its round trip is known at once and not only after
  /// the first silence. Off by default: it costs a frame each way for every connection.
  public var pingsAtOnce: Bool

  public init(
    pingAfter: Duration = .seconds(15), deadAfter: Duration = .seconds(10),
    stalledAfter: Duration = .seconds(2), pingsAtOnce: Bool = false
  ) {
    self.pingAfter = pingAfter
    self.deadAfter = deadAfter
    self.stalledAfter = stalledAfter
    self.pingsAtOnce = pingsAtOnce
  }
}

/// Notices that a peer is gone: silence → ping → more silence → dead, and measures the round trip.
///
/// Any inbound byte is life. At most one ping waits for an answer.
struct Keepalive: Sendable {
  /// What to do now that a deadline has passed.
  enum Order: Equatable, Sendable {
    case wait
    /// Send a ping with this payload.
    case ping(ByteBuffer)
    /// Report that the peer does not answer.
    case stalled
    /// Drop the socket.
    case dead
  }

  private enum State: Sendable {
    /// Nothing is watched: switched off, or nobody reads, so that silence proves nothing. → listening
    case idle
    /// The peer was heard, or never pinged; at `deadline` it is pinged. → pinged, idle
    case listening(until: MonotonicInstant)
    /// Pinged, no byte since. → stalled, listening, idle
    case pinged(at: MonotonicInstant)
    /// Pinged, no byte since, and it was reported. → listening, idle
    case stalled(pingedAt: MonotonicInstant)
  }

  private let configuration: WebSocketMachine.Configuration
  private var state: State
  private var random: RandomSource
  /// The silence after which the next ping goes: drawn anew for each wait.
  private var silence: Duration = .zero
  /// The payload of the last ping, until its pong comes.
  private var unanswered: UInt64?
  /// When the last ping was sent; nil before the first.
  private(set) var lastPing: MonotonicInstant?

  /// How far behind its time a deadline may be looked at and still prove anything about the peer: later, it was this
  /// process that slept, and the answer may lie unread in the socket.
  private static let provenLateness: Duration = .seconds(1)
  /// Shorter times than this in the settings count as this, so that no setting makes a busy loop.
  private static let shortest: Duration = .milliseconds(10)

  init(_ settings: KeepaliveSettings?, seed: UInt64, at now: MonotonicInstant) {
    let configuration = WebSocketMachine.Configuration(role: .server, keepalive: settings)
    self.init(configuration, seed: seed, at: now)
  }

  /// - Parameter configuration: whose settings it keeps to; shared, so that a connection does not hold a copy.
  init(_ configuration: WebSocketMachine.Configuration, seed: UInt64, at now: MonotonicInstant) {
    self.configuration = configuration
    random = RandomSource(seed: seed)
    state = .idle
    listen(from: now)
    if settings?.pingsAtOnce == true { state = .listening(until: now) }
  }

  var nextDeadline: MonotonicInstant? {
    switch state {
    case .idle: nil
    case .listening(let deadline): deadline
    case .pinged(let sentAt): sentAt + min(stalledAfter, deadAfter)
    case .stalled(let sentAt): sentAt + deadAfter
    }
  }

  /// When the next ping is due, if the peer stays silent until then. Nil when nothing is watched, and while a ping waits for its answer:
  /// what is due then is the end.
  var nextPing: MonotonicInstant? {
    guard case .listening(let deadline) = state else { return nil }
    return deadline
  }

  /// A byte arrived. True when that ends a reported stall.
  mutating func heard(at now: MonotonicInstant) -> Bool {
    switch state {
    case .idle: return false
    case .listening:
      state = .listening(until: now + silence)
      return false
    case .pinged:
      listen(from: now)
      return false
    case .stalled:
      listen(from: now)
      return true
    }
  }

  /// A pong arrived: the round trip, if it answers the last ping. Others are life and nothing more: they may be
  /// unsolicited, or empty as the original's peers send them.
  mutating func pong(_ payload: ByteBuffer, at now: MonotonicInstant) -> Duration? {
    guard let nonce = unanswered, let lastPing, payload.readableBytes == 8,
      payload.getInteger(at: payload.readerIndex) == nonce
    else { return nil }
    unanswered = nil
    return now - lastPing
  }

  /// Time has passed.
  mutating func timePassed(at now: MonotonicInstant) -> Order {
    guard let deadline = nextDeadline, deadline <= now else { return .wait }
    switch state {
    case .idle: return .wait
    case .listening:
      let nonce: UInt64 = random.next()
      unanswered = nonce
      lastPing = now
      state = .pinged(at: now)
      return .ping(ByteBuffer(integer: nonce))
    case .pinged(let sentAt):
      state = .stalled(pingedAt: sentAt)
      return .stalled
    case .stalled:
      guard now - deadline <= Self.provenLateness else {
        state = .stalled(pingedAt: now)
        return .wait
      }
      return .dead
    }
  }

  /// Nobody reads the socket from now on. True when that ends a reported stall.
  mutating func suspend() -> Bool {
    defer { state = .idle }
    if case .stalled = state { return true }
    return false
  }

  /// The socket is read again: silence counts from now.
  mutating func resume(at now: MonotonicInstant) {
    if case .idle = state { listen(from: now) }
  }

  private mutating func listen(from now: MonotonicInstant) {
    guard let settings else { return }
    let pingAfter = max(settings.pingAfter, Self.shortest)
    silence = pingAfter * 0.9 + random.duration(upTo: pingAfter * 0.2)
    state = .listening(until: now + silence)
  }

  private var settings: KeepaliveSettings? { configuration.keepalive }
  private var deadAfter: Duration { max(settings?.deadAfter ?? .zero, Self.shortest) }
  private var stalledAfter: Duration { max(settings?.stalledAfter ?? .zero, .zero) }
}
