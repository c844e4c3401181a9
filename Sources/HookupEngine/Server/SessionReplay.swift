import HookupCore

/// Where a server's messages to its sessions wait until their clients have confirmed them.
///
/// With any but ``none`` everything that is sent with ``ServerConnection/send(_:)``, `trySend`, ``ServerSession/send(_:)`` or a
/// broadcast to a connection of a session is numbered, whether it wants an ack or not: it goes into the session's outbox and from
/// there to the wire, in the order of the calls, on this connection or a later one. The client gets it as
/// ``ClientEvent/delivery(_:)``, once and in order, and confirms it.
@nonexhaustive
public enum SessionReplay: Hashable, Sendable {
  /// Nowhere. Messages are sent plainly: those that a broken connection takes with it are lost, and a message that wants an ack is
  /// refused. For applications that keep a log of their own and let the reader say how far it is, as the chat does.
  case none
  /// In memory, as long as the session is in memory: until the server's process ends, or the session is let go. Then its client is
  /// told ``SessionBreak/restarted(last:)``, before anything later.
  case memory(ReplayLimits = ReplayLimits())
  /// In a directory with one outbox of files for each session; made with mode 0700, locked against a second server. Survives the
  /// server's process and, with ``OutboxSync/commit``, the loss of power. The client of an outbox that was removed is told
  /// ``SessionBreak/restarted(last:)``. The files hold the messages and the clients' secrets: keep them as safe.
  case journal(
    directory: String, sync: OutboxSync = .commit, limits: ReplayLimits = ReplayLimits())

  /// Nil for ``none``.
  var limits: ReplayLimits? {
    switch self {
    case .none: nil
    case .memory(let limits), .journal(_, _, let limits): limits
    }
  }
}

/// How much a server keeps for its sessions' clients, and for how long.
public struct ReplayLimits: Hashable, Sendable {
  /// What `send` does when a session's outbox is full.
  @nonexhaustive
  public enum WhenFull: Hashable, Sendable {
    /// It waits until the client has confirmed enough, the session is let go, or its task is cancelled. The default.
    case wait
    /// It throws ``HookupError/Code/bufferFull``.
    case fail
  }

  /// Messages of one session that are not confirmed, at least 1. Default 10,000; then ``whenFull`` says what comes of the next.
  /// Small makes `send` wait for every client that is away; large costs some 100 bytes for each message beside its content.
  public var maximumMessages = 10_000

  /// Payload bytes of those messages, at least 1. Default 4 MiB, with the same effect; one message is always taken. All sessions
  /// together hold up to ``SessionOptions/maximumSessions`` times as much, in memory or on disk.
  public var maximumBytes = 4 << 20

  public var whenFull = WhenFull.wait

  /// How long a session is kept whose client has been away. Default 24 h; then what it holds is gone, and its client is told when it
  /// comes back. Short times lose what a client that sleeps over night was sent; long ones keep what nobody will fetch.
  public var keepFor = Duration.seconds(86_400)

  /// Outboxes in the directory of a journal, at least 1, those in use included. Default 10,000; beyond it that of the client that
  /// has been away the longest is removed, and its client is told when it comes back. Each takes 1 to some MiB on disk.
  public var maximumJournals = 10_000

  /// Outboxes of a journal that are open at once, at least 1: those of connected clients, and as many others as there is room for.
  /// Default 512. Each costs a thread and three open files. When all are of connected clients, one more client is told to
  /// come back later (4113); small numbers turn clients away, large ones need as many threads.
  public var maximumOpenJournals = 512

  public init() {}
}
