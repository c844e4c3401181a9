import GRDB
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A store's directory as its operator handles it: copied while a server uses it, put back, looked at, written out.
///
/// A backup is a directory that a server can use as it is. It holds the clients' secrets, as the store does.
public enum StoreArchive {
  /// What a store holds.
  public struct Contents: Hashable, Sendable {
    /// Rooms and direct conversations.
    public var rooms: Int
    public var entries: Int
    /// The size of its file.
    public var bytes: Int
  }

  /// Copies the store in `directory`, in use or not, to `destination`: all that was committed at one moment. Writers do not wait.
  ///
  /// The copy is checked and synced before it gets its name: a copy that was interrupted leaves a `chat.sqlite.partial`, which the
  /// next one replaces.
  /// - Throws: ``HookupError/Code/storage`` when `destination` holds a store or there is none in `directory`;
  ///   ``HookupError/Code/corrupt`` when the copy is damaged, because the store is; ``HookupError/Code/locked``.
  public static func backUp(
    _ directory: String, to destination: String
  ) throws(HookupError) -> Contents {
    let path = directory + "/" + SQLiteChatStore.fileName
    let source = try reader(path)
    let target = destination + "/" + SQLiteChatStore.fileName
    let lock = try DirectoryLock(directory: destination)
    defer { lock.release() }
    guard present(in: destination).isEmpty else {
      throw HookupError(
        .storage, "\(destination) holds a store already: back up to a new directory")
    }
    return try copy(source, of: path, to: target, lock)
  }

  /// Puts a backup into `directory`, which no server may use.
  ///
  /// What is there already goes to a directory `replaced-N` in it, if `replaces`; nothing is deleted.
  /// - Parameter backup: a directory that ``backUp(_:to:)`` made, or a copy of a store's file.
  /// - Throws: ``HookupError/Code/locked`` when a server uses `directory`; ``HookupError/Code/storage`` when it holds a store and
  ///   `replaces` is false, or the backup was made by a newer version; ``HookupError/Code/corrupt`` when the backup is damaged. Then
  ///   nothing is changed.
  public static func restore(
    _ backup: String, to directory: String, replaces: Bool = false
  ) throws(HookupError) -> Contents {
    let inside = backup + "/" + SQLiteChatStore.fileName
    let path = access(inside, F_OK) == 0 ? inside : backup
    let source = try reader(path)
    let target = directory + "/" + SQLiteChatStore.fileName
    let lock = try DirectoryLock(directory: directory)
    defer { lock.release() }
    guard replaces || present(in: directory).isEmpty else {
      throw HookupError(
        .storage,
        "\(directory) holds a store already: choose another directory, or have it replaced with --replace"
      )
    }
    return try copy(source, of: path, to: target, lock) { () throws(HookupError) in
      try setAside(present(in: directory), in: directory)
    }
  }

  /// Looks for damage: SQLite's own check of every page, row and index, and whether each room's log is whole. Reads only; a server
  /// may use the store meanwhile. About 1 s for each GB.
  /// - Returns: what is there, and a sentence for each fault, at most 20 of a kind; none when the store is sound.
  /// - Throws: ``HookupError/Code/corrupt`` when the file is not a store at all.
  public static func check(
    _ directory: String
  ) throws(HookupError) -> (contents: Contents, faults: [String]) {
    let path = directory + "/" + SQLiteChatStore.fileName
    let source = try reader(path)
    do {
      return try source.read { database in
        var faults = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
          .filter { $0 != "ok" }
        faults += try String.fetchAll(database, sql: orphans)
        faults += try String.fetchAll(database, sql: incomplete)
        return (try contents(of: database, path), faults)
      }
    } catch {
      throw SQLiteFault.error(error, opening: path)
    }
  }

  /// Hands `body` a public room's entries after `offset`, from the first on, a page at a time. A server may use the store meanwhile.
  /// - Throws: ``HookupError/Code/storage`` when there is no such room, ``HookupError/Code/invalidArgument`` for a direct conversation, and what `body` throws.
  public static func export(
    _ room: RoomName, of directory: String, after offset: UInt64 = 0,
    _ body: ([RoomEntry]) throws(HookupError) -> Void
  ) throws(HookupError) {
    let path = directory + "/" + SQLiteChatStore.fileName
    let source = try reader(path)
    guard let key = RoomKey(stored: room.text) else {
      throw HookupError(
        .invalidArgument, "'\(room)' is a conversation of two people: only rooms are exported")
    }
    var request = RoomPageRequest(
      key: key, name: room, position: .after(offset), maximumEntries: 1_000,
      maximumBytes: 1 << 20)
    while true {
      let page: RoomPage?
      do {
        page = try source.read { try SQLiteChatStore.page(request, $0) }
      } catch {
        throw SQLiteFault.error(error, using: path)
      }
      guard let page else {
        throw HookupError(.storage, "\(path) has no room '\(room)'")
      }
      if let last = page.entries.last { request.position = .after(last.offset) }
      try body(page.entries)
      guard page.more else { return }
    }
  }

  // MARK: Reading

  // The sentences are SQLite's to make: in a damaged file a column may hold anything.

  /// Rows that belong to no other.
  private static let orphans = """
    SELECT printf('a row of ''%s'' belongs to none of ''%s''', "table", parent)
    FROM pragma_foreign_key_check LIMIT 20
    """

  /// Rooms whose log is not what they say.
  private static let incomplete = """
    SELECT printf('room ''%s'' should hold %d to %d, and holds %d entries', key, first, last, COUNT(offset))
    FROM room LEFT JOIN entry ON entry.room = room.id GROUP BY room.id
    HAVING COUNT(offset) <> last - first + 1
      OR COUNT(offset) > 0 AND (MIN(offset) <> first OR MAX(offset) <> last)
    LIMIT 20
    """

  /// A connection that cannot write.
  private static func reader(_ path: String) throws(HookupError) -> DatabaseQueue {
    guard access(path, F_OK) == 0 else {
      throw HookupError(
        .storage, "\(path) does not exist: say where the server keeps its rooms")
    }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { database in
        guard try database.tableExists("store") else {
          throw HookupError(.corrupt, "\(path) is a SQLite database, and not a chat server's")
        }
        guard try !ChatSchema.migrator.hasBeenSuperseded(database) else {
          throw HookupError(
            .storage, "\(path) was made by a newer version of Hookup: use that version")
        }
      }
      return queue
    } catch {
      throw SQLiteFault.error(error, opening: path)
    }
  }

  private static func contents(of database: Database, _ path: String) throws -> Contents {
    let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
    let size = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0
    return Contents(
      rooms: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM room") ?? 0,
      entries: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM entry") ?? 0,
      bytes: pages * size)
  }

  // MARK: Writing

  /// Copies, checks and syncs under another name; then `prepare`, and the copy gets its name.
  private static func copy(
    _ source: DatabaseQueue, of path: String, to target: String, _ lock: DirectoryLock,
    prepare: () throws(HookupError) -> Void = {}
  ) throws(HookupError) -> Contents {
    let partial = target + SQLiteChatStore.partialSuffix
    for left in [partial, partial + "-journal", partial + "-wal", partial + "-shm"] { unlink(left) }
    let contents: Contents
    do {
      let copy = try DatabaseQueue(path: partial)
      // Whatever the directory lets others see: it holds secrets.
      chmod(partial, 0o600)
      // In one step, which is one reading transaction: a step for each few pages would begin anew with every commit of a server.
      try source.backup(to: copy)
      contents = try copy.writeWithoutTransaction { database in
        // Alone it is all there is: no log beside it.
        try database.execute(sql: "PRAGMA journal_mode = DELETE")
        let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard verdict == "ok" else {
          throw HookupError(.corrupt, "\(path) is damaged (\(verdict)); the copy was not kept")
        }
        return try Self.contents(of: database, partial)
      }
      try copy.close()
    } catch {
      unlink(partial)
      // Damage is the original's; anything else happened to the copy.
      switch (error as? DatabaseError)?.resultCode {
      case .some(.SQLITE_CORRUPT), .some(.SQLITE_NOTADB):
        throw SQLiteFault.error(error, opening: path)
      default: throw SQLiteFault.error(error, using: target)
      }
    }
    try sync(partial)
    try prepare()
    try move(partial, to: target)
    try lock.syncDirectory()
    return contents
  }

  /// Those of a store's files that are in `directory`.
  private static func present(in directory: String) -> [String] {
    // In this order: without the first the others are nobody's.
    ["", "-wal", "-shm"].map { SQLiteChatStore.fileName + $0 }
      .filter { access(directory + "/" + $0, F_OK) == 0 }
  }

  private static func setAside(_ files: [String], in directory: String) throws(HookupError) {
    guard !files.isEmpty else { return }
    var number = 1
    while mkdir("\(directory)/replaced-\(number)", 0o700) != 0 {
      guard errno == EEXIST, number < 10_000 else {
        throw fault(errno, "\(directory)/replaced-\(number) cannot be made")
      }
      number += 1
    }
    for file in files {
      try move("\(directory)/\(file)", to: "\(directory)/replaced-\(number)/\(file)")
    }
  }

  private static func move(_ old: String, to new: String) throws(HookupError) {
    guard rename(old, new) == 0 else { throw fault(errno, "\(old) cannot be moved to \(new)") }
  }

  private static func sync(_ path: String) throws(HookupError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fault(errno, "\(path) cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw fault(errno, "\(path) cannot be synced") }
  }

  private static func fault(_ number: CInt, _ what: String) -> HookupError {
    let reason = strerror(number).map { String(cString: $0) } ?? "errno \(number)"
    return HookupError(.storage, "\(what) (\(reason))")
  }
}
