import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func trim(
    _ retention: RoomRetention, milliseconds: Int64, maximumEntries: Int
  ) async throws(HookupError) -> [RoomTrim] {
    guard !retention.keepsAll else { return [] }
    return try await write { database in
      var left = maximumEntries
      var trims: [RoomTrim] = []
      let rooms = try Row.fetchAll(
        database, sql: "SELECT id, first, last, key FROM room WHERE last > first ORDER BY id")
      for row in rooms where left > 0 {
        let room = try row.whole(0)
        let first = try row.whole(1)
        let keep = try Self.firstKept(
          room, first...row.whole(2), retention, milliseconds, maximum: left, database)
        guard keep > first else { continue }
        try Self.remove(room, before: keep, database)
        left -= Int(keep - first)
        // Keys begin in the fourth column here.
        guard let key = RoomKey(stored: row.text(3)) else {
          throw StoredFault.impossible("a room has an impossible name")
        }
        trims.append(RoomTrim(key: key, first: UInt64(clamping: keep)))
      }
      return trims
    }
  }

  /// The first entry that stays: the newest one always does.
  private static func firstKept(
    _ room: Int64, _ offsets: ClosedRange<Int64>, _ retention: RoomRetention,
    _ milliseconds: Int64, maximum: Int, _ database: Database
  ) throws -> Int64 {
    var keep = offsets.lowerBound
    if let entries = retention.entries {
      keep = max(keep, offsets.upperBound - Int64(max(1, entries)) + 1)
    }
    if let seconds = retention.seconds {
      let select = try database.cachedStatement(
        sql: "SELECT min(offset) FROM entry WHERE room = ? AND offset < ? AND at >= ?")
      let young = try Int64.fetchOne(
        select,
        arguments: [
          room, offsets.lowerBound + Int64(maximum) + 1, milliseconds - Int64(seconds) * 1_000,
        ])
      keep = max(keep, young ?? offsets.lowerBound + Int64(maximum))
    }
    if let bytes = retention.bytes {
      keep = max(keep, try firstWithin(bytes, room, offsets, database))
    }
    return min(keep, offsets.upperBound, offsets.lowerBound + Int64(maximum))
  }

  /// The first entry of the newest ones that have `bytes` of text together.
  private static func firstWithin(
    _ bytes: Int, _ room: Int64, _ offsets: ClosedRange<Int64>, _ database: Database
  ) throws -> Int64 {
    let select = try database.cachedStatement(
      sql: """
        SELECT offset, length(CAST(text AS BLOB)) FROM entry WHERE room = ? ORDER BY offset DESC
        """)
    let rows = try Row.fetchCursor(select, arguments: [room])
    var total: Int64 = 0
    var first = offsets.upperBound
    while let row = try rows.next() {
      total += try row.whole(1)
      guard total <= Int64(bytes) else { return first }
      first = try row.whole(0)
    }
    return first
  }

  private static func remove(_ room: Int64, before offset: Int64, _ database: Database) throws {
    let gone = try Row.fetchCursor(
      database,
      sql: """
        SELECT offset, coalesce(current, text) FROM entry
        WHERE room = ? AND offset < ? AND kind IN (0, 2) AND deleted IS NULL
        """, arguments: [room, offset])
    while let row = try gone.next() {
      try SearchTable.remove(row.text(1), room, row.whole(0), database)
    }
    for table in ["entry", "reaction"] {
      try database.execute(
        sql: "DELETE FROM \(table) WHERE room = ? AND offset < ?", arguments: [room, offset])
    }
    try database.execute(
      sql: "UPDATE room SET first = ? WHERE id = ?", arguments: [offset, room])
  }
}
