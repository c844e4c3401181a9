import Foundation
import GRDB
import HookupCore
import HookupEngine
import Testing

@testable import HookupSQLite

/// A writer is killed at any moment; what it left is whole, and all that it was told is there.
@Suite struct StoreCrashTests {
  @Test func `a kill in the middle of any transaction leaves the last commit`() async throws {
    var random = SystemRandomNumberGenerator()
    try await withTemporaryDirectory { directory in
      var next = 1
      for round in 1...8 {
        let confirmed = try runWriter(
          in: directory, from: next, steps: round % 4 + 1,
          then: .random(in: 0...12_000, using: &random))
        try await check(directory, confirmed: confirmed)
        // The step that was cut is not done again: its account may be there.
        next = confirmed + 2
      }
    }
  }

  @Test func `a kill in the middle of a migration leaves what was there, for the next start`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      try Self.makeFirstSchema(directory, entries: 20_000)
      let path = directory + "/" + SQLiteChatStore.fileName
      let old = try Data(contentsOf: URL(fileURLWithPath: path))
      var random = SystemRandomNumberGenerator()
      var kills = 0
      // As long as the migration takes is not known before: each time that it was through, the next one has half the time.
      var longest = 400_000
      for _ in 1...12 {
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        try old.write(to: URL(fileURLWithPath: path))
        _ = try runWriter(
          in: directory, from: 1, steps: 0,
          then: .random(in: 0...longest, using: &random))
        let versions = try await Self.migrations(of: path)
        if versions == 4 { longest /= 2 } else { kills += 1 }
        let store = try SQLiteChatStore(directory: directory)
        let owner = try Nick("owner")
        let key = RoomKey(try RoomName("rules"), for: owner)
        #expect(try await store.head(of: key).last == 20_000)
        let request = SearchRequest(
          reader: RoomReader(nick: owner, isAccount: true, isOperator: true), milliseconds: 0,
          words: ["word19999"], key: key)
        #expect(try await store.search(request).hits.map(\.entry.offset) == [19_999])
        try await store.close()
        #expect(try StoreArchive.check(directory).faults == [])
      }
      #expect(kills > 0)
    }
  }

  /// How many migrations the file has seen, as it lies there.
  private static func migrations(of path: String) async throws -> Int {
    let file = try DatabasePool(path: path)
    defer { try? file.close() }
    return try await file.read { database in
      try database.tableExists("grdb_migrations")
        ? Int.fetchOne(database, sql: "SELECT count(*) FROM grdb_migrations") ?? 0 : 0
    }
  }

  /// A store of the first release with one room.
  private static func makeFirstSchema(_ directory: String, entries: Int) throws {
    let old = try DatabasePool(path: directory + "/" + SQLiteChatStore.fileName)
    try ChatSchema.migrator.migrate(old, upTo: "1: rooms, clients, entries")
    try old.write { database in
      try database.execute(
        sql: """
          INSERT INTO room (id, key, last, turn) VALUES (1, 'rules', ?1, 1);
          INSERT INTO client (id, secret) VALUES (1, 'c');
          """, arguments: [entries])
      try database.execute(
        sql: """
          WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
          INSERT INTO entry (room, offset, kind, client, message, sender, at, text)
            SELECT 1, n, 0, 1, 'm' || n, 'owner', n, 'word' || n FROM number;
          """, arguments: [entries])
    }
    // Everything into the one file.
    _ = try old.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try old.close()
  }

  /// Lets the writer write, and die in the time after the last of its steps.
  /// - Returns: the last step that was confirmed.
  private func runWriter(
    in directory: String, from first: Int, steps: Int, then microseconds: Int
  ) throws -> Int {
    let writer = Process()
    writer.executableURL = Bundle.main.bundleURL.deletingLastPathComponent().appending(
      path: "store-crash-writer")
    if !FileManager.default.isExecutableFile(atPath: writer.executableURL?.path ?? "") {
      writer.executableURL = Self.products.appending(path: "store-crash-writer")
    }
    writer.arguments = [directory, "\(first)", "\(steps)", "\(microseconds)"]
    let output = Pipe()
    writer.standardOutput = output
    try writer.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    writer.waitUntilExit()
    #expect(!text.contains("failed"), "\(text)")
    let isKilled = writer.terminationReason == .uncaughtSignal
    #expect(
      isKilled || steps == 0 && writer.terminationStatus == 0, "it ended before it was killed")
    return text.split(separator: "\n").compactMap { Int($0) }.last ?? first - 1
  }

  private static var products: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  }

  private func check(_ directory: String, confirmed: Int) async throws {
    let (_, faults) = try StoreArchive.check(directory)
    #expect(faults == [])
    let store = try SQLiteChatStore(directory: directory)
    let owner = try Nick("owner")
    let key = RoomKey(try RoomName("rules"), for: owner)
    let head = try await store.head(of: key)
    let entries = try await store.entries(of: key)
    #expect(entries.map(\.offset) == Array(1...head.last))
    #expect(entries.contains { $0.id.text.hasPrefix("\(confirmed)-") })

    // The room is what its log made of it, and so are the tables beside it.
    var state = RoomState()
    var texts: [UInt64: String] = [:]
    for entry in entries {
      let append = RoomAppend(
        key: key, act: entry.act, id: entry.id,
        client: try ClientID(String(repeating: "a", count: 32)), from: entry.from, isAccount: true)
      state.take(append, at: entry.milliseconds)
      if entry.kind.isSpeech, entry.since?.deleted == nil { texts[entry.offset] = entry.text }
    }
    #expect(state == head.state)
    let members = try await store.read { database in
      try String.fetchAll(
        database,
        sql:
          "SELECT person FROM member JOIN room ON room.id = room WHERE key = 'rules' ORDER BY person"
      )
    }
    #expect(members == state.members.keys.sorted())
    let mark = try await store.person(owner, limit: 1, marks: 1).marks.first
    #expect(mark.map { $0.offset <= head.last } ?? (confirmed == 0))

    // Every message that stands is found by its words, and no other.
    let reader = RoomReader(nick: owner, isAccount: true, isOperator: true)
    for word in ["one", "two"] {
      let request = SearchRequest(
        reader: reader, milliseconds: 0, words: [word], key: key, limit: 10_000)
      let found = Set(try await store.search(request).hits.map(\.entry.offset))
      #expect(found == Set(texts.filter { $0.value.hasSuffix(word) }.keys))
    }
    for number in 1...max(1, confirmed) where number == confirmed {
      let guest = try Nick("guest\(number)")
      #expect(try await store.account(of: guest) != nil)
      #expect(try await store.devices(of: guest).count == 1)
    }
    try await store.close()
  }
}

extension SQLiteChatStore {
  /// All entries of a log.
  fileprivate func entries(of key: RoomKey) async throws -> [RoomEntry] {
    var entries: [RoomEntry] = []
    while true {
      let page = try await page(
        RoomPageRequest(
          key: key, name: try RoomName(key.text), position: .after(entries.last?.offset ?? 0),
          maximumEntries: 1_000, maximumBytes: 1 << 20))
      entries += page.entries
      if !page.more { return entries }
    }
  }
}
