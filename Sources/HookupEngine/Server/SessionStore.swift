import HookupCore

/// Where a server keeps how far each client's session is committed: what lets a message that comes a second time be known.
///
/// ``MemorySessionStore`` keeps it as long as the process lives; a ``ChatStore`` keeps it with its entries. All methods may be
/// called from any task.
public protocol SessionStore: Sendable {
  /// What is remembered of the numbering `epoch` of a client.
  /// - Throws: ``HookupError/Code/storage``; the client is then told to come back later.
  func memory(of client: SessionID, epoch: UInt64) async throws(HookupError) -> SessionMemory

  /// Keeps cursors, all of them or none, and returns when they are durable. Of one numbering the highest number counts: a lower
  /// one than the one kept changes nothing.
  /// - Throws: ``HookupError/Code/storage``; then nothing is acked, and the messages come again.
  func commit(_ cursors: [SessionCursor]) async throws(HookupError)
}

/// Sessions remembered as long as the process lives: messages are then delivered exactly once until the server restarts, and
/// at least once beyond.
public actor MemorySessionStore: SessionStore {
  private var cursors: SessionCursors

  /// - Parameter maximumSessions: clients remembered, at least 1. Default 100,000, of which each takes about 300 bytes. Beyond it
  ///   those that sent nothing for the longest time are forgotten; what one of them sends again is delivered again.
  public init(maximumSessions: Int = 100_000) {
    cursors = SessionCursors(maximumClients: maximumSessions, remembersAll: false)
  }

  public func memory(of client: SessionID, epoch: UInt64) -> SessionMemory {
    cursors.memory(of: client, epoch: epoch)
  }

  public func commit(_ cursors: [SessionCursor]) {
    for cursor in cursors { self.cursors.commit(cursor) }
  }
}

/// Sessions on a server: `hookup.resume.v1`.
public struct SessionOptions: Sendable {
  /// Where it is kept how far each session is committed.
  public var store: any SessionStore

  /// Clients whose session is held in memory. Default 20,000. Beyond it those that have been gone the longest are let go: they
  /// go on from what ``store`` has, and what waits for them in memory is lost. When all are connected, one more is told to come
  /// back later (4113). Small loses sooner what a client that is away was sent; large takes memory for each.
  public var maximumSessions = 20_000

  /// Messages of one client that may be delivered and not committed; 1...1,024. Default 1,024. Small makes each client wait for
  /// the store, large costs memory for each.
  public var receiveWindow = Limits.inFlightMessages

  /// How long a new connection may take for its first frame. Default 10 s, then it is closed with 1008. Short times cut off slow
  /// networks, long ones let strangers hold connections.
  public var helloTimeout = Duration.seconds(10)

  /// Where messages to the clients wait until they are confirmed. Default ``SessionReplay/none``: they are sent plainly, and a
  /// connection that breaks takes them with it. ``SessionReplay/memory(_:)`` keeps them as long as the server runs,
  /// ``SessionReplay/journal(directory:sync:limits:)`` beyond that, at the cost of a disk write for each group of messages.
  public var replay = SessionReplay.none

  /// Where the files of ``replay`` are: tests put faults here.
  package var files: any FileLayer = SystemFiles()

  public init(store: any SessionStore) {
    self.store = store
  }
}
