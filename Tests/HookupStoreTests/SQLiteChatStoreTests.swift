import GRDB
import Glibc
import HookupEngine
import Testing

@testable import HookupSQLite

/// What only a store in a file promises.
@Suite struct SQLiteChatStoreTests {
  @Test func `what was stored is there after reopening, and so are the ids`() async throws {
    try await withTemporaryDirectory { directory in
      let first = try SQLiteChatStore(directory: directory)
      _ = try await first.append(
        [alice.says("a", id: "1"), bob.says("dm", id: "2", in: "@alice")], milliseconds: 7)
      try await first.close()

      let second = try SQLiteChatStore(directory: directory)
      #expect(second.id == first.id)
      let outcomes = try await second.append(
        [alice.says("a", id: "1"), alice.says("b", id: "2")], milliseconds: 8)
      #expect(
        try outcomes == [
          .duplicate(key: alice.says("", id: "1").key, offset: 1, milliseconds: 7),
          .stored(offset: 2),
        ])
      #expect(try await second.read("ops", .after(0)).entries.map(\.text) == ["a", "b"])
      #expect(try await second.person(alice.nick, limit: 5, marks: 0).direct.map(\.last) == [1])
      try await second.close()
    }
  }

  @Test func `two stores have two ids`() async throws {
    try await withTemporaryDirectory { one in
      try await withTemporaryDirectory { two in
        let first = try SQLiteChatStore(directory: one)
        let second = try SQLiteChatStore(directory: two)
        #expect(first.id != second.id)
        #expect(first.id.count == 32)
        try await first.close()
        try await second.close()
      }
    }
  }

  @Test func `the writer syncs every commit and the log is write-ahead`() async throws {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      _ = try await store.append([alice.says("a", id: "1")], milliseconds: 1)
      let synchronous = try await store.pool.writeWithoutTransaction {
        try Int.fetchOne($0, sql: "PRAGMA synchronous")
      }
      let journal = try await store.pool.read {
        try String.fetchOne($0, sql: "PRAGMA journal_mode")
      }
      #expect(synchronous == 2)
      #expect(journal == "wal")
      try await store.close()
    }
  }

  @Test func `a batch that fails in its middle leaves nothing`() async throws {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      _ = try await store.append([alice.says("kept", id: "0")], milliseconds: 1)
      try await store.pool.write {
        try $0.execute(
          sql: """
            CREATE TRIGGER fail BEFORE INSERT ON entry WHEN NEW.text = 'poison'
            BEGIN SELECT RAISE(ABORT, 'poisoned'); END
            """)
      }
      await #expect(throws: HookupError.self) {
        try await store.append(
          [
            alice.says("a", id: "1"), bob.says("b", id: "1", in: "fresh"),
            alice.says("poison", id: "2"),
          ], milliseconds: 2)
      }
      #expect(try await store.read("ops", .after(0)).entries.map(\.text) == ["kept"])
      #expect(
        try await store.rooms(after: nil, limit: 9, for: alice.reader).rooms.map(\.room.text) == [
          "ops"
        ])
      let retried = try await store.append([alice.says("a", id: "1")], milliseconds: 3)
      #expect(retried == [.stored(offset: 2)])
      try await store.close()
    }
  }

  @Test func `a second store on the same directory is refused with its name and the owner`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      let refusal = #expect(throws: HookupError.self) {
        try SQLiteChatStore(directory: directory)
      }
      #expect(refusal?.code == .locked)
      #expect(refusal?.message.contains(directory) == true)
      #expect(refusal?.message.contains("\(getpid())") == true)
      try await store.close()
      try await SQLiteChatStore(directory: directory).close()
    }
  }

  @Test func `a file that is no database is refused and left as it is`() async throws {
    try await withTemporaryDirectory { directory in
      let bytes = Array("Dear diary, this is certainly not a database.\n".utf8)
      let path = directory + "/" + SQLiteChatStore.fileName
      write(Array(repeating: bytes, count: 200).flatMap(\.self), to: path)
      let refusal = #expect(throws: HookupError.self) {
        try SQLiteChatStore(directory: directory)
      }
      #expect(refusal?.code == .corrupt)
      #expect(refusal?.message.contains(path) == true)
      #expect(size(of: path) == bytes.count * 200)
    }
  }

  @Test func `a damaged database is refused and left as it is`() async throws {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      _ = try await store.append(
        (1...500).map { try alice.says("text number \($0)", id: "\($0)") }, milliseconds: 1)
      try await store.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try await store.close()
      let path = directory + "/" + SQLiteChatStore.fileName
      let before = size(of: path)
      overwrite(path, from: 4_096 * 8, count: 4_096 * 4)
      let refusal = #expect(throws: HookupError.self) {
        try SQLiteChatStore(directory: directory)
      }
      #expect(refusal?.code == .corrupt)
      #expect(size(of: path) == before)
    }
  }

  @Test func `a directory that cannot be made is named`() throws {
    let refusal = #expect(throws: HookupError.self) {
      try SQLiteChatStore(directory: "/proc/hookup/chat")
    }
    #expect(refusal?.code == .storage)
    #expect(refusal?.message.contains("/proc/hookup") == true)
  }

  @Test func `missing directories are made`() async throws {
    try await withTemporaryDirectory { directory in
      let nested = directory + "/deep/down"
      try await SQLiteChatStore(directory: nested).close()
      #expect(size(of: nested + "/" + SQLiteChatStore.fileName) != nil)
      for name in [SQLiteChatStore.fileName, "lock"] { unlink(nested + "/" + name) }
      for suffix in ["-wal", "-shm"] { unlink(nested + "/" + SQLiteChatStore.fileName + suffix) }
      rmdir(nested)
      rmdir(directory + "/deep")
    }
  }

  @Test func `a file of a newer version is refused`() async throws {
    try await withTemporaryDirectory { directory in
      let store = try SQLiteChatStore(directory: directory)
      try await store.pool.write {
        try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999: the future')")
      }
      try await store.close()
      let refusal = #expect(throws: HookupError.self) {
        try SQLiteChatStore(directory: directory)
      }
      #expect(refusal?.message.contains("newer version") == true)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    _ = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
  }

  private func overwrite(_ path: String, from offset: Int, count: Int) {
    let descriptor = open(path, O_WRONLY)
    _ = pwrite(descriptor, [UInt8](repeating: 0xAA, count: count), count, offset)
    close(descriptor)
  }

  private func size(of path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }
}
