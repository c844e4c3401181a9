/// Where a client's connection stands: what the connection pane shows.
public struct LinkStatus: Hashable, Sendable {
  /// The word that is always shown beside any colour.
  public enum State: String, Hashable, Sendable {
    /// Not trying: not started, or closed for good. Can transition to connecting.
    case offline
    /// Opening a socket, or in the opening handshake. Can transition to resuming, online, retrying, offline.
    case connecting
    /// Connected; the application's own greeting is under way, nothing of the outbox is sent yet.
    /// Can transition to online, retrying, offline.
    case resuming
    /// Connected, messages flow. Can transition to stalled, retrying, offline.
    case online
    /// Connected, but the peer has been silent since a ping. Can transition to online, retrying.
    case stalled
    /// Waiting for the next attempt. Can transition to connecting, offline.
    case retrying
  }

  public var state: State = .offline
  /// The last measured round trip of a ping.
  public var roundTrip: Duration?
  /// Attempts since the connection was lost; 0 while connected.
  public var attempt = 0
  /// When the next attempt starts, in `retrying`.
  public var retryAt: MonotonicInstant?
  /// Since when the connection is up.
  public var connectedSince: MonotonicInstant?
  /// How often a connection that was up was lost.
  public var drops = 0
  /// Why the last connection or attempt ended: one sentence.
  public var lastFailure: String?
  /// How the connection is encrypted, e.g. `TLS 1.3`; nil for one that is not, and while there is none.
  public var encryption: String?
  /// When the last ping was sent on this connection; nil before the first.
  public var lastPing: MonotonicInstant?
  /// When the next ping is due, if the peer stays silent until then.
  public var nextPing: MonotonicInstant?

  public init() {}
}

/// One message that was sent and waits for its ack: a row of the acks pane.
public struct PendingAck: Hashable, Sendable {
  /// The message's number in the outbox.
  public var sequence: UInt64
  /// When it was first handed to the socket.
  public var sentAt: MonotonicInstant
  /// When `ClientEvent.ackFailed` is due.
  public var deadline: MonotonicInstant
  /// How often it was sent.
  public var tries: Int
  public var bytes: Int

  public init(
    sequence: UInt64, sentAt: MonotonicInstant, deadline: MonotonicInstant, tries: Int, bytes: Int
  ) {
    self.sequence = sequence
    self.sentAt = sentAt
    self.deadline = deadline
    self.tries = tries
    self.bytes = bytes
  }
}

/// What waits in the outbox: the backlog pane.
public struct BacklogStatus: Hashable, Sendable {
  /// Messages not yet settled (acked, or written when they want no ack), and their payload bytes.
  public var messages = 0
  public var bytes = 0
  /// The limits beyond which `send` waits or throws.
  public var maximumMessages = 0
  public var maximumBytes = 0
  /// Bytes of the outbox on disk; nil with a memory buffer.
  public var fileBytes: Int?
  /// The drain since the last reconnect: how many waited then, and how many of them are settled.
  public var drainTotal = 0
  public var drained = 0

  public init() {}
}
