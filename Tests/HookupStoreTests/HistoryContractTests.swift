import HookupEngine
import Testing

/// Pages around a place and a time, search, and what is let go.
@Suite struct HistoryContractTests {
  private func fill(_ store: any ChatStore, _ count: Int) async throws {
    for number in 1...count {
      _ = try await store.append(
        [alice.says("t\(number)", id: "\(number)")], milliseconds: Int64(number) * 1_000)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a page around an offset has both sides of it`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await fill(store, 9)
      func offsets(_ offset: UInt64, _ count: Int) async throws -> ([UInt64], Bool) {
        let page = try await store.read("ops", .around(offset), entries: count)
        return (page.entries.map(\.offset), page.more)
      }
      #expect(try await offsets(5, 4) == ([3, 4, 5, 6], true))
      #expect(try await offsets(5, 5) == ([3, 4, 5, 6, 7], true))
      #expect(try await offsets(5, 1) == ([5], true))
      #expect(try await offsets(1, 4) == ([1, 2], true))
      #expect(try await offsets(9, 4) == ([7, 8, 9], true))
      #expect(try await offsets(5, 40) == ([1, 2, 3, 4, 5, 6, 7, 8, 9], false))
      #expect(try await offsets(900, 4) == ([8, 9], true))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a page since a time begins with the first entry of it`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await fill(store, 5)
      func offsets(_ time: Int64) async throws -> [UInt64] {
        try await store.read("ops", .since(time), entries: 2).entries.map(\.offset)
      }
      #expect(try await offsets(0) == [1, 2])
      #expect(try await offsets(3_000) == [3, 4])
      #expect(try await offsets(3_001) == [4, 5])
      #expect(try await offsets(5_001) == [])
      #expect(try await store.read("nowhere", .since(0)).entries.isEmpty)
    }
  }

  // MARK: Search

  private func search(
    _ store: any ChatStore, _ words: String..., for person: Person = alice, in room: String? = nil,
    skip: Int = 0, limit: Int = 20
  ) async throws -> SearchPage {
    try await store.search(
      SearchRequest(
        reader: person.reader, milliseconds: 9, words: words,
        key: try room.map { RoomKey(try RoomName($0), for: person.nick) }, skip: skip, limit: limit)
    )
  }

  @Test(arguments: BackEnd.allCases)
  func `what is said is found by its words, with the place`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [
          alice.says("The quick brown fox", id: "1"), bob.says("a lazy dog", id: "1", in: "dev"),
          alice.says("quick, said the fox: QUICK!", id: "2", in: "dev"),
          alice.says("quick", id: "3", kind: .topic),
        ], milliseconds: 1)
      let found = try await search(store, "quick", "fox")
      #expect(
        Set(found.hits.map { "\($0.entry.room)/\($0.entry.offset)" }) == ["#ops/1", "#dev/2"])
      #expect(!found.more)
      #expect(try await search(store, "lazy").hits.map(\.snippet) == ["a \u{2068}lazy\u{2069} dog"])
      #expect(try await search(store, "qui*").hits.count == 2)
      #expect(try await search(store, "qui").hits.isEmpty)
      #expect(try await search(store, "quick", in: "dev").hits.map(\.entry.offset) == [2])
      #expect(try await search(store, "quick", in: "nowhere").hits.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an edit is found by what it says now, a deleted message not at all`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [
          alice.says("frist", id: "1"), alice.says("gone", id: "2"),
          alice.does(RoomAct(.edited, text: "first", ref: 1), id: "3", isAccount: false),
          alice.does(RoomAct(.deleted, ref: 2), id: "4", isAccount: false),
        ], milliseconds: 1)
      #expect(try await search(store, "frist").hits.isEmpty)
      let found = try await search(store, "first").hits
      #expect(found.map(\.entry.offset) == [1] && found.map(\.entry.text) == ["first"])
      #expect(try await search(store, "gone").hits.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `one finds only what one may read`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.register(alice, bob)
      _ = try await store.append(
        [
          alice.does(RoomAct(.created, settings: .init(access: .hidden)), id: "1", in: "plans"),
          alice.does(.say("secret"), id: "2", in: "plans"),
          alice.says("secret", id: "3", in: "@bob"), alice.says("secret", id: "4", in: "town"),
          alice.does(RoomAct(.created), id: "5", in: "club"),
          alice.does(.say("secret"), id: "6", in: "club"),
          alice.does(RoomAct(.banned, nick: carol.nick), id: "7", in: "club"),
        ], milliseconds: 1)
      func rooms(_ person: Person) async throws -> Set<String> {
        Set(try await search(store, "secret", for: person).hits.map(\.entry.room.text))
      }
      #expect(try await rooms(alice) == ["plans", "@bob", "town", "club"])
      #expect(try await rooms(bob) == ["@alice", "town", "club"])
      #expect(try await rooms(carol) == ["town"])
      #expect(try await search(store, "secret", for: carol, in: "plans").hits.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `hits come in pages`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        (1...7).map { try alice.says("word", id: "\($0)") }, milliseconds: 1)
      let first = try await search(store, "word", limit: 3)
      let second = try await search(store, "word", skip: 3, limit: 3)
      let third = try await search(store, "word", skip: 6, limit: 3)
      #expect([first.more, second.more, third.more] == [true, true, false])
      let all = (first.hits + second.hits + third.hits).map(\.entry.offset)
      #expect(all.sorted() == [1, 2, 3, 4, 5, 6, 7])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `no word is more than a word`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [alice.says("a OR b; drop table \"entry\" -- \u{2068}x\u{2069} NEAR(y)", id: "1")],
        milliseconds: 1)
      for words in [#"" OR "1"#, "NEAR(", "text:", "a\" OR \"b", "-- drop", "(", "*", "^a"] {
        // Whatever it finds, it is no fault of the store.
        do throws(HookupError) {
          _ = try await store.search(
            SearchRequest(reader: alice.reader, milliseconds: 1, words: [words]))
        } catch {
          #expect(error.code == .invalidArgument)
        }
      }
      let hit = try await search(store, "drop").hits.first
      #expect(hit?.snippet == "a OR b; \u{2068}drop\u{2069} table \"entry\" -- x NEAR(y)")
    }
  }

  // MARK: Letting go

  @Test(
    arguments: BackEnd.allCases,
    [
      (RoomRetention(entries: 3), 8), (RoomRetention(seconds: 4), 6), (RoomRetention(bytes: 5), 9),
      (RoomRetention(entries: 3, bytes: 5), 9), (RoomRetention(seconds: 0), 10),
      (RoomRetention(seconds: 900), 1), (RoomRetention(), 1),
    ] as [(RoomRetention, UInt64)])
  func `old entries go by count, age and bytes`(
    _ backEnd: BackEnd, _ rule: (retention: RoomRetention, first: UInt64)
  ) async throws {
    try await backEnd.withStore { store in
      try await fill(store, 10)
      let trims = try await store.trim(
        rule.retention, milliseconds: 10_000, maximumEntries: 100)
      let key = try alice.says("", id: "x").key
      #expect(trims == (rule.first == 1 ? [] : [RoomTrim(key: key, first: rule.first)]))
      let head = try await store.head(of: key)
      #expect(head.first == rule.first && head.last == 10)
      let entries = try await store.read("ops", .after(0)).entries
      #expect(entries.map(\.offset) == Array(rule.first...10))
      // Nothing more to do.
      #expect(
        try await store.trim(rule.retention, milliseconds: 10_000, maximumEntries: 100) == [])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `entries go in small steps, with what is about them, and new ones go on`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      try await fill(store, 6)
      _ = try await store.append(
        [
          alice.does(RoomAct(.reacted, text: "+", ref: 1), id: "r", isAccount: false),
          alice.does(RoomAct(.edited, text: "one", ref: 1), id: "e", isAccount: false),
          alice.says("topic", id: "t", kind: .topic),
        ], milliseconds: 7_000)
      let two = RoomRetention(entries: 2)
      let key = try alice.says("", id: "x").key
      var firsts: [UInt64] = []
      while let trim = try await store.trim(two, milliseconds: 0, maximumEntries: 3).first {
        firsts.append(trim.first)
      }
      #expect(firsts == [4, 7, 8])
      #expect(try await search(store, "one").hits.isEmpty)
      #expect(try await search(store, "t5").hits.isEmpty)
      let head = try await store.head(of: key)
      #expect(head.topic == "topic" && head.first == 8 && head.last == 9)
      let outcomes = try await store.append(
        [
          alice.does(RoomAct(.edited, text: "x", ref: 1), id: "e2", isAccount: false),
          alice.says("next", id: "n"),
        ], milliseconds: 8_000)
      #expect(outcomes.map(\.code) == ["no_such_entry", nil])
      #expect(outcomes.last?.offset == 10)
      #expect(try await store.read("ops", .before(9), entries: 5).entries.map(\.offset) == [8])
    }
  }
}
