import GRDB
import HookupEngine
import Testing

@testable import HookupSQLite

/// What only a store in a file promises of sessions.
@Suite struct SQLiteSessionTests {
  static let ada = SessionCursorContractTests.ada
  static func cursor(_ number: UInt64) -> SessionCursor {
    SessionCursorContractTests.cursor(number, refused: [(number, "no")])
  }

  @Test func `cursors and refusals are there after reopening`() async throws {
    try await withTemporaryDirectory { directory in
      let first = try SQLiteChatStore(directory: directory)
      try await first.commit([Self.cursor(1), Self.cursor(2)])
      try await first.close()
      let second = try SQLiteChatStore(directory: directory)
      let memory = try await second.recall(of: Self.ada, epoch: .max)
      #expect(memory.what == .committed(2, tag: 9))
      #expect(memory.refusals.map(\.sequence) == [1, 2])
      try await second.close()
    }
  }

  @Test func `a transaction that is rolled back leaves neither the entry nor the cursor`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      try await store.commit([Self.cursor(1)])
      // The last write of the transaction fails: everything before it was done.
      try await store.pool.write {
        try $0.execute(
          sql: """
            CREATE TRIGGER fail BEFORE UPDATE ON cursor WHEN NEW.number = 3
            BEGIN SELECT RAISE(ABORT, 'on purpose'); END
            """)
      }
      var two = try alice.says("two", id: "2")
      two.cursor = Self.cursor(2)
      var three = try alice.says("three", id: "3")
      three.cursor = Self.cursor(3)
      let changes = [RoomChange.append(two), .append(three)]
      await #expect(throws: HookupError.self) {
        _ = try await store.append(changes, milliseconds: 1)
      }
      #expect(try await store.read("ops", .after(0)).entries.isEmpty)
      let memory = try await store.recall(of: Self.ada, epoch: .max)
      #expect(memory.what == .committed(1, tag: 9))
      #expect(memory.refusals.map(\.sequence) == [1])
      try await store.close()
    }
  }

  @Test func `a file of the first schema gains sessions and keeps its entries`() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/" + SQLiteChatStore.fileName
      let old = try DatabasePool(path: path)
      try ChatSchema.migrator.migrate(old, upTo: "1: rooms, clients, entries")
      let id = try await old.read(ChatSchema.storeID)
      try old.close()
      let store = try SQLiteChatStore(directory: directory)
      #expect(store.id == id)
      #expect(try await store.recall(of: Self.ada, epoch: 1) == SessionMemory(.nothing))
      var append = try alice.says("a", id: "1")
      append.cursor = Self.cursor(1)
      let outcomes = try await store.append([RoomChange.append(append)], milliseconds: 1)
      #expect(outcomes == [.stored(offset: 1)])
      try await store.close()
    }
  }
}
