import HookupEngine
import Testing

/// What every store makes of acts that change a room, or what was said in it.
@Suite struct RoomRightsContractTests {
  @Test(arguments: BackEnd.allCases)
  func `a room's rules hold within one batch, and its state is kept`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      try await store.register(alice, bob)
      let outcomes = try await store.append(
        [
          alice.does(RoomAct(.created, settings: .init(access: .hidden)), id: "1"),
          bob.does(.say("let me in"), id: "1"),
          alice.does(RoomAct(.invited, nick: bob.nick), id: "2"),
          bob.does(.say("thanks"), id: "2"),
          alice.does(RoomAct(.kicked, nick: bob.nick), id: "3"),
          bob.does(.say("hello?"), id: "3"),
        ], milliseconds: 5)
      #expect(outcomes.map(\.code) == [nil, "not_member", nil, nil, nil, "not_member"])
      #expect(outcomes.compactMap(\.offset) == [1, 2, 3, 4])
      let head = try await store.head(of: alice.does(.say(""), id: "x").key)
      #expect(head.last == 4 && head.state.access == .hidden)
      #expect(head.state.rank(of: "alice") == .owner)
      #expect(head.state.members.keys.sorted() == ["alice"])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `what is refused makes no room, and a room is made once`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.register(alice)
      let refused = try await store.append(
        [bob.does(RoomAct(.created), id: "1", isAccount: false)], milliseconds: 1)
      #expect(refused.map(\.code) == ["needs_account"])
      #expect(try await store.rooms(after: nil, limit: 9, for: alice.reader).rooms.isEmpty)
      let made = try await store.append(
        [alice.does(RoomAct(.created), id: "1"), alice.does(RoomAct(.created), id: "2")],
        milliseconds: 1)
      #expect(made.map(\.code) == [nil, "room_exists"])
      // The same command again is the same entry, whatever the room is like now.
      let again = try await store.append([alice.does(RoomAct(.created), id: "1")], milliseconds: 2)
      #expect(
        try again
          == [.duplicate(key: alice.does(.say(""), id: "x").key, offset: 1, milliseconds: 1)])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `only accounts are invited, and one is a member of so many rooms`(_ backEnd: BackEnd)
    async throws
  {
    var limits = ChatStoreLimits()
    limits.roomsPerPerson = 2
    try await backEnd.withStore(limits: limits) { store in
      try await store.register(alice, bob)
      let hidden = RoomAct(.created, settings: .init(access: .hidden))
      let outcomes = try await store.append(
        [
          alice.does(hidden, id: "1", in: "a"), alice.does(hidden, id: "2", in: "b"),
          alice.does(hidden, id: "3", in: "c"),
          alice.does(RoomAct(.invited, nick: carol.nick), id: "4", in: "a"),
          alice.does(RoomAct(.invited, nick: bob.nick), id: "5", in: "a"),
          alice.does(RoomAct(.settings, settings: .init(access: .open)), id: "6", in: "b"),
          alice.does(hidden, id: "7", in: "c"),
        ], milliseconds: 1)
      #expect(
        outcomes.map(\.code) == [nil, nil, "too_many_rooms", "needs_account", nil, nil, nil])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an edit shows in the entry that it is of, and a deletion takes it all away`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [
          bob.does(.say("frist"), id: "1"),
          bob.does(RoomAct(.edited, text: "first", ref: 1), id: "2"),
          alice.does(RoomAct(.reacted, text: "👍", ref: 1), id: "1"),
          bob.does(RoomAct(.reacted, text: "👍", ref: 1), id: "3"),
          bob.does(RoomAct(.reacted, text: "🎉", ref: 1), id: "4"),
          alice.does(.say("well", replyingTo: 1), id: "2"),
        ], milliseconds: 1)
      let entries = try await store.read("ops", .after(0)).entries
      #expect(entries.map(\.text) == ["first", "first", "👍", "👍", "🎉", "well"])
      #expect(
        entries[0].since
          == RoomEntryChange(
            edited: 2,
            reactions: [
              .init(text: "👍", nicks: [alice.nick, bob.nick], count: 2),
              .init(text: "🎉", nicks: [bob.nick], count: 1),
            ]))
      #expect(entries[1].act.ref == 1 && entries[1].kind == .edited && entries[5].act.ref == 1)
      let outcomes = try await store.append(
        [
          bob.does(RoomAct(.unreacted, text: "👍", ref: 1), id: "5"),
          alice.does(RoomAct(.deleted, ref: 1), id: "3"),
          bob.does(RoomAct(.deleted, text: "oops", ref: 1), id: "6"),
          bob.does(RoomAct(.edited, text: "again", ref: 1), id: "7"),
        ], milliseconds: 2)
      #expect(outcomes.map(\.code) == [nil, "not_allowed", nil, "no_such_entry"])
      let after = try await store.read("ops", .after(0)).entries
      #expect(after.map(\.text) == ["", "", "👍", "👍", "🎉", "well", "👍", "oops"])
      #expect(after[0].since == RoomEntryChange(edited: 2, deleted: 8))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a message may be deleted by its author only, a guest by client id`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [bob.does(.say("x"), id: "1", isAccount: false)], milliseconds: 1)
      var impostor = bob
      impostor.client = carol.client
      let delete = RoomAct(.deleted, ref: 1)
      let outcomes = try await store.append(
        [
          impostor.does(delete, id: "1", isAccount: false), bob.does(delete, id: "2"),
          bob.does(delete, id: "3", isAccount: false),
        ], milliseconds: 1)
      #expect(outcomes.map(\.code) == ["not_allowed", "not_allowed", nil])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `of those who are named, accounts and those who are here are`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      try await store.register(alice)
      var append = try bob.does(.say("@alice @carol @nobody"), id: "1")
      append.mentions = [alice.nick, carol.nick, try Nick("nobody")]
      append.present = ["carol"]
      let outcome = try await store.append([append], milliseconds: 1)
      #expect(outcome == [.stored(offset: 1, mentions: [alice.nick, carol.nick])])
      #expect(
        try await store.read("ops", .after(0)).entries.map(\.mentions) == [
          [alice.nick, carol.nick]
        ])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `what an act holds is read as it was stored`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.register(alice, bob)
      let acts = [
        RoomAct(
          .created,
          settings: .init(access: .invite, isReadOnly: true, slowSeconds: 3, about: "a\"b")),
        RoomAct(.rank, nick: bob.nick, rank: .moderator), RoomAct(.rank, nick: bob.nick),
        RoomAct(.muted, text: "no\u{0}ise", nick: bob.nick, seconds: 60),
        RoomAct(.unmuted, nick: bob.nick),
        RoomAct(.banned, text: "spam", nick: bob.nick, seconds: 60, withAddress: true),
        RoomAct(.unbanned, nick: bob.nick), RoomAct(.me, text: "waves"), .topic("t"),
      ]
      let outcomes = try await store.append(
        acts.enumerated().map { try alice.does($1, id: "\($0)") }, milliseconds: 1)
      #expect(outcomes.compactMap(\.code) == [])
      #expect(try await store.read("ops", .after(0)).entries.map(\.act) == acts)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `in a slow room the last message of a person counts`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.register(alice)
      func say(_ person: Person, _ id: String, at time: Int64) async throws -> String? {
        try await store.append([person.does(.say(id), id: id)], milliseconds: time)[0].code
      }
      _ = try await store.append(
        [alice.does(RoomAct(.created, settings: .init(slowSeconds: 10)), id: "0")], milliseconds: 0)
      #expect(try await say(bob, "1", at: 1_000) == nil)
      #expect(try await say(carol, "1", at: 2_000) == nil)
      #expect(try await say(alice, "1", at: 3_000) == nil)
      #expect(try await say(bob, "2", at: 10_999) == "slow_mode")
      #expect(try await say(bob, "3", at: 11_000) == nil)
      #expect(try await say(alice, "2", at: 11_000) == nil)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `hidden rooms are listed for their members`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      try await store.register(alice, bob)
      _ = try await store.append(
        [
          alice.does(RoomAct(.created, settings: .init(access: .hidden)), id: "1", in: "plans"),
          alice.does(RoomAct(.created, settings: .init(access: .invite)), id: "2", in: "club"),
          alice.does(RoomAct(.invited, nick: bob.nick), id: "3", in: "plans"),
          alice.does(.say("x"), id: "4", in: "town"),
        ], milliseconds: 1)
      func list(_ reader: RoomReader) async throws -> [String] {
        try await store.rooms(after: nil, limit: 9, for: reader).rooms.map(\.room.text)
      }
      #expect(try await list(bob.reader) == ["club", "plans", "town"])
      #expect(try await list(carol.reader) == ["club", "town"])
      // A guest by a member's nick is no member.
      #expect(try await list(RoomReader(nick: bob.nick)) == ["club", "town"])
      let op = RoomReader(nick: carol.nick, isAccount: true, isOperator: true)
      #expect(try await list(op) == ["club", "plans", "town"])
      let record = try await store.person(bob.nick, limit: 9, marks: 9)
      #expect(record.rooms.map(\.room.text) == ["plans"])
      _ = try await store.append(
        [bob.does(RoomAct(.departed), id: "9", in: "plans")], milliseconds: 2)
      #expect(try await store.person(bob.nick, limit: 9, marks: 9).rooms.isEmpty)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a conversation of a few is one log, found by each of them`(_ backEnd: BackEnd) async throws
  {
    try await backEnd.withStore { store in
      _ = try await store.append(
        [
          alice.says("a", id: "1", in: "@carol+bob"), bob.says("b", id: "1", in: "@alice+carol"),
        ], milliseconds: 1)
      for (person, name) in [(alice, "@bob+carol"), (bob, "@alice+carol"), (carol, "@alice+bob")] {
        let direct = try await store.person(person.nick, limit: 9, marks: 9).direct
        #expect(direct.map(\.room.text) == [name])
        #expect(direct.map(\.last) == [2])
      }
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `marks only rise, and the oldest go`(_ backEnd: BackEnd) async throws {
    var limits = ChatStoreLimits()
    limits.marksPerPerson = 2
    try await backEnd.withStore(limits: limits) { store in
      _ = try await store.append(
        ["a", "b", "c"].map { try alice.says("x", id: $0, in: $0) }, milliseconds: 1)
      func mark(_ room: String, _ offset: UInt64) throws -> RoomChange {
        .marker(
          ReadMark(person: "bob", key: RoomKey(try RoomName(room), for: bob.nick), offset: offset))
      }
      let outcomes = try await store.append(
        [mark("a", 5), mark("b", 1), mark("a", 3), mark("b", 4)], milliseconds: 1)
      #expect(outcomes == [.passed, .passed, .passed, .passed])
      func marks() async throws -> [String] {
        try await store.person(bob.nick, limit: 9, marks: 9).marks.map { "\($0.key)=\($0.offset)" }
      }
      #expect(try await marks() == ["b=4", "a=5"])
      _ = try await store.append([mark("c", 1)], milliseconds: 1)
      #expect(try await marks() == ["c=1", "b=4"])
      #expect(try await store.person(alice.nick, limit: 9, marks: 9).marks.isEmpty)
    }
  }
}

extension RoomAppended {
  /// The code of a refusal.
  var code: String? {
    if case .refused(let refusal) = self { refusal.code.rawValue } else { nil }
  }

  var offset: UInt64? {
    if case .stored(let offset, _) = self { offset } else { nil }
  }
}

extension ChatStore {
  func register(_ people: Person...) async throws {
    for person in people {
      let account = Account(
        nick: person.nick, skeleton: person.nick.folded, passwordHash: "h", created: 1)
      #expect(try await create(account) == .created)
    }
  }
}
