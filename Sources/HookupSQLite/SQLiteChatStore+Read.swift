import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func head(of key: RoomKey) async throws(HookupError) -> RoomHead {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: "SELECT last, first, topic, topicOffset, state FROM room WHERE key = ?")
      guard let row = try Row.fetchOne(statement, arguments: [key.text]) else { return RoomHead() }
      var head = RoomHead(
        last: try row.offset(0), first: try row.offset(1), topic: row.text(2),
        topicOffset: try row.offset(3))
      head.state = try RoomTable.state(row, 4) ?? RoomState()
      return head
    }
  }

  // MARK: Pages

  public func page(_ request: RoomPageRequest) async throws(HookupError) -> RoomPage {
    try await read { database in
      try Self.page(request, database) ?? RoomPage(entries: [], more: false)
    }
  }

  /// Nil when there is no such log.
  static func page(_ request: RoomPageRequest, _ database: Database) throws -> RoomPage? {
    let statement = try database.cachedStatement(
      sql: "SELECT id, first, last FROM room WHERE key = ?")
    guard let row = try Row.fetchOne(statement, arguments: [request.key.text]) else { return nil }
    let room = try row.whole(0)
    switch request.position {
    case .after(let offset):
      return try page(request, room, "offset > ? ORDER BY offset", offset, database)
    case .before(let offset):
      return try page(request, room, "offset < ? ORDER BY offset DESC", offset, database)
    case .since(let milliseconds):
      let offsets = try row.whole(1)...max(row.whole(1), row.whole(2) + 1)
      let first = try firstOffset(since: milliseconds, among: offsets, room, database)
      return try page(
        request, room, "offset >= ? ORDER BY offset", UInt64(clamping: first), database)
    case .around(let offset):
      let (before, after) = request.halves
      let earlier = try before.map {
        try page($0, room, "offset < ? ORDER BY offset DESC", offset, database)
      }
      let later = try page(after, room, "offset >= ? ORDER BY offset", offset, database)
      return RoomPage(
        entries: (earlier?.entries ?? []) + later.entries,
        more: earlier?.more ?? false || later.more)
    }
  }

  private static func page(
    _ request: RoomPageRequest, _ room: Int64, _ order: String, _ bound: UInt64,
    _ database: Database
  ) throws -> RoomPage {
    let sql = "SELECT \(EntryRow.columns) FROM entry WHERE room = ? AND \(order) LIMIT ?"
    // One row more than asked tells whether there are more.
    let cursor = try Row.fetchCursor(
      database.cachedStatement(sql: sql),
      arguments: [room, Int64(clamping: bound), request.maximumEntries + 1])
    var entries: [RoomEntry] = []
    var bounds = PageBounds(request)
    var more = false
    while let row = try cursor.next() {
      let entry = try EntryRow.entry(row, named: request.name)
      guard bounds.take(entry) else {
        more = true
        break
      }
      entries.append(entry)
    }
    if let first = entries.first, let last = entries.last, first.offset > last.offset {
      entries.reverse()
    }
    try EntryRow.addReactions(to: &entries, room: room, database)
    return RoomPage(entries: entries, more: more)
  }

  /// By halves: the times of a log rise. Where the clock went back, it is one of the places where they pass `milliseconds`.
  private static func firstOffset(
    since milliseconds: Int64, among offsets: ClosedRange<Int64>, _ room: Int64,
    _ database: Database
  ) throws -> Int64 {
    let select = try database.cachedStatement(
      sql: "SELECT at FROM entry WHERE room = ? AND offset = ?")
    var low = offsets.lowerBound
    var high = offsets.upperBound
    while low < high {
      let middle = low + (high - low) / 2
      let at = try Row.fetchOne(select, arguments: [room, middle])?.whole(0)
      if let at, at < milliseconds { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Lists

  public func rooms(
    after name: RoomName?, limit: Int, for reader: RoomReader
  ) async throws(HookupError) -> RoomListPage {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT key, last, topic FROM room
          WHERE direct = 0 AND (?1 IS NULL OR key > ?1)
            AND (access <> 2 OR ?3 OR id IN (SELECT room FROM member WHERE person = ?4))
          ORDER BY key LIMIT ?2
          """)
      let rows = try Row.fetchAll(
        statement,
        arguments: [
          name?.text, limit + 1, reader.isOperator, reader.isAccount ? reader.nick.folded : "",
        ])
      return RoomListPage(
        rooms: try rows.prefix(limit).map { try Self.summary($0) }, more: rows.count > limit)
    }
  }

  private static func summary(_ row: Row) throws -> RoomSummary {
    guard let name = try? RoomName(row.text(0)) else {
      throw StoredFault.impossible("a room has an impossible name")
    }
    return RoomSummary(room: name, last: try row.offset(1), topic: row.text(2))
  }

  public func person(
    _ nick: Nick, limit: Int, marks: Int
  ) async throws(HookupError) -> PersonRecord {
    try await read { database in
      let direct = try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT key, last FROM participant JOIN room ON room.id = participant.room
            WHERE person = ? ORDER BY turn DESC LIMIT ?
            """), arguments: [nick.folded, limit])
      let rooms = try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT key, last, topic FROM member JOIN room ON room.id = member.room
            WHERE person = ? AND access <> 0 ORDER BY key LIMIT ?
            """), arguments: [nick.folded, limit])
      let found = try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT key, mark.offset FROM mark JOIN room ON room.id = mark.room
            WHERE person = ? ORDER BY mark.turn DESC LIMIT ?
            """), arguments: [nick.folded, marks])
      return PersonRecord(
        direct: try direct.compactMap { row in
          let last = try row.offset(1)
          return try Self.key(row).directName(for: nick).map { RoomSummary(room: $0, last: last) }
        },
        rooms: try rooms.map { try Self.summary($0) },
        marks: try found.map {
          ReadMark(person: nick.folded, key: try Self.key($0), offset: try $0.offset(1))
        })
    }
  }

  static func key(_ row: Row) throws -> RoomKey {
    guard let key = RoomKey(stored: row.text(0)) else {
      throw StoredFault.impossible("a room has an impossible name")
    }
    return key
  }
}
