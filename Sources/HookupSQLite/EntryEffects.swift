import GRDB
import HookupEngine

/// What an entry does to others of its log, and to the words that are searched.
struct EntryEffects {
  let database: Database
  let room: Int64
  /// Rises with every reaction.
  let turn: Int64

  func apply(_ entry: RoomAppend, _ mentions: [Nick], offset: Int64) throws {
    if entry.kind.isSpeech { return try SearchTable.add(entry.text, room, offset, database) }
    guard let ref = entry.act.ref.map({ Int64(clamping: $0) }) else { return }
    switch entry.kind {
    case .edited: try edit(ref, to: entry.text, mentions, by: offset)
    case .deleted: try delete(ref, by: offset)
    case .reacted:
      try run(
        "INSERT INTO reaction (room, offset, text, person, nick, turn) VALUES (?, ?, ?, ?, ?, ?)",
        [
          room, ref, StoredText.value(entry.text), entry.from.folded, entry.from.text, turn,
        ])
    case .unreacted:
      try run(
        "DELETE FROM reaction WHERE room = ? AND offset = ? AND text = ? AND person = ?",
        [room, ref, StoredText.value(entry.text), entry.from.folded])
    default: break
    }
  }

  private func edit(
    _ ref: Int64, to text: String, _ mentions: [Nick], by offset: Int64
  ) throws {
    guard let before = try standing(ref) else { return }
    try SearchTable.remove(before, room, ref, database)
    try SearchTable.add(text, room, ref, database)
    let detail = StoredDetail(RoomAct(.said), mentions: mentions).json
    try run(
      "UPDATE entry SET current = ?, edited = ?, detail = ? WHERE room = ? AND offset = ?",
      [StoredText.value(text), offset, detail.map { StoredText.value($0.text) }, room, ref])
  }

  private func delete(_ ref: Int64, by offset: Int64) throws {
    guard let before = try standing(ref) else { return }
    try SearchTable.remove(before, room, ref, database)
    try run(
      "UPDATE entry SET deleted = ? WHERE room = ? AND offset = ?", [offset, room, ref])
    // What it was edited to goes with it.
    try run(
      "UPDATE entry SET deleted = ? WHERE kind = 3 AND room = ? AND ref = ?", [offset, room, ref])
    try run("DELETE FROM reaction WHERE room = ? AND offset = ?", [room, ref])
  }

  /// The text of a message as it stands.
  private func standing(_ offset: Int64) throws -> String? {
    let select = try database.cachedStatement(
      sql: """
        SELECT coalesce(current, text) FROM entry
        WHERE room = ? AND offset = ? AND deleted IS NULL
        """)
    return try Row.fetchOne(select, arguments: [room, offset])?.text(0)
  }

  private func run(_ sql: String, _ arguments: StatementArguments) throws {
    try database.cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

/// The words of messages that stand.
enum SearchTable {
  /// Rooms are apart by so many rows.
  static let stride: Int64 = 1 << 39

  static func row(_ room: Int64, _ offset: Int64) -> Int64 { room * stride + offset }

  static func add(
    _ text: String, _ room: Int64, _ offset: Int64, _ database: Database
  ) throws {
    try database.cachedStatement(sql: "INSERT INTO search (rowid, text) VALUES (?, ?)")
      .execute(arguments: [row(room, offset), text])
  }

  /// `text`: as it was added.
  static func remove(
    _ text: String, _ room: Int64, _ offset: Int64, _ database: Database
  ) throws {
    try database.cachedStatement(
      sql: "INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)"
    ).execute(arguments: [row(room, offset), text])
  }
}

/// How far each person has read.
enum MarkTable {
  static func put(_ mark: ReadMark, keeping maximum: Int, _ database: Database) throws {
    guard
      let room = try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT id FROM room WHERE key = ?"),
        arguments: [mark.key.text])
    else { return }
    let turn =
      (try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT max(turn) FROM mark WHERE person = ?"),
        arguments: [mark.person]) ?? 0) + 1
    try database.cachedStatement(
      sql: """
        INSERT INTO mark (person, room, offset, turn) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (person, room) DO UPDATE SET offset = ?3, turn = ?4 WHERE offset < ?3
        """
    ).execute(arguments: [mark.person, room, Int64(clamping: mark.offset), turn])
    try database.cachedStatement(
      sql: """
        DELETE FROM mark WHERE person = ?1 AND turn IN
          (SELECT turn FROM mark WHERE person = ?1 ORDER BY turn DESC LIMIT -1 OFFSET ?2)
        """
    ).execute(arguments: [mark.person, maximum])
  }
}
