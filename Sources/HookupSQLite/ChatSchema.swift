import GRDB
import HookupEngine

/// The tables of ``SQLiteChatStore``, and how a file of an older version becomes one of this. Forward only: a migration
/// that was released is never changed.
enum ChatSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: rooms, clients, entries") { database in
      try database.execute(sql: first)
      var generator = SystemRandomNumberGenerator()
      try database.execute(
        sql: "INSERT INTO store (one, id) VALUES (1, ?)",
        arguments: [ClientID(random: &generator).text])
    }
    migrator.registerMigration("2: sessions") { database in
      try database.execute(sql: second)
    }
    migrator.registerMigration("3: accounts, rights, edits, search") { database in
      try database.execute(sql: third)
    }
    migrator.registerMigration("4: bans") { database in
      try database.execute(sql: fourth)
    }
    migrator.registerMigration("5: display names") { database in
      try database.execute(
        sql: "ALTER TABLE account ADD COLUMN display TEXT NOT NULL DEFAULT ''")
    }
    return migrator
  }

  /// - room.turn: rises with every entry of any room; orders conversations by their newest entry.
  /// - room.low, high: the folded nicks of a direct conversation; NULL for a public room.
  /// - entry.text, room.topic: TEXT, or a BLOB of UTF-8 when it holds a NUL (see ``StoredText``).
  /// - entry.kind: see ``EntryKind``. entry.at: milliseconds since 1970.
  private static let first = """
    CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
    CREATE TABLE room (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL COLLATE swiftCompare UNIQUE,
      low TEXT COLLATE swiftCompare,
      high TEXT COLLATE swiftCompare,
      first INTEGER NOT NULL DEFAULT 1,
      last INTEGER NOT NULL DEFAULT 0,
      topic ANY NOT NULL DEFAULT '',
      topicOffset INTEGER NOT NULL DEFAULT 0,
      turn INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX room_turn ON room (turn);
    CREATE INDEX room_low ON room (low, turn) WHERE low IS NOT NULL;
    CREATE INDEX room_high ON room (high, turn) WHERE high IS NOT NULL;
    CREATE TABLE client (id INTEGER PRIMARY KEY, secret TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE entry (
      room INTEGER NOT NULL REFERENCES room (id),
      offset INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      client INTEGER NOT NULL REFERENCES client (id),
      message TEXT NOT NULL,
      sender TEXT NOT NULL,
      at INTEGER NOT NULL,
      text ANY NOT NULL,
      PRIMARY KEY (room, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX entry_origin ON entry (client, message);
    """

  /// - cursor: how far a client's session is committed; one row for each numbering. client: a secret.
  /// - cursor.epoch, tag: 64 random bits each, as signed numbers.
  /// - cursor.turn: rises with every commit of any session; orders them by when they were heard last.
  /// - refusal: numbers committed without an effect, as long as their client may not have heard.
  /// - store.forgotten: 1 once the cursor of a client was let go.
  private static let second = """
    CREATE TABLE cursor (
      client TEXT NOT NULL,
      epoch INTEGER NOT NULL,
      number INTEGER NOT NULL,
      tag INTEGER NOT NULL,
      connection INTEGER NOT NULL,
      turn INTEGER NOT NULL,
      PRIMARY KEY (client, epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cursor_turn ON cursor (turn);
    CREATE TABLE refusal (
      client TEXT NOT NULL,
      epoch INTEGER NOT NULL,
      number INTEGER NOT NULL,
      reason ANY NOT NULL,
      PRIMARY KEY (client, epoch, number)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE store ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
    """

  /// - ban.turn: the order in which they were made. ban.until: milliseconds since 1970; NULL: for good.
  private static let fourth = """
    CREATE TABLE ban (
      turn INTEGER PRIMARY KEY,
      addresses TEXT NOT NULL UNIQUE,
      until INTEGER,
      reason ANY NOT NULL
    ) STRICT;
    """

  @Sendable static func storeID(_ database: Database) throws -> String {
    guard let id = try String.fetchOne(database, sql: "SELECT id FROM store WHERE one = 1") else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the store has no id")
    }
    return id
  }
}
