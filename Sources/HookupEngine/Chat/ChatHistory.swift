import HookupCore

/// What a ``ChatClient`` keeps of the rooms it reads, from one run to the next, so that it can show them without a server
/// and asks a server only for what it has not.
///
/// It never keeps the chat from working: one that cannot keep anything takes records all the same, holds nothing, and says why in its
/// own way.
public protocol ChatHistory: Sendable {
  /// Up to where each room is held; asked before the client connects. The offsets told here and the entries that
  /// ``page(of:before:limit:)`` gives belong together, whatever ended the run before.
  func held() async -> ChatHeld

  /// Keeps a step. Called in order, from any thread, and must not wait.
  func take(_ record: ChatRecord)

  /// Returns when more records may be taken: while it does not, the server is read no further.
  func waitForRoom() async

  /// The newest entries of a room before `offset` (nil: the newest of all) in rising order, at most `limit` and fewer when
  /// they are long. All records that were taken before the call are in it. Empty when nothing older is kept.
  func page(of room: RoomName, before offset: UInt64?, limit: Int) async -> [RoomEntry]

  /// Returns when all that was taken is kept. What is taken later is lost.
  func close() async
}

extension ChatClient {
  /// How many entries are read from the history at once: a page, as large as a server's.
  static let historyPage = 200

  /// Asks for entries of a room before `offset`: those that are kept here, else the server's. Answered by
  /// ``ChatUpdate/page(_:)``, also when there are none; a room that has not been answered is not asked for again.
  public func fetchHistory(of room: RoomName, before offset: UInt64) {
    handle(.fetch(room, before: offset))
  }

  func restoreHistory() async {
    guard let history else { return }
    handle(.held(await history.held()))
  }

  /// Answers the machine's questions until the client ends.
  func readHistory() async {
    for await read in historyReads.stream {
      let entries =
        await history?.page(of: read.room, before: read.before, limit: Self.historyPage) ?? []
      // Not held back by a slow reader: there is one page at most for each room.
      handle(.found(entries, in: read.room, before: read.before))
    }
  }
}

/// What is to be looked up in the history, in order. At most one for each room.
struct HistoryReads: Sendable {
  struct Read: Sendable {
    var room: RoomName
    var before: UInt64
  }

  let stream: AsyncStream<Read>
  private let continuation: AsyncStream<Read>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func add(_ room: RoomName, before offset: UInt64) {
    continuation.yield(Read(room: room, before: offset))
  }

  func finish() { continuation.finish() }
}
