import HookupEngine
import Testing

/// What every store promises, on every store.
@Suite struct ChatStoreContractTests {
  @Test(arguments: BackEnd.allCases)
  func `offsets of a room count from 1 without holes`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let first = try await store.append(
        [alice.says("a", id: "1"), bob.says("b", id: "1"), alice.says("c", id: "2", in: "dev")],
        milliseconds: 5)
      let second = try await store.append([alice.says("d", id: "3")], milliseconds: 6)
      #expect(first == [.stored(offset: 1), .stored(offset: 2), .stored(offset: 1)])
      #expect(second == [.stored(offset: 3)])
      let page = try await store.read("ops", .after(0))
      #expect(page.entries.map(\.offset) == [1, 2, 3])
      #expect(page.entries.map(\.text) == ["a", "b", "d"])
      #expect(page.entries.map(\.from.text) == ["alice", "bob", "alice"])
      #expect(page.entries.map(\.milliseconds) == [5, 5, 6])
      #expect(!page.more)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an id of the same client is stored once, with its first offset and time`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      let key = try alice.says("", id: "x").key
      let outcomes = try await store.append(
        [alice.says("a", id: "1"), alice.says("again", id: "1"), bob.says("b", id: "1")],
        milliseconds: 5)
      #expect(
        outcomes == [
          .stored(offset: 1), .duplicate(key: key, offset: 1, milliseconds: 5), .stored(offset: 2),
        ])
      let later = try await store.append(
        [alice.says("a", id: "1"), alice.says("elsewhere", id: "1", in: "dev")], milliseconds: 9)
      #expect(
        later == [
          .duplicate(key: key, offset: 1, milliseconds: 5),
          .duplicate(key: key, offset: 1, milliseconds: 5),
        ])
      #expect(try await store.read("ops", .after(0)).entries.map(\.text) == ["a", "b"])
      #expect(try await store.head(of: RoomKey(RoomName("dev"), for: alice.nick)) == RoomHead())
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a head tells the last offset and the newest topic`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let key = try alice.says("", id: "x").key
      #expect(try await store.head(of: key) == RoomHead(last: 0, first: 1))
      _ = try await store.append(
        [
          alice.says("one", id: "1", kind: .topic), alice.says("two", id: "2", kind: .topic),
          alice.says("hello", id: "3"),
        ], milliseconds: 1)
      let head = RoomHead(last: 3, first: 1, topic: "two", topicOffset: 2)
      #expect(try await store.head(of: key) == head)
      let kinds = try await store.read("ops", .after(0)).entries.map(\.kind)
      #expect(kinds == [.topic, .topic, .said])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `pages go forwards and backwards and say whether there is more`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        (1...9).map { try alice.says("t\($0)", id: "\($0)") }, milliseconds: 1)
      func offsets(_ position: HistoryPosition, _ count: Int) async throws -> ([UInt64], Bool) {
        let page = try await store.read("ops", position, entries: count)
        return (page.entries.map(\.offset), page.more)
      }
      #expect(try await offsets(.after(0), 3) == ([1, 2, 3], true))
      #expect(try await offsets(.after(6), 3) == ([7, 8, 9], false))
      #expect(try await offsets(.after(9), 3) == ([], false))
      #expect(try await offsets(.after(.max), 3) == ([], false))
      #expect(try await offsets(.before(.max), 3) == ([7, 8, 9], true))
      #expect(try await offsets(.before(4), 3) == ([1, 2, 3], false))
      #expect(try await offsets(.before(4), 2) == ([2, 3], true))
      #expect(try await offsets(.before(1), 3) == ([], false))
      #expect(try await offsets(.before(0), 3) == ([], false))
      #expect(try await store.read("nowhere", .after(0)).entries.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a page ends at its bytes, but holds one entry at least`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        (1...4).map { try alice.says(String(repeating: "é", count: 50), id: "\($0)") },
        milliseconds: 1)
      let forwards = try await store.read("ops", .after(0), bytes: 250)
      #expect(forwards.entries.map(\.offset) == [1, 2] && forwards.more)
      let backwards = try await store.read("ops", .before(5), bytes: 250)
      #expect(backwards.entries.map(\.offset) == [3, 4] && backwards.more)
      let one = try await store.read("ops", .after(3), bytes: 1)
      #expect(one.entries.map(\.offset) == [4] && !one.more)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `public rooms are listed by name, in pages`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [
          alice.says("1", id: "1", in: "dev"), alice.says("2", id: "2", in: "ops"),
          alice.says("3", id: "3", in: "änder"), alice.says("4", id: "4", in: "@bob"),
          alice.says("the topic", id: "5", in: "dev", kind: .topic),
        ], milliseconds: 1)
      let first = try await store.rooms(after: nil, limit: 2, for: alice.reader)
      #expect(
        try first
          == RoomListPage(
            rooms: [
              RoomSummary(room: RoomName("dev"), last: 2, topic: "the topic"),
              RoomSummary(room: RoomName("ops"), last: 1),
            ], more: true))
      let rest = try await store.rooms(after: try RoomName("ops"), limit: 2, for: alice.reader)
      #expect(
        try rest
          == RoomListPage(rooms: [RoomSummary(room: RoomName("änder"), last: 1)], more: false))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a direct conversation is one log, named by each side after the other`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      let outcomes = try await store.append(
        [
          alice.says("hi", id: "1", in: "@Bob"), bob.says("hello", id: "1", in: "@alice"),
          alice.says("to carol", id: "2", in: "@carol"), alice.says("note", id: "3", in: "@alice"),
        ], milliseconds: 1)
      #expect(outcomes == [1, 2, 1, 1].map { .stored(offset: $0) })
      let seen = try await store.read("@alice", .after(0), for: bob)
      #expect(seen.entries.map(\.text) == ["hi", "hello"])
      #expect(seen.entries.allSatisfy { $0.room.text == "@alice" })
      let rooms = try await store.person(Nick("ALICE"), limit: 9, marks: 0).direct
      #expect(rooms.map(\.room.text) == ["@alice", "@carol", "@bob"])
      #expect(rooms.map(\.last) == [1, 1, 2])
      _ = try await store.append([bob.says("again", id: "2", in: "@alice")], milliseconds: 1)
      let newest = try await store.person(alice.nick, limit: 1, marks: 0).direct
      #expect(newest.map(\.room.text) == ["@bob"])
      #expect(try await store.person(Nick("mallory"), limit: 9, marks: 0).direct.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `rooms beyond the limit are refused and the rest of the batch is stored`(
    _ backEnd: BackEnd
  ) async throws {
    var limits = ChatStoreLimits()
    limits.maximumRooms = 2
    limits.maximumDirectRooms = 1
    try await backEnd.withStore(limits: limits) { store in
      let outcomes = try await store.append(
        [
          alice.says("", id: "1", in: "a"), alice.says("", id: "2", in: "b"),
          alice.says("", id: "3", in: "c"), alice.says("", id: "4", in: "a"),
          alice.says("", id: "5", in: "@bob"), alice.says("", id: "6", in: "@carol"),
        ], milliseconds: 1)
      #expect(
        outcomes == [
          .stored(offset: 1), .stored(offset: 1), .tooManyRooms(limit: 2), .stored(offset: 2),
          .stored(offset: 1), .tooManyRooms(limit: 1),
        ])
      let refusal = try outcomes[2].refusal(of: alice.says("", id: "3", in: "c"))
      #expect(refusal == "the server holds 2 rooms, as many as it may: use one of them")
      let again = try await store.append([alice.says("", id: "3", in: "b")], milliseconds: 1)
      #expect(again == [.stored(offset: 2)])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `both spellings of an accented name are one room`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let outcomes = try await store.append(
        [alice.says("1", id: "1", in: "caf\u{E9}"), alice.says("2", id: "2", in: "cafe\u{301}")],
        milliseconds: 1)
      #expect(outcomes == [.stored(offset: 1), .stored(offset: 2)])
      let later = try await store.append(
        [alice.says("3", id: "3", in: "cafe\u{301}")], milliseconds: 1)
      #expect(later == [.stored(offset: 3)])
      #expect(try await store.read("caf\u{E9}", .after(0)).entries.map(\.text) == ["1", "2", "3"])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `text of any kind comes back as it was`(_ backEnd: BackEnd) async throws {
    let texts = ["a\u{0}b", "\u{1B}[31m", "'; DROP TABLE room; --", "👩‍👩‍👧 é", "\r\n\u{2028}"]
    try await backEnd.withStore { store in
      _ = try await store.append(
        texts.enumerated().map { try alice.says($1, id: "\($0)") }, milliseconds: 1)
      let read = try await store.read("ops", .after(0)).entries.map(\.text)
      #expect(read.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
      _ = try await store.append([alice.says("t\u{0}t", id: "t", kind: .topic)], milliseconds: 1)
      #expect(try await store.head(of: alice.says("", id: "x").key).topic == "t\u{0}t")
      #expect(
        try await store.rooms(after: nil, limit: 1, for: alice.reader).rooms.map(\.topic) == [
          "t\u{0}t"
        ])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a closed store says so`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.close()
      try await store.close()
      await #expect(throws: HookupError(.closed, "the chat store is closed")) {
        try await store.append([alice.says("a", id: "1")], milliseconds: 1)
      }
      await #expect(throws: HookupError(.closed, "the chat store is closed")) {
        try await store.head(of: alice.says("a", id: "1").key)
      }
    }
  }
}
