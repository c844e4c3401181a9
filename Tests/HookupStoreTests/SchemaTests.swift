import GRDB
import HookupEngine
import Testing

@testable import HookupSQLite

/// Files of every version that was released, brought to the newest one.
@Suite struct SchemaTests {
  private static let versions = ChatSchema.migrator.migrations

  /// The tables and indexes of a file, as SQLite has them.
  private func schema(of store: SQLiteChatStore) async throws -> Set<String> {
    try await store.pool.read { database in
      Set(
        try String.fetchAll(
          database,
          sql: "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY name"))
    }
  }

  @Test(arguments: versions.indices)
  func `a file of each version becomes the newest one, and keeps what it has`(
    _ index: Int
  ) async throws {
    try await withTemporaryDirectory { new in
      try await withTemporaryDirectory { directory in
        let fresh = try SQLiteChatStore(directory: new)
        let old = try DatabasePool(path: directory + "/" + SQLiteChatStore.fileName)
        try ChatSchema.migrator.migrate(old, upTo: Self.versions[index])
        try await old.write { database in
          try database.execute(
            sql: """
              INSERT INTO client (id, secret) VALUES (1, '\(alice.client.text)');
              INSERT INTO room (id, key, last, turn) VALUES (1, 'ops', 1, 1);
              INSERT INTO entry (room, offset, kind, client, message, sender, at, text)
                VALUES (1, 1, 0, 1, 'm', 'alice', 5, 'before the flood');
              """)
          if index < 2 { return }
          try database.execute(
            sql: """
              INSERT INTO search (rowid, text) VALUES (549755813888 + 1, 'before the flood');
              INSERT INTO account (folded, nick, skeleton, hash, created, seen)
                VALUES ('bob', 'Bob', 'bob', 'h', 1, 2);
              """)
        }
        try old.close()
        let store = try SQLiteChatStore(directory: directory)
        #expect(try await schema(of: store) == schema(of: fresh))
        #expect(try await store.read("ops", .after(0)).entries.map(\.text) == ["before the flood"])
        let found = try await store.search(
          SearchRequest(reader: alice.reader, milliseconds: 1, words: ["flood"]))
        #expect(found.hits.map(\.entry.offset) == [1])
        let bob = try await store.account(of: bob.nick)
        #expect(bob?.nick.text == (index < 2 ? nil : "Bob") && bob?.displayName ?? "" == "")
        let again = try await store.append(
          [alice.says("again", id: "m"), alice.says("new", id: "n")], milliseconds: 6)
        #expect(
          try again == [
            .duplicate(key: alice.says("", id: "m").key, offset: 1, milliseconds: 5),
            .stored(offset: 2),
          ])
        try await store.close()
        try await fresh.close()
      }
    }
  }
}
