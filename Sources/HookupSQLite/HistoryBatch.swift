import GRDB
import HookupEngine

/// One transaction of a ``LocalHistory``: entries and the offsets that their rooms are held to, committed together.
struct HistoryBatch {
  let database: Database
  let limits: LocalHistory.Limits
  private(set) var server: String?
  private(set) var rooms: [RoomName: HistoryFile.Room]
  private var touched: Set<RoomName> = []

  /// What an entry costs beside its JSON.
  private static let rowBytes = 32

  init(
    database: Database, limits: LocalHistory.Limits, server: String?,
    rooms: [RoomName: HistoryFile.Room]
  ) {
    self.database = database
    self.limits = limits
    self.server = server
    self.rooms = rooms
  }

  mutating func run(_ records: [ChatRecord]) throws {
    for record in records { try take(record) }
    try trimRooms()
    try trimBytes()
    try forgetRooms()
    let turn = (rooms.values.lazy.map(\.turn).max() ?? 0) + 1
    for name in touched {
      guard var room = rooms[name] else { continue }
      room.turn = turn
      rooms[name] = room
      try run(
        "UPDATE room SET last = ?, count = ?, bytes = ?, turn = ? WHERE id = ?",
        [Int64(clamping: room.last), room.count, room.bytes, turn, room.id])
    }
  }

  private mutating func take(_ record: ChatRecord) throws {
    switch record {
    case .server(let id): try begin(at: id)
    case .entry(let entry):
      var room = try room(entry.room)
      guard entry.offset > room.last else { return }
      if entry.isAboutAnother { try work(in: entry, &room) }
      try insert(entry, &room)
      room.last = entry.offset
      put(room, entry.room)
    case .skipped(let name, let to):
      var room = try room(name)
      room.last = max(room.last, to)
      put(room, name)
    case .rewound(let name, let after):
      guard var room = rooms[name] else { return }
      room.last = min(room.last, after)
      try delete(from: &room, "offset > ?", Int64(clamping: after))
      put(room, name)
    case .older(let name, let entries): try take(entries, before: name)
    @unknown default: break
    }
  }

  /// The offsets of another store say nothing about this one's.
  private mutating func begin(at id: String) throws {
    guard id != server else { return }
    try run("DELETE FROM entry", [])
    try run("DELETE FROM room", [])
    try run("UPDATE history SET server = ? WHERE one = 1", [id])
    server = id
    rooms = [:]
    touched = []
  }

  private mutating func room(_ name: RoomName) throws -> HistoryFile.Room {
    if let known = rooms[name] { return known }
    try run(
      "INSERT INTO room (name, last, count, bytes, turn) VALUES (?, 0, 0, 0, 0)", [name.text])
    let made = HistoryFile.Room(
      id: database.lastInsertedRowID, last: 0, count: 0, bytes: 0, turn: 0)
    put(made, name)
    return made
  }

  private mutating func put(_ room: HistoryFile.Room, _ name: RoomName) {
    rooms[name] = room
    touched.insert(name)
  }

  // MARK: Entries

  private func insert(_ entry: RoomEntry, _ room: inout HistoryFile.Room) throws {
    let json = HistoryRow.json(entry)
    let about = entry.kind == .edited ? entry.act.ref.map { Int64(clamping: $0) } : nil
    try run(
      "INSERT INTO entry (room, offset, about, json) VALUES (?, ?, ?, ?)",
      [room.id, Int64(clamping: entry.offset), about, json])
    room.count += 1
    room.bytes += json.utf8.count + Self.rowBytes
  }

  /// Lets `entry` change the one that it is about. Of a message that is deleted nothing stays, in its edits neither.
  private func work(in entry: RoomEntry, _ room: inout HistoryFile.Room) throws {
    guard let ref = entry.act.ref else { return }
    try change(entry.room, &room, "offset = ?", ref) { $0.take(entry) }
    guard entry.kind == .deleted else { return }
    try change(entry.room, &room, "about = ?", ref) { $0.act.text = "" }
  }

  private func change(
    _ name: RoomName, _ room: inout HistoryFile.Room, _ which: String, _ offset: UInt64,
    _ body: (inout RoomEntry) -> Void
  ) throws {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: "SELECT offset, json FROM entry WHERE room = ? AND \(which)"),
      arguments: [room.id, Int64(clamping: offset)])
    for row in rows {
      let before = row.text(1)
      var entry = try HistoryRow.entry(before, of: name)
      body(&entry)
      let json = HistoryRow.json(entry)
      try run(
        "UPDATE entry SET json = ? WHERE room = ? AND offset = ?",
        [json, room.id, try row.whole(0)]
      )
      room.bytes += json.utf8.count - before.utf8.count
    }
  }

  /// Puts a page in front, as much of it as stands right before what is kept and as there is room for.
  private mutating func take(_ entries: [RoomEntry], before name: RoomName) throws {
    guard var room = rooms[name] else { return }
    let lowest = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT min(offset) FROM entry WHERE room = ?"),
      arguments: [room.id])
    let first = lowest.map { UInt64(clamping: $0) } ?? room.last + 1
    // The oldest go first: what would push them out is not taken in.
    let left = limits.entriesPerRoom - limits.entriesPerRoom / 16 - room.count
    let bytes = rooms.values.reduce(0) { $0 + $1.bytes }
    guard left > 0, bytes < limits.bytes - limits.bytes / 16 else { return }
    for entry in entries.ending(rightBefore: first).suffix(left) { try insert(entry, &room) }
    put(room, name)
  }

  // MARK: Limits

  private mutating func trimRooms() throws {
    for name in touched {
      guard let count = rooms[name]?.count, count > limits.entriesPerRoom else { continue }
      try trim(name, by: count - limits.entriesPerRoom + limits.entriesPerRoom / 16)
    }
  }

  private mutating func trimBytes() throws {
    guard rooms.values.reduce(0, { $0 + $1.bytes }) > limits.bytes else { return }
    while rooms.values.reduce(0, { $0 + $1.bytes }) > limits.bytes - limits.bytes / 16,
      let largest = rooms.max(by: { $0.value.bytes < $1.value.bytes }), largest.value.count > 0
    {
      try trim(largest.key, by: largest.value.count / 16 + 1)
    }
  }

  /// Drops the oldest entries of a room; where it goes on stays.
  private mutating func trim(_ name: RoomName, by count: Int) throws {
    guard var room = rooms[name] else { return }
    let end = try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT offset FROM entry WHERE room = ? ORDER BY offset LIMIT 1 OFFSET ?"),
      arguments: [room.id, count])
    try delete(from: &room, "offset < ?", end ?? .max)
    put(room, name)
  }

  private func delete(
    from room: inout HistoryFile.Room, _ which: String, _ offset: Int64
  ) throws {
    let gone = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT count(*), coalesce(sum(length(CAST(json AS BLOB))), 0) FROM entry
          WHERE room = ? AND \(which)
          """), arguments: [room.id, offset])
    guard let gone, case let count = Int(clamping: try gone.whole(0)), count > 0 else { return }
    try run("DELETE FROM entry WHERE room = ? AND \(which)", [room.id, offset])
    room.count -= count
    room.bytes -= Int(clamping: try gone.whole(1)) + count * Self.rowBytes
  }

  private mutating func forgetRooms() throws {
    guard rooms.count > limits.rooms else { return }
    let oldest = rooms.filter { !touched.contains($0.key) }
      .sorted { $0.value.turn < $1.value.turn }
      .prefix(rooms.count - limits.rooms)
    for (name, room) in oldest {
      try run("DELETE FROM entry WHERE room = ?", [room.id])
      try run("DELETE FROM room WHERE id = ?", [room.id])
      rooms[name] = nil
    }
  }

  private func run(_ sql: String, _ arguments: StatementArguments) throws {
    try database.cachedStatement(sql: sql).execute(arguments: arguments)
  }
}
