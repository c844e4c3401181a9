import GRDB
import Glibc
import HookupEngine
import Testing

@testable import HookupSQLite

/// What an operator does with a store's directory.
@Suite struct StoreArchiveTests {
  /// Runs `body` with a store that holds ten entries in `ops`, and with a path that is free.
  private func withStore(
    _ body: (_ store: SQLiteChatStore, _ directory: String, _ free: String) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      try await withTemporaryDirectory { other in
        let store = try SQLiteChatStore(directory: directory)
        for number in 1...10 {
          _ = try await store.append(
            [alice.says("line \(number)", id: "\(number)")], milliseconds: Int64(number))
        }
        try await body(store, directory, other)
        try await store.close()
      }
    }
  }

  private func texts(_ store: SQLiteChatStore) async throws -> [String] {
    try await store.read("ops", .after(0)).entries.map(\.text)
  }

  @Test func `a backup of a store in use holds what was committed and can be opened`() async throws
  {
    try await withStore { store, directory, free in
      let contents = try StoreArchive.backUp(directory, to: free)
      #expect(contents.rooms == 1)
      #expect(contents.entries == 10)
      var status = stat()
      #expect(stat(free + "/chat.sqlite", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      _ = try await store.append([alice.says("later", id: "11")], milliseconds: 11)
      let copy = try SQLiteChatStore(directory: free)
      #expect(try await texts(copy) == (1...10).map { "line \($0)" })
      #expect(copy.id == store.id)
      try await copy.close()
      #expect(try StoreArchive.check(free).faults == [])
    }
  }

  @Test func `while messages are stored each backup holds a beginning of the log`() async throws {
    try await withStore { store, directory, free in
      let writing = Task {
        var number = 11
        while !Task.isCancelled {
          _ = try await store.append(
            [alice.says("line \(number)", id: "\(number)")], milliseconds: Int64(number))
          number += 1
        }
      }
      var last = 0
      for round in 1...5 {
        let contents = try StoreArchive.backUp(directory, to: "\(free)/\(round)")
        #expect(try StoreArchive.check("\(free)/\(round)").faults == [])
        #expect(contents.entries >= max(10, last))
        last = contents.entries
        for name in ["chat.sqlite", "lock"] { unlink("\(free)/\(round)/\(name)") }
        rmdir("\(free)/\(round)")
      }
      writing.cancel()
      try await writing.value
    }
  }

  @Test func `a backup goes to a directory without a store only`() async throws {
    try await withStore { _, directory, free in
      _ = try StoreArchive.backUp(directory, to: free)
      let again = #expect(throws: HookupError.self) {
        try StoreArchive.backUp(directory, to: free)
      }
      #expect(again?.code == .storage)
      #expect(again?.message.contains(free) == true)
      let onto = #expect(throws: HookupError.self) {
        try StoreArchive.backUp(directory, to: directory)
      }
      #expect(onto?.code == .locked)
    }
  }

  @Test func `what an interrupted backup left is replaced`() async throws {
    try await withStore { _, directory, free in
      let left = fopen(free + "/chat.sqlite.partial", "w")
      fputs("half a file", left)
      fclose(left)
      // Nor does a server begin an empty store there.
      let refused = #expect(throws: HookupError.self) { try SQLiteChatStore(directory: free) }
      #expect(refused?.code == .storage)
      #expect(refused?.message.contains("interrupted") == true)
      let contents = try StoreArchive.backUp(directory, to: free)
      #expect(contents.entries == 10)
      #expect(access(free + "/chat.sqlite.partial", F_OK) != 0)
    }
  }

  @Test func `a store in use is not restored over, and a stopped one only when told`() async throws
  {
    try await withStore { store, directory, free in
      _ = try StoreArchive.backUp(directory, to: free)
      _ = try await store.append([alice.says("later", id: "11")], milliseconds: 11)
      let used = #expect(throws: HookupError.self) {
        try StoreArchive.restore(free, to: directory, replaces: true)
      }
      #expect(used?.code == .locked)
      try await store.close()
      let there = #expect(throws: HookupError.self) {
        try StoreArchive.restore(free, to: directory)
      }
      #expect(there?.code == .storage)
      #expect(there?.message.contains("--replace") == true)

      let kept = try SQLiteChatStore(directory: directory)
      #expect(try await texts(kept).last == "later")
      try await kept.close()

      #expect(try StoreArchive.restore(free, to: directory, replaces: true).entries == 10)
      let restored = try SQLiteChatStore(directory: directory)
      #expect(try await texts(restored).last == "line 10")
      try await restored.close()
      #expect(try StoreArchive.check(directory + "/replaced-1").contents.entries == 11)
      for name in ["", "-wal", "-shm"] { unlink("\(directory)/replaced-1/chat.sqlite\(name)") }
      rmdir(directory + "/replaced-1")
    }
  }

  @Test func `a log left over from another store is not mixed into a restored one`() async throws {
    try await withStore { store, directory, free in
      let backup = free + "/backup"
      _ = try StoreArchive.backUp(directory, to: backup)
      // Somebody moved the file away, and not the log beside it.
      let target = free + "/target"
      mkdir(target, 0o700)
      let log = fopen(target + "/chat.sqlite-wal", "w")
      fputs("not of this store", log)
      fclose(log)
      let refused = #expect(throws: HookupError.self) {
        try StoreArchive.restore(backup, to: target)
      }
      #expect(refused?.code == .storage)
      _ = try StoreArchive.restore(backup, to: target, replaces: true)
      #expect(access(target + "/chat.sqlite-wal", F_OK) != 0)
      #expect(access(target + "/replaced-1/chat.sqlite-wal", F_OK) == 0)
      #expect(try StoreArchive.check(target).contents.entries == 10)
      for path in [
        "backup/chat.sqlite", "backup/lock", "target/replaced-1/chat.sqlite-wal",
        "target/chat.sqlite", "target/lock",
      ] { unlink("\(free)/\(path)") }
      for path in ["backup", "target/replaced-1", "target"] { rmdir("\(free)/\(path)") }
    }
  }

  @Test func `a damaged file is neither backed up nor restored, and nothing is changed`()
    async throws
  {
    try await withStore { _, directory, free in
      try await withTemporaryDirectory { damaged in
        _ = try StoreArchive.backUp(directory, to: damaged)
        // Where the entries are, which nothing reads that only counts them.
        let queue = try DatabaseQueue(path: damaged + "/chat.sqlite")
        let page = try #require(
          try await queue.read {
            try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'entry'")
          })
        try queue.close()
        let file = open(damaged + "/chat.sqlite", O_RDWR)
        let garbage = [UInt8](repeating: 0xFF, count: 2_048)
        #expect(pwrite(file, garbage, garbage.count, off_t((page - 1) * 4_096)) == garbage.count)
        close(file)
        let saved = #expect(throws: HookupError.self) {
          try StoreArchive.backUp(damaged, to: free)
        }
        #expect(saved?.code == .corrupt)
        #expect(saved?.message.contains("\(damaged)/chat.sqlite is damaged") == true)
        let restored = #expect(throws: HookupError.self) {
          try StoreArchive.restore(damaged, to: free)
        }
        #expect(restored?.code == .corrupt)
        for name in ["chat.sqlite", "chat.sqlite.partial"] {
          #expect(access("\(free)/\(name)", F_OK) != 0)
        }
      }
    }
  }

  @Test func `a hole in a room's log is found and named`() async throws {
    try await withStore { store, directory, _ in
      try await store.write { try $0.execute(sql: "DELETE FROM entry WHERE offset = 4") }
      let (contents, faults) = try StoreArchive.check(directory)
      #expect(contents.entries == 9)
      #expect(faults == ["room 'ops' should hold 1 to 10, and holds 9 entries"])
    }
  }

  @Test func `what is no store is named`() async throws {
    try await withTemporaryDirectory { directory in
      let none = #expect(throws: HookupError.self) { try StoreArchive.check(directory) }
      #expect(none?.code == .storage)
      #expect(none?.message.contains(directory) == true)
      let other = try DatabaseQueue(path: directory + "/chat.sqlite")
      try await other.write { try $0.execute(sql: "CREATE TABLE t (a)") }
      try other.close()
      let foreign = #expect(throws: HookupError.self) { try StoreArchive.check(directory) }
      #expect(foreign?.code == .corrupt)
      #expect(foreign?.message.contains("not a chat server's") == true)
    }
  }

  @Test func `an export holds every entry once and in order, a page at a time`() async throws {
    try await withStore { store, directory, _ in
      _ = try await store.append(
        try (11...2_500).map { try alice.says("line \($0)", id: "\($0)") }, milliseconds: 11)
      var pages: [[RoomEntry]] = []
      try StoreArchive.export(try RoomName("ops"), of: directory, after: 2) {
        (entries) throws(HookupError) in pages.append(entries)
      }
      #expect(pages.map(\.count) == [1_000, 1_000, 498])
      #expect(pages.joined().map(\.offset) == Array(3...2_500))
      for (room, code) in [("none", HookupError.Code.storage), ("@bob", .invalidArgument)] {
        let error = #expect(throws: HookupError.self) {
          try StoreArchive.export(try RoomName(room), of: directory) { _ in }
        }
        #expect(error?.code == code)
      }
    }
  }
}
