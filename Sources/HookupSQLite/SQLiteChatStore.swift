import GRDB
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The chat's rooms in one SQLite file, `chat.sqlite` in a directory of its own.
///
/// Durable: a commit returns when the write-ahead log is synced (`synchronous = FULL`). Crash-safe: a process killed at
/// any instruction leaves the last commit. One process at a time: the directory is locked.
///
/// Room keys compare by Swift's string order (`COLLATE swiftCompare`), so that both spellings of an accented letter name
/// one room; a plain `sqlite3` shell lacks that collation and can read the tables, but not look a room up by its index.
public final class SQLiteChatStore: ChatStore {
  /// The file's name in the directory.
  public static let fileName = "chat.sqlite"
  /// What follows the name of a copy until it is whole.
  static let partialSuffix = ".partial"

  public let id: String
  let pool: DatabasePool
  let limits: ChatStoreLimits
  /// The file, for messages.
  let path: String
  private let lock: DirectoryLock

  /// Opens the store in `directory`, which is made when it does not exist, and locks it until ``close()``.
  ///
  /// The file is checked (`PRAGMA quick_check`, about 1 s for each GB) and brought to the newest schema. A damaged file is
  /// never changed or deleted.
  /// - Throws: ``HookupError/Code/locked`` when another process has the directory; ``HookupError/Code/corrupt`` when the
  ///   file is not a database or is damaged; ``HookupError/Code/storage`` when it cannot be read or written, or was made by
  ///   a newer version.
  public init(directory: String, limits: ChatStoreLimits = ChatStoreLimits()) throws(HookupError) {
    lock = try DirectoryLock(directory: directory)
    path = directory + "/" + Self.fileName
    self.limits = limits
    do {
      (pool, id) = try Self.open(path, lock, lockTime: limits.lockTime)
    } catch {
      lock.release()
      throw SQLiteFault.error(error, opening: path)
    }
  }

  private static func open(
    _ path: String, _ lock: DirectoryLock, lockTime: Duration
  ) throws -> (DatabasePool, String) {
    try check(path)
    var configuration = Configuration()
    configuration.label = "chat"
    // Another process may hold the file for a moment: a backup, a shell.
    configuration.busyMode = .timeout(lockTime / .seconds(1))
    let pool = try DatabasePool(path: path, configuration: configuration)
    // GRDB sets NORMAL on the writer of a WAL database after it is opened, so FULL is set here and looked at.
    try pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
        throw HookupError(.storage, "\(path): SQLite refuses synchronous = FULL")
      }
    }
    let migrator = ChatSchema.migrator
    guard try pool.read(migrator.hasBeenSuperseded) == false else {
      throw HookupError(.storage, "\(path) was made by a newer version of Hookup: use that version")
    }
    try migrator.migrate(pool)
    try lock.syncDirectory()
    return (pool, try pool.read(ChatSchema.storeID))
  }

  /// Looks at an existing file through a connection that cannot write: opening a pool writes into the file.
  private static func check(_ path: String) throws {
    guard access(path, F_OK) == 0 else {
      // An empty store in place of the one that was to come back would be a loss that nobody notices.
      guard access(path + partialSuffix, F_OK) != 0 else {
        throw HookupError(
          .storage,
          "\(path) is missing and a copy to it was interrupted: restore the backup again, or delete "
            + "\(path)\(partialSuffix) to begin anew")
      }
      return
    }
    var configuration = Configuration()
    configuration.readonly = true
    let verdict = try DatabaseQueue(path: path, configuration: configuration).read {
      try String.fetchOne($0, sql: "PRAGMA quick_check(1)") ?? "no answer"
    }
    guard verdict == "ok" else {
      throw HookupError(
        .corrupt,
        "\(path) is damaged (\(verdict)); nothing was changed: move it away or restore a backup")
    }
  }

  public func probe() async throws(HookupError) {
    // Goes through the write-ahead log and is synced like any other change.
    try await write { try $0.execute(sql: "UPDATE store SET forgotten = forgotten WHERE one = 1") }
  }

  public func close() async throws(HookupError) {
    // Closing waits for the reads and writes that are under way; a second one finds nothing to do.
    do {
      try pool.close()
    } catch {
      throw SQLiteFault.error(error, using: path)
    }
    lock.release()
  }

  /// Runs `body` in a transaction on the writer's own queue. Not cancelled with the task: what was begun is finished, so
  /// that a shutdown never leaves open whether a message was stored.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(HookupError) -> Result {
    do {
      return try await withCheckedThrowingContinuation { continuation in
        pool.asyncWrite(body) { _, result in continuation.resume(with: result) }
      }
    } catch {
      throw SQLiteFault.error(error, using: path)
    }
  }

  /// Runs `body` on a snapshot that holds everything committed before the call.
  func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Result
  ) async throws(HookupError) -> Result {
    do {
      return try await withCheckedThrowingContinuation { continuation in
        pool.asyncRead { database in
          continuation.resume(with: Swift.Result { try body(try database.get()) })
        }
      }
    } catch {
      throw SQLiteFault.error(error, using: path)
    }
  }
}
