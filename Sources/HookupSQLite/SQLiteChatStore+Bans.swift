import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func bans() async throws(HookupError) -> ServerBans {
    try await read { try BanTable.all($0) }
  }

  public func change(
    bans change: ServerBans.Change, milliseconds: Int64
  ) async throws(HookupError) -> ServerBans {
    try await write { database in
      var bans = try BanTable.all(database)
      try bans.apply(change, at: milliseconds)
      try BanTable.replace(with: bans, database)
      return bans
    }
  }
}

/// The table `ban`, of at most ``ServerBans/maximum`` rows.
private enum BanTable {
  static func all(_ database: Database) throws -> ServerBans {
    let rows = try Row.fetchAll(
      database, sql: "SELECT addresses, until, reason FROM ban ORDER BY turn")
    return ServerBans(
      try rows.map { row in
        try ServerBan(row.text(0), until: try row.optionalWhole(1), reason: row.text(2))
      })
  }

  static func replace(with bans: ServerBans, _ database: Database) throws {
    try database.execute(sql: "DELETE FROM ban")
    for ban in bans.list {
      try database.execute(
        sql: "INSERT INTO ban (addresses, until, reason) VALUES (?, ?, ?)",
        arguments: [ban.addresses, ban.until, StoredText.value(ban.reason)])
    }
  }
}
