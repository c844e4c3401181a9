import HookupEngine
import HookupSQLite
import Testing

/// Searches that take too long.
@Suite struct SearchTimeTests {
  private func withStore(
    searchTime: Duration, _ body: (SQLiteChatStore) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      var limits = ChatStoreLimits()
      limits.searchTime = searchTime
      let store = try SQLiteChatStore(directory: directory, limits: limits)
      let appends = try (1...3_000).map { number in
        try alice.says("common\(number % 2 == 0 ? " rare\(number)" : "")", id: "\(number)")
      }
      _ = try await store.append(appends, milliseconds: 1)
      try await body(store)
      try await store.close()
    }
  }

  private func search(_ store: SQLiteChatStore, _ word: String) async throws -> [UInt64] {
    try await store.search(
      SearchRequest(reader: alice.reader, milliseconds: 1, words: [word])
    ).hits.map(\.entry.offset)
  }

  @Test func `one that takes too long is refused with the limit and the way out`() async throws {
    try await withStore(searchTime: .zero) { store in
      let refusal = await #expect(throws: HookupError.self) {
        try await search(store, "common")
      }
      #expect(refusal?.code == .invalidArgument)
      #expect(refusal?.message.contains("longer than 0.0 seconds") == true)
      #expect(refusal?.message.contains("rarer") == true)
      // The connection that was interrupted is as good as before, for searches that are short and for everything else.
      for _ in 0..<8 {
        #expect(try await search(store, "rare20") == [20])
        let entries = try await store.read("ops", .after(0), entries: 2_000).entries
        #expect(entries.count == 2_000)
      }
    }
  }

  @Test func `one that has the time is answered`() async throws {
    try await withStore(searchTime: .seconds(60)) { store in
      let found = try await search(store, "common")
      #expect(found.count == 20)
    }
  }
}
