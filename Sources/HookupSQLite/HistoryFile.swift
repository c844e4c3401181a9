import GRDB
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file of a ``LocalHistory``, open and locked. For one thread at a time.
final class HistoryFile {
  /// Where it is and what holds of it.
  struct Place: Sendable {
    var path: String
    var directory: String
    var nick: Nick
    var limits: LocalHistory.Limits
    /// Pages of 4 KiB that the file may have, for tests of a full disk; nil: as many as there is room for.
    var maximumPages: Int?

    init(path: String, directory: String, nick: Nick, limits: LocalHistory.Limits) {
      self.path = path
      self.directory = directory
      self.nick = nick
      self.limits = limits
    }
  }

  /// What the file says of one room.
  struct Room: Equatable {
    var id: Int64
    /// The offset after which it goes on.
    var last: UInt64
    var count: Int
    var bytes: Int
    /// Rises with every transaction that touches the room.
    var turn: Int64
  }

  /// How many bytes of JSON a page holds at most, but for its first entry.
  private static let pageBytes = 256 << 10

  private let place: Place
  private let lock: DirectoryLock
  private let database: DatabaseQueue
  private var server: String?
  private var rooms: [RoomName: Room] = [:]
  /// What it holds is somebody else's, or nobody's: it goes with the first thing that is written, not before.
  private var isForeign = false

  /// - Throws: ``HookupError/Code/locked``, ``HookupError/Code/storage`` for a file of a newer version, and what SQLite throws.
  init(_ place: Place) throws {
    self.place = place
    lock = try DirectoryLock(directory: place.directory)
    do {
      try Self.create(place.path)
      var configuration = Configuration()
      configuration.label = "history"
      configuration.journalMode = .wal
      // A shell may look into it.
      configuration.busyMode = .timeout(2)
      configuration.prepareDatabase { database in
        // What a loss of power takes is asked of the server again. 1 MiB is enough for pages in a row.
        try database.execute(
          sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;")
      }
      database = try DatabaseQueue(path: place.path, configuration: configuration)
      try database.inDatabase { database in
        if let pages = place.maximumPages {
          try database.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        try HistorySchema.bringUp(database, path: place.path)
      }
      let known = try database.read { try Self.load($0, nick: place.nick) }
      isForeign = known == nil
      (server, rooms) = known ?? (nil, [:])
    } catch {
      lock.release()
      throw error
    }
  }

  /// Makes an empty file that only its user can read: SQLite gives what it makes beside it the same mode.
  private static func create(_ path: String) throws(HookupError) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else {
      let reason = strerror(errno).map { String(cString: $0) } ?? "errno \(errno)"
      throw HookupError(
        .storage, "\(path) cannot be opened (\(reason)): check its permissions and its directory's")
    }
    closeFile(file)
  }

  /// Nil when it is not this nick's.
  private static func load(
    _ database: Database, nick: Nick
  ) throws -> (String?, [RoomName: Room])? {
    let known = try Row.fetchOne(database, sql: "SELECT nick, server FROM history WHERE one = 1")
    guard let known, known.text(0) == nick.folded else { return nil }
    var rooms: [RoomName: Room] = [:]
    let rows = try Row.fetchAll(
      database, sql: "SELECT name, id, last, count, bytes, turn FROM room")
    for row in rows {
      guard let name = try? RoomName(row.text(0)) else {
        throw StoredFault.impossible("a room has an impossible name")
      }
      rooms[name] = Room(
        id: try row.whole(1), last: try row.offset(2), count: Int(clamping: try row.whole(3)),
        bytes: Int(clamping: try row.whole(4)), turn: try row.whole(5))
    }
    return (known.optionalText(1), rooms)
  }

  var held: ChatHeld { ChatHeld(server: server, rooms: rooms.mapValues(\.last)) }

  func write(_ records: [ChatRecord]) throws {
    let batch = try database.write { database in
      if isForeign {
        try database.execute(
          sql: """
            DELETE FROM entry;
            DELETE FROM room;
            INSERT OR REPLACE INTO history (one, nick, server) VALUES (1, ?, NULL);
            """, arguments: [place.nick.folded])
      }
      var batch = HistoryBatch(
        database: database, limits: place.limits, server: server, rooms: rooms)
      try batch.run(records)
      return batch
    }
    // Committed.
    isForeign = false
    server = batch.server
    rooms = batch.rooms
  }

  func page(of room: RoomName, before offset: UInt64?, limit: Int) throws -> [RoomEntry] {
    guard let id = rooms[room]?.id, limit > 0 else { return [] }
    return try database.read { database in
      let rows = try Row.fetchCursor(
        database.cachedStatement(
          sql: """
            SELECT json FROM entry WHERE room = ? AND offset < ? ORDER BY offset DESC LIMIT ?
            """), arguments: [id, offset.map { Int64(clamping: $0) } ?? .max, limit])
      var entries: [RoomEntry] = []
      var bytes = 0
      while let row = try rows.next() {
        let json = row.text(0)
        bytes += json.utf8.count
        guard entries.isEmpty || bytes <= Self.pageBytes else { break }
        entries.append(try HistoryRow.entry(json, of: room))
      }
      return entries.reversed()
    }
  }

  /// Closes the file and lets go of the directory.
  func close() {
    try? database.close()
    lock.release()
  }
}

/// The system's call, whose name a method of the file has.
private func closeFile(_ file: CInt) { close(file) }

/// An entry as a row holds it: the event that tells it on the wire.
enum HistoryRow {
  static func json(_ entry: RoomEntry) -> String { ChatEvent.entry(entry).json.text }

  static func entry(_ json: String, of room: RoomName) throws -> RoomEntry {
    guard let text = try? JSONText(json), case .entry(let entry)? = try? ChatEvent.parse(text),
      entry.room == room
    else { throw StoredFault.impossible("an entry is none") }
    return entry
  }
}

/// The tables of a ``LocalHistory``, and how a file of an older version becomes one of this. Forward only: a step that was
/// released is never changed. `user_version` counts the steps.
enum HistorySchema {
  static let steps = [first]

  static func bringUp(_ database: Database, path: String) throws {
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version <= steps.count else {
      throw HookupError(.storage, "\(path) was made by a newer version of Hookup: use that version")
    }
    guard version < steps.count else { return }
    try database.inTransaction {
      for step in steps[max(0, version)...] { try database.execute(sql: step) }
      try database.execute(sql: "PRAGMA user_version = \(steps.count)")
      return .commit
    }
  }

  /// - room.last: the offset after which it goes on. room.count, bytes: of its entries.
  /// - entry.about: of an edit, the message that it edits. entry.json: the event that told it, as it stands now.
  private static let first = """
    CREATE TABLE history (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      nick TEXT NOT NULL,
      server TEXT
    ) STRICT;
    CREATE TABLE room (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      last INTEGER NOT NULL,
      count INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      turn INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE entry (
      room INTEGER NOT NULL REFERENCES room (id),
      offset INTEGER NOT NULL,
      about INTEGER,
      json TEXT NOT NULL,
      PRIMARY KEY (room, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entry_about ON entry (room, about) WHERE about IS NOT NULL;
    """
}
