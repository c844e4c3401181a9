import GRDB
import HookupEngine
import Testing

@testable import HookupSQLite

/// What every store promises of banned addresses.
@Suite struct BanContractTests {
  @Test(arguments: BackEnd.allCases)
  func `bans are kept in their order until they are ended or over`(_ backEnd: BackEnd) async throws
  {
    try await backEnd.withStore { store in
      #expect(try await store.bans() == ServerBans())
      let first = try ServerBan("10.0.0.0/8", until: 1_000, reason: "a \u{0} \u{1B}")
      let second = try ServerBan("1.2.3.4", reason: "")
      let third = try ServerBan("::1")
      _ = try await store.change(bans: .add(first), milliseconds: 1)
      let two = try await store.change(bans: .add(second), milliseconds: 2)
      #expect(two.list == [first, second])
      #expect(try await store.bans() == two)
      _ = try await store.change(bans: .add(third), milliseconds: 1_000)
      #expect(try await store.bans().list == [second, third])
      _ = try await store.change(bans: .remove("1.2.3.4"), milliseconds: 0)
      #expect(try await store.bans().list == [third])
      await #expect(throws: HookupError.self) {
        try await store.change(bans: .remove("1.2.3.4"), milliseconds: 0)
      }
      #expect(try await store.bans().list == [third])
    }
  }

  @Test func `bans hold after a restart, and a file of the third schema gains them`() async throws {
    try await withTemporaryDirectory { directory in
      do {
        let old = try DatabasePool(path: directory + "/" + SQLiteChatStore.fileName)
        try ChatSchema.migrator.migrate(old, upTo: "3: accounts, rights, edits, search")
        try old.close()
      }
      let ban = try ServerBan("192.0.2.0/24", until: 7, reason: "why")
      var store = try SQLiteChatStore(directory: directory)
      _ = try await store.change(bans: .add(ban), milliseconds: 1)
      try await store.close()
      store = try SQLiteChatStore(directory: directory)
      #expect(try await store.bans().list == [ban])
      try await store.close()
    }
  }
}
