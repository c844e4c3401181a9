import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func head(of key: RoomKey) async throws(HookupError) -> RoomHead {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT last, first, topic, topicOffset FROM room WHERE key = ?")
      guard let row = try Row.fetchOne(statement, arguments: [key.text]) else { return RoomHead() }
      return RoomHead(
        last: Self.offset(row[0]), first: Self.offset(row[1]), topic: StoredText.text(row[2]),
        topicOffset: Self.offset(row[3]))
    }
  }

  public func page(_ request: RoomPageRequest) async throws(HookupError) -> RoomPage {
    try await read { database in
      try Self.page(request, database) ?? RoomPage(entries: [], more: false)
    }
  }

  /// Nil when there is no such log.
  static func page(_ request: RoomPageRequest, _ database: Database) throws -> RoomPage? {
    let statement = try database.cachedStatement(sql: "SELECT id FROM room WHERE key = ?")
    guard let room = try Int64.fetchOne(statement, arguments: [request.key.text]) else {
      return nil
    }
    return try page(request, room: room, database)
  }

  private static func page(
    _ request: RoomPageRequest, room: Int64, _ database: Database
  ) throws -> RoomPage {
    let columns = "SELECT offset, kind, message, sender, at, text FROM entry"
    let sql: String
    let bound: UInt64
    switch request.position {
    case .after(let offset):
      sql = columns + " WHERE room = ? AND offset > ? ORDER BY offset LIMIT ?"
      bound = offset
    case .before(let offset):
      sql = columns + " WHERE room = ? AND offset < ? ORDER BY offset DESC LIMIT ?"
      bound = offset
    }
    // One row more than asked tells whether there are more.
    let cursor = try Row.fetchCursor(
      database.cachedStatement(sql: sql),
      arguments: [room, Int64(clamping: bound), request.maximumEntries + 1])
    var entries: [RoomEntry] = []
    var bytes = 0
    var more = false
    while let row = try cursor.next() {
      let entry = try entry(row, named: request.name)
      bytes += entry.text.utf8.count
      guard entries.isEmpty || bytes <= request.maximumBytes, entries.count < request.maximumEntries
      else {
        more = true
        break
      }
      entries.append(entry)
    }
    if case .before = request.position { entries.reverse() }
    return RoomPage(entries: entries, more: more)
  }

  private static func entry(_ row: Row, named name: RoomName) throws -> RoomEntry {
    guard let id = try? MessageID(row[2]), let sender = try? Nick(row[3]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an entry has an impossible name")
    }
    return RoomEntry(
      room: name, offset: offset(row[0]), kind: EntryKind.kind(row[1]), id: id, from: sender,
      milliseconds: row[4], text: StoredText.text(row[5]))
  }

  private static func offset(_ number: Int64) -> UInt64 { UInt64(clamping: number) }

  public func rooms(after name: RoomName?, limit: Int) async throws(HookupError) -> RoomListPage {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT key, last, topic FROM room WHERE low IS NULL AND (?1 IS NULL OR key > ?1)
          ORDER BY key LIMIT ?2
          """)
      let rows = try Row.fetchAll(statement, arguments: [name?.text, limit + 1])
      let rooms = rows.prefix(limit).compactMap { row in
        (try? RoomName(row[0])).map {
          RoomSummary(room: $0, last: Self.offset(row[1]), topic: StoredText.text(row[2]))
        }
      }
      return RoomListPage(rooms: rooms, more: rows.count > limit)
    }
  }

  public func directRooms(
    of nick: Nick, limit: Int
  ) async throws(HookupError) -> [RoomSummary] {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT high AS peer, last, turn FROM room WHERE low = ?1
          UNION ALL
          SELECT low AS peer, last, turn FROM room WHERE high = ?1 AND low <> ?1
          ORDER BY turn DESC LIMIT ?2
          """)
      return try Row.fetchAll(statement, arguments: [nick.folded, limit]).compactMap { row in
        (try? Nick(row[0])).map {
          RoomSummary(room: RoomName(directTo: $0), last: Self.offset(row[1]))
        }
      }
    }
  }
}
