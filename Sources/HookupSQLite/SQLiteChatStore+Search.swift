import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func search(_ request: SearchRequest) async throws(HookupError) -> SearchPage {
    let words = try SearchWords(request.words)
    let limit = limits.searchTime
    return try await read { database in
      do {
        return try QueryClock.bound(database, by: limit) {
          try Search(request: request, words: words, database: database).page()
        }
      } catch DatabaseError.SQLITE_INTERRUPT {
        throw HookupError(
          .invalidArgument,
          "the search takes longer than \(limit): use more words, or rarer ones, or name a room")
      }
    }
  }
}

private struct Search {
  let request: SearchRequest
  let words: SearchWords
  let database: Database

  func page() throws -> SearchPage {
    var rooms = Range<Int64>(uncheckedBounds: (0, .max))
    if let key = request.key {
      let select = try database.cachedStatement(sql: "SELECT id FROM room WHERE key = ?")
      guard let room = try Int64.fetchOne(select, arguments: [key.text]) else {
        return SearchPage(hits: [], more: false)
      }
      rooms = SearchTable.row(room, 0)..<SearchTable.row(room + 1, 0)
    }
    var names: [Int64: RoomName?] = [:]
    var hits: [ChatHit] = []
    var passed = 0
    for row in try matches(in: rooms) {
      let number = try row.whole(0)
      let room = number / SearchTable.stride
      if names[room] == nil { names[room] = .some(try name(of: room)) }
      guard let name = names[room] ?? nil else { continue }
      passed += 1
      guard passed > request.skip else { continue }
      guard hits.count < request.limit else { return SearchPage(hits: hits, more: true) }
      if let hit = try hit(room, number % SearchTable.stride, name) { hits.append(hit) }
    }
    return SearchPage(hits: hits, more: false)
  }

  /// Of very many that match, those with the highest numbers are ranked.
  private func matches(in rows: Range<Int64>) throws -> [Row] {
    let select = try database.cachedStatement(
      sql: """
        SELECT number FROM (
          SELECT rowid AS number, bm25(search) AS rank FROM search
          WHERE search MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?)
        ORDER BY rank, number DESC
        """)
    return try Row.fetchAll(
      select,
      arguments: [words.query, rows.lowerBound, rows.upperBound - 1, request.maximumExamined])
  }

  /// What the reader calls the room; nil when they may not read it.
  private func name(of room: Int64) throws -> RoomName? {
    let select = try database.cachedStatement(sql: "SELECT key, state FROM room WHERE id = ?")
    guard let row = try Row.fetchOne(select, arguments: [room]) else { return nil }
    let key = try SQLiteChatStore.key(row)
    guard let name = key.name(for: request.reader.nick) else { return nil }
    guard key.people == nil, let state = try RoomTable.state(row, 1) else { return name }
    let refusal = state.refusal(toShow: name, to: request.reader, at: request.milliseconds)
    return refusal == nil ? name : nil
  }

  private func hit(_ room: Int64, _ offset: Int64, _ name: RoomName) throws -> ChatHit? {
    let select = try database.cachedStatement(
      sql: "SELECT \(EntryRow.columns) FROM entry WHERE room = ? AND offset = ?")
    guard let row = try Row.fetchOne(select, arguments: [room, offset]) else { return nil }
    var entries = [try EntryRow.entry(row, named: name)]
    try EntryRow.addReactions(to: &entries, room: room, database)
    return ChatHit(entry: entries[0], snippet: words.snippet(of: entries[0].text))
  }
}
