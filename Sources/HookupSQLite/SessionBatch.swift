import GRDB
import HookupEngine

/// How far sessions are committed, within one transaction: each row is read once, and written once at the end.
struct SessionBatch {
  private struct Key: Hashable {
    var client: SessionID
    var epoch: UInt64
  }

  private struct Row {
    var cursor: SessionCursor
    /// 0 when nothing is known of it.
    var committed: UInt64
    var isKnown: Bool
    var isInserted = false
    var isChanged = false
    var refusals: [SessionRefusal] = []
  }

  let database: Database
  let maximumRows: Int
  private var rows: [Key: Row] = [:]
  /// The keys of `rows` that changed, in the order in which they first did.
  private var changed: [Key] = []

  init(database: Database, maximumRows: Int) {
    self.database = database
    self.maximumRows = max(1, maximumRows)
  }

  /// Whether the cursor's number was committed before.
  mutating func isCommitted(_ cursor: SessionCursor) throws -> Bool {
    let row = try row(Key(client: cursor.client, epoch: cursor.epoch), cursor)
    return row.isKnown && cursor.committed <= row.committed
  }

  mutating func commit(_ cursor: SessionCursor) throws {
    let key = Key(client: cursor.client, epoch: cursor.epoch)
    var row = try row(key, cursor)
    row.refusals += cursor.refusals.filter { !row.isKnown || $0.sequence > row.committed }
    let connection = max(row.cursor.connection, cursor.connection)
    if !row.isKnown || cursor.committed > row.committed {
      row.cursor = cursor
      row.committed = cursor.committed
    }
    row.cursor.connection = connection
    if !row.isKnown { row.isInserted = true }
    row.isKnown = true
    if !row.isChanged { changed.append(key) }
    row.isChanged = true
    rows[key] = row
  }

  private mutating func row(_ key: Key, _ cursor: SessionCursor) throws -> Row {
    if let known = rows[key] { return known }
    let select = try database.cachedStatement(
      sql: "SELECT number, tag, connection FROM cursor WHERE client = ? AND epoch = ?")
    var row = Row(cursor: cursor, committed: 0, isKnown: false)
    if let found = try GRDB.Row.fetchOne(
      select, arguments: [key.client.text, Int64(bitPattern: key.epoch)])
    {
      row.cursor = try SessionTable.cursor(found, of: key.client, epoch: key.epoch)
      row.committed = row.cursor.committed
      row.isKnown = true
    }
    rows[key] = row
    return row
  }

  /// Writes what changed.
  func save() throws {
    guard !changed.isEmpty else { return }
    let upsert = try database.cachedStatement(
      sql: """
        INSERT INTO cursor (client, epoch, number, tag, connection, turn)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (client, epoch) DO UPDATE
        SET number = ?3, tag = ?4, connection = ?5, turn = ?6
        """)
    let last =
      try Int64.fetchOne(database.cachedStatement(sql: "SELECT max(turn) FROM cursor")) ?? 0
    var turn = last
    for key in changed {
      guard let row = rows[key] else { continue }
      turn += 1
      try upsert.execute(arguments: [
        key.client.text, Int64(bitPattern: key.epoch), Int64(clamping: row.committed),
        Int64(bitPattern: row.cursor.tag), Int64(clamping: row.cursor.connection), turn,
      ])
      try save(row.refusals, of: key, committed: row.committed)
    }
    let inserted = changed.filter { rows[$0]?.isInserted == true }
    guard !inserted.isEmpty else { return }
    try SessionTable.forget(beyond: maximumRows, clients: inserted.map(\.client), database)
  }

  private func save(_ refusals: [SessionRefusal], of key: Key, committed: UInt64) throws {
    guard !refusals.isEmpty else { return }
    let arguments: [any DatabaseValueConvertible] = [
      key.client.text, Int64(bitPattern: key.epoch),
    ]
    let insert = try database.cachedStatement(
      sql: "INSERT OR IGNORE INTO refusal (client, epoch, number, reason) VALUES (?, ?, ?, ?)")
    for refusal in refusals {
      try insert.execute(
        arguments: StatementArguments(arguments)
          + [Int64(clamping: refusal.sequence), StoredText.value(refusal.reason)])
    }
    guard committed > SessionCursor.refusalWindow else { return }
    let delete = try database.cachedStatement(
      sql: "DELETE FROM refusal WHERE client = ? AND epoch = ? AND number <= ?")
    try delete.execute(
      arguments: StatementArguments(arguments)
        + [Int64(clamping: committed - SessionCursor.refusalWindow)])
  }
}

/// The tables `cursor` and `refusal`.
enum SessionTable {
  /// How many numberings of one client are kept: a client begins a new one only when it was restored or copied.
  static let epochsPerClient = 8

  static func memory(
    of client: SessionID, epoch: UInt64, _ database: Database
  ) throws -> SessionMemory {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: "SELECT number, tag, connection, epoch FROM cursor WHERE client = ?"),
      arguments: [client.text])
    var cursors = try rows.map {
      try cursor($0, of: client, epoch: UInt64(bitPattern: $0[3] as Int64))
    }
    if let index = cursors.firstIndex(where: { $0.epoch == epoch }) {
      cursors[index].refusals = try refusals(of: cursors[index], database)
      return SessionMemory(of: epoch, among: cursors, hasForgotten: false)
    }
    let hasForgotten =
      try Bool.fetchOne(database, sql: "SELECT forgotten FROM store WHERE one = 1") ?? true
    return SessionMemory(of: epoch, among: cursors, hasForgotten: hasForgotten)
  }

  private static func refusals(
    of cursor: SessionCursor, _ database: Database
  ) throws -> [SessionRefusal] {
    let heard =
      cursor.committed > SessionCursor.refusalWindow
      ? cursor.committed - SessionCursor.refusalWindow : 0
    return try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT number, reason FROM refusal WHERE client = ? AND epoch = ? AND number > ?
          ORDER BY number
          """),
      arguments: [cursor.client.text, Int64(bitPattern: cursor.epoch), Int64(clamping: heard)]
    ).map {
      SessionRefusal(sequence: UInt64(clamping: $0[0] as Int64), reason: StoredText.text($0[1]))
    }
  }

  static func cursor(
    _ row: Row, of client: SessionID, epoch: UInt64
  ) throws -> SessionCursor {
    let number: Int64 = row[0]
    let connection: Int64 = row[2]
    guard number >= 0, connection >= 0 else {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "a session has an impossible number")
    }
    return SessionCursor(
      client: client, epoch: epoch, committed: UInt64(number),
      tag: UInt64(bitPattern: row[1] as Int64), connection: UInt64(connection))
  }

  /// Keeps the newest numberings of each of `clients`, and the newest `maximumRows` of all.
  static func forget(beyond maximumRows: Int, clients: [SessionID], _ database: Database) throws {
    let older = try database.cachedStatement(
      sql: """
        DELETE FROM cursor WHERE client = ?1 AND epoch IN
          (SELECT epoch FROM cursor WHERE client = ?1 ORDER BY turn DESC LIMIT -1 OFFSET ?2)
        """)
    for client in Set(clients) { try older.execute(arguments: [client.text, epochsPerClient]) }
    let count = try Int.fetchOne(database.cachedStatement(sql: "SELECT count(*) FROM cursor")) ?? 0
    guard count > maximumRows else { return }
    // An eighth more than needed, so that this is rare.
    try database.execute(
      sql: """
        DELETE FROM cursor WHERE turn IN (SELECT turn FROM cursor ORDER BY turn LIMIT ?);
        DELETE FROM refusal WHERE NOT EXISTS
          (SELECT 1 FROM cursor WHERE cursor.client = refusal.client AND cursor.epoch = refusal.epoch);
        UPDATE store SET forgotten = 1;
        """, arguments: [count - maximumRows + maximumRows / 8])
  }
}
