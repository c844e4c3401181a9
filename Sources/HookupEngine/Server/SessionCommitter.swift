import HookupCore
import Logging

/// Gives a store the cursors of all sessions, many in one commit, one commit at a time.
///
/// What waits is bounded by the sessions' windows: nobody has more uncommitted than that.
final class SessionCommitter: Sendable {
  private struct Item: Sendable {
    var cursor: SessionCursor
    var connection: ServerConnection
    var session: ServerSession
  }

  private struct Key: Hashable {
    var client: SessionID
    var epoch: UInt64
  }

  private static let batch = 4_096

  private let store: any SessionStore
  private let logger: Logger
  private let queue = WorkQueue<Item>()

  init(_ store: any SessionStore, _ logger: Logger) {
    self.store = store
    self.logger = logger
  }

  func commit(
    _ cursor: SessionCursor, of connection: ServerConnection, in session: ServerSession
  ) {
    queue.append(Item(cursor: cursor, connection: connection, session: session))
  }

  /// Nothing more is given; what waits is still committed.
  func finish() { queue.finish() }

  /// Commits what waits, again and again, until the queue ends.
  func run() async {
    while let items = await queue.next(maximumCount: Self.batch) {
      do {
        try await store.commit(Self.merged(items))
        tell(items, nil)
      } catch {
        logger.error("the session store failed to commit", metadata: ["error": "\(error)"])
        // With what waits: were it committed, it would cover what was not.
        tell(items + queue.takeAll(), error)
      }
    }
  }

  private func tell(_ items: [Item], _ failure: HookupError?) {
    for item in items {
      item.session.committed(through: item.cursor.committed, of: item.connection, failure)
    }
  }

  /// One cursor for each numbering.
  private static func merged(_ items: [Item]) -> [SessionCursor] {
    var merged: [SessionCursor] = []
    var places: [Key: Int] = [:]
    for cursor in items.map(\.cursor) {
      let key = Key(client: cursor.client, epoch: cursor.epoch)
      guard let place = places[key] else {
        places[key] = merged.count
        merged.append(cursor)
        continue
      }
      let refusals = merged[place].refusals + cursor.refusals
      if cursor.committed > merged[place].committed { merged[place] = cursor }
      merged[place].refusals = refusals
    }
    return merged
  }
}
