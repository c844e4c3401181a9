import Foundation
import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func append(
    _ changes: [RoomChange], milliseconds: Int64
  ) async throws(HookupError) -> [RoomAppended] {
    guard !changes.isEmpty else { return [] }
    let limits = limits
    return try await write { database in
      var batch = AppendBatch(database: database, limits: limits, milliseconds: milliseconds)
      return try batch.run(changes)
    }
  }

  public func memory(
    of client: SessionID, epoch: UInt64
  ) async throws(HookupError) -> SessionMemory {
    try await read { try SessionTable.memory(of: client, epoch: epoch, $0) }
  }
}

/// One transaction of appends: rooms and clients are looked up once, and each room's row is written once at the end.
private struct AppendBatch {
  let database: Database
  let limits: ChatStoreLimits
  let milliseconds: Int64
  private var sessions: SessionBatch
  private var rooms: [RoomKey: Room] = [:]
  private var clients: [ClientID: Int64] = [:]
  private var turn: Int64 = 0
  private var publicRooms: Int?
  private var directRooms: Int?

  private struct Room {
    var id: Int64
    var last: Int64
    var topic: String?
    var topicOffset: Int64 = 0
    var turn: Int64 = 0
  }

  init(database: Database, limits: ChatStoreLimits, milliseconds: Int64) {
    self.database = database
    self.limits = limits
    self.milliseconds = milliseconds
    sessions = SessionBatch(database: database, maximumRows: limits.maximumSessions)
  }

  mutating func run(_ changes: [RoomChange]) throws -> [RoomAppended] {
    turn = try Int64.fetchOne(database.cachedStatement(sql: "SELECT max(turn) FROM room")) ?? 0
    let outcomes = try changes.map { try take($0) }
    for room in rooms.values where room.turn > 0 { try save(room) }
    try sessions.save()
    return outcomes
  }

  private mutating func take(_ change: RoomChange) throws -> RoomAppended {
    switch change {
    case .cursor(let cursor):
      try sessions.commit(cursor)
      return .passed
    case .append(let entry):
      guard var cursor = entry.cursor else { return try append(entry) }
      guard try !sessions.isCommitted(cursor) else {
        return try duplicate(client: client(entry.client), id: entry.id) ?? .passed
      }
      let outcome = try append(entry)
      if let reason = outcome.refusal(of: entry) {
        cursor.refusals.append(SessionRefusal(sequence: cursor.committed, reason: reason))
      }
      try sessions.commit(cursor)
      return outcome
    @unknown default:
      throw HookupError(.invalidArgument, "a change of a kind that this store does not know")
    }
  }

  private mutating func append(_ entry: RoomAppend) throws -> RoomAppended {
    let client = try client(entry.client)
    if let duplicate = try duplicate(client: client, id: entry.id) { return duplicate }
    guard var room = try room(entry.key) else { return .tooManyRooms }
    room.last += 1
    turn += 1
    room.turn = turn
    if entry.kind == .topic {
      room.topic = entry.text
      room.topicOffset = room.last
    }
    let insert = try database.cachedStatement(
      sql: """
        INSERT INTO entry (room, offset, kind, client, message, sender, at, text)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try insert.execute(arguments: [
      room.id, room.last, EntryKind.number(entry.kind), client, entry.id.text, entry.from.text,
      milliseconds, StoredText.value(entry.text),
    ])
    rooms[entry.key] = room
    return .stored(offset: UInt64(room.last))
  }

  private func duplicate(client: Int64, id: MessageID) throws -> RoomAppended? {
    let statement = try database.cachedStatement(
      sql: """
        SELECT room.key, room.low, room.high, entry.offset, entry.at FROM entry
        JOIN room ON room.id = entry.room WHERE entry.client = ? AND entry.message = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [client, id.text]) else { return nil }
    guard let key = RoomKey(stored: row[0], low: row[1], high: row[2]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a room has an impossible name")
    }
    let offset: Int64 = row[3]
    return .duplicate(key: key, offset: UInt64(offset), milliseconds: row[4])
  }

  private mutating func client(_ client: ClientID) throws -> Int64 {
    if let known = clients[client] { return known }
    let select = try database.cachedStatement(sql: "SELECT id FROM client WHERE secret = ?")
    var id = try Int64.fetchOne(select, arguments: [client.text])
    if id == nil {
      let insert = try database.cachedStatement(sql: "INSERT INTO client (secret) VALUES (?)")
      try insert.execute(arguments: [client.text])
      id = database.lastInsertedRowID
    }
    clients[client] = id
    return id ?? database.lastInsertedRowID
  }

  /// The room's row, made when there is none; nil when there are too many already.
  private mutating func room(_ key: RoomKey) throws -> Room? {
    if let known = rooms[key] { return known }
    let select = try database.cachedStatement(sql: "SELECT id, last FROM room WHERE key = ?")
    if let row = try Row.fetchOne(select, arguments: [key.text]) {
      let room = Room(id: row[0], last: row[1])
      rooms[key] = room
      return room
    }
    guard try mayMakeRoom(direct: key.pair != nil) else { return nil }
    let insert = try database.cachedStatement(
      sql: "INSERT INTO room (key, low, high, turn) VALUES (?, ?, ?, 0)")
    try insert.execute(arguments: [key.text, key.pair?.low, key.pair?.high])
    let room = Room(id: database.lastInsertedRowID, last: 0)
    rooms[key] = room
    return room
  }

  /// Counting walks an index of at most as many rows as the limit: once for all the rooms that a batch makes.
  private mutating func mayMakeRoom(direct: Bool) throws -> Bool {
    let sql =
      direct
      ? "SELECT count(*) FROM room WHERE low IS NOT NULL"
      : "SELECT count(*) FROM room WHERE low IS NULL"
    let known = direct ? directRooms : publicRooms
    let count = try known ?? Int.fetchOne(database.cachedStatement(sql: sql)) ?? 0
    let isFree = count < (direct ? limits.maximumDirectRooms : limits.maximumRooms)
    if direct {
      directRooms = count + (isFree ? 1 : 0)
    } else {
      publicRooms = count + (isFree ? 1 : 0)
    }
    return isFree
  }

  private func save(_ room: Room) throws {
    let update = try database.cachedStatement(
      sql: "UPDATE room SET last = ?, turn = ? WHERE id = ?")
    try update.execute(arguments: [room.last, room.turn, room.id])
    guard let topic = room.topic else { return }
    let topicUpdate = try database.cachedStatement(
      sql: "UPDATE room SET topic = ?, topicOffset = ? WHERE id = ?")
    try topicUpdate.execute(arguments: [StoredText.value(topic), room.topicOffset, room.id])
  }
}

/// How the kinds of entries are numbered in the file.
enum EntryKind {
  static func number(_ kind: RoomEntry.Kind) -> Int {
    switch kind {
    case .topic: 1
    default: 0
    }
  }

  static func kind(_ number: Int) -> RoomEntry.Kind { number == 1 ? .topic : .said }
}

/// Text from the network in a column. SQLite's text functions end a string at a NUL, so text that holds one is kept as
/// bytes.
enum StoredText {
  static func value(_ text: String) -> DatabaseValue {
    text.utf8.contains(0) ? Data(text.utf8).databaseValue : text.databaseValue
  }

  static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
    case .string(let text): text
    default: ""
    }
  }
}
