import GRDB
import GRDBSQLite

/// Ends the queries of a connection once their time is over.
final class QueryClock {
  /// Steps of SQLite's virtual machine between two looks at the clock: some 20 µs.
  private static let steps: CInt = 1_000
  private let deadline: ContinuousClock.Instant

  private init(_ limit: Duration) { deadline = .now + limit }

  /// Runs `body`, whose queries fail with `SQLITE_INTERRUPT` once `limit` is over. What SQLite does within one step, the union of the
  /// lists of a beginning for instance, is not interrupted.
  static func bound<Result>(
    _ database: Database, by limit: Duration, _ body: () throws -> Result
  ) throws -> Result {
    let clock = QueryClock(limit)
    return try withExtendedLifetime(clock) {
      sqlite3_progress_handler(
        database.sqliteConnection, steps,
        { clock in
          guard let clock else { return 0 }
          return Unmanaged<QueryClock>.fromOpaque(clock).takeUnretainedValue().isOver ? 1 : 0
        }, Unmanaged.passUnretained(clock).toOpaque())
      defer { sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil) }
      return try body()
    }
  }

  private var isOver: Bool { .now >= deadline }
}
