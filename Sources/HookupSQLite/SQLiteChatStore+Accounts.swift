import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func account(of nick: Nick) async throws(HookupError) -> Account? {
    try await read { try AccountTable.account(of: nick, $0) }
  }

  public func create(_ account: Account) async throws(HookupError) -> AccountCreation {
    let maximum = limits.maximumAccounts
    return try await write { try AccountTable.create(account, maximum: maximum, $0) }
  }

  public func update(
    _ nick: Nick, _ change: AccountChange
  ) async throws(HookupError) -> Bool {
    try await write { try AccountTable.update(nick, change, $0) }
  }

  public func accounts(after nick: Nick?, limit: Int) async throws(HookupError) -> [Account] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT \(AccountTable.columns) FROM account WHERE ?1 IS NULL OR folded > ?1
          ORDER BY folded LIMIT ?2
          """, arguments: [nick?.folded, limit]
      ).map(AccountTable.account)
    }
  }

  public func add(_ device: AccountDevice, to nick: Nick) async throws(HookupError) {
    let maximum = limits.devicesPerAccount
    try await write { try AccountTable.add(device, to: nick, maximum: maximum, $0) }
  }

  public func devices(of nick: Nick) async throws(HookupError) -> [AccountDevice] {
    try await read { try AccountTable.devices(of: nick, $0) }
  }

  public func touch(
    device: String, of nick: Nick, milliseconds: Int64
  ) async throws(HookupError) {
    try await write { database in
      try database.execute(
        sql: """
          UPDATE device SET seen = max(seen, ?1) WHERE id = ?2 AND account =
            (SELECT id FROM account WHERE folded = ?3);
          """, arguments: [milliseconds, device, nick.folded])
      guard database.changesCount > 0 else { return }
      try database.execute(
        sql: "UPDATE account SET seen = max(seen, ?1) WHERE folded = ?2",
        arguments: [milliseconds, nick.folded])
    }
  }

  public func remove(device: String, of nick: Nick) async throws(HookupError) -> Bool {
    try await write { database in
      try database.execute(
        sql: """
          DELETE FROM device WHERE id = ? AND account = (SELECT id FROM account WHERE folded = ?)
          """, arguments: [device, nick.folded])
      return database.changesCount > 0
    }
  }
}

/// The tables `account` and `device`.
enum AccountTable {
  static let columns = "nick, skeleton, hash, created, seen, operator, disabled, display"

  static func contains(_ nick: Nick, _ database: Database) throws -> Bool {
    try Int.fetchOne(
      database.cachedStatement(sql: "SELECT 1 FROM account WHERE folded = ?"),
      arguments: [nick.folded]) != nil
  }

  static func account(of nick: Nick, _ database: Database) throws -> Account? {
    try Row.fetchOne(
      database.cachedStatement(sql: "SELECT \(columns) FROM account WHERE folded = ?"),
      arguments: [nick.folded]
    ).map(account)
  }

  static func account(_ row: Row) throws -> Account {
    Account(
      nick: try row.nick(0), skeleton: row.text(1), passwordHash: row.text(2),
      created: try row.whole(3), seen: try row.whole(4), isOperator: try row.whole(5) != 0,
      disabled: row.optionalText(6), displayName: row.text(7))
  }

  static func create(
    _ account: Account, maximum: Int, _ database: Database
  ) throws -> AccountCreation {
    if try contains(account.nick, database) { return .taken }
    let similar = try Row.fetchOne(
      database, sql: "SELECT nick FROM account WHERE skeleton = ?", arguments: [account.skeleton])
    if let similar { return .confusable(try similar.nick(0)) }
    let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM account") ?? 0
    guard count < maximum else { return .full(limit: maximum) }
    try database.execute(
      sql: """
        INSERT INTO account (folded, nick, skeleton, hash, created, seen, operator, disabled, display)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        account.nick.folded, account.nick.text, account.skeleton, account.passwordHash,
        account.created, account.seen, account.isOperator, account.disabled,
        account.displayName,
      ])
    return .created
  }

  static func update(
    _ nick: Nick, _ change: AccountChange, _ database: Database
  ) throws -> Bool {
    guard let id = try id(of: nick, database) else { return false }
    if let hash = change.passwordHash {
      try database.execute(
        sql: "UPDATE account SET hash = ? WHERE id = ?", arguments: [hash, id])
      if !change.isRehash {
        try database.execute(
          sql: "DELETE FROM device WHERE account = ? AND id <> ?",
          arguments: [id, change.keptDevice ?? ""])
      }
    }
    if let isOperator = change.isOperator {
      try database.execute(
        sql: "UPDATE account SET operator = ? WHERE id = ?", arguments: [isOperator, id])
    }
    if let disabled = change.disabled {
      try database.execute(
        sql: "UPDATE account SET disabled = ? WHERE id = ?",
        arguments: [disabled.isEmpty ? nil : disabled, id])
      if !disabled.isEmpty {
        try database.execute(sql: "DELETE FROM device WHERE account = ?", arguments: [id])
      }
    }
    if let name = change.displayName {
      try database.execute(
        sql: "UPDATE account SET display = ? WHERE id = ?", arguments: [name.text, id])
    }
    return true
  }

  private static func id(of nick: Nick, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database, sql: "SELECT id FROM account WHERE folded = ?", arguments: [nick.folded])
  }

  static func add(
    _ device: AccountDevice, to nick: Nick, maximum: Int, _ database: Database
  ) throws {
    guard let id = try id(of: nick, database) else { return }
    try database.execute(
      sql: """
        DELETE FROM device WHERE id IN
          (SELECT id FROM device WHERE account = ? ORDER BY seen DESC LIMIT -1 OFFSET ?)
        """, arguments: [id, max(0, maximum - 1)])
    try database.execute(
      sql: """
        INSERT INTO device (id, account, name, token, created, seen) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        device.id, id, StoredText.value(device.name), device.tokenHash, device.created, device.seen,
      ])
  }

  static func devices(of nick: Nick, _ database: Database) throws -> [AccountDevice] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT device.id, name, token, device.created, device.seen FROM device
        JOIN account ON account.id = device.account WHERE folded = ?
        ORDER BY device.created, device.id
        """, arguments: [nick.folded]
    ).map { row in
      AccountDevice(
        id: row.text(0), name: row.text(1), tokenHash: row.text(2), created: try row.whole(3),
        seen: try row.whole(4))
    }
  }
}
