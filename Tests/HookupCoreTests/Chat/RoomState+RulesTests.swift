import HookupCore
import Testing

/// Alice owns the room, mo moderates, vi has a voice, bob is a member; carol is an account, gus a guest, op an operator.
@Suite struct RoomStateRulesTests {
  private static func state(_ settings: RoomSettings = .init()) throws -> RoomState {
    try RoomState(after: [
      ("alice", RoomAct(.created, settings: settings)),
      ("alice", RoomAct(.rank, nick: try Nick("mo"), rank: .moderator)),
      ("alice", RoomAct(.rank, nick: try Nick("vi"), rank: .voice)),
      ("alice", RoomAct(.invited, nick: try Nick("bob"))),
    ])
  }

  private static func append(
    _ nick: String, _ act: RoomAct, in room: String = "ops"
  ) throws -> RoomAppend {
    let from = try Nick(nick)
    return RoomAppend(
      key: RoomKey(try RoomName(room), for: from), act: act, id: ChatEventVectors.id,
      client: client(nick == "gus2" ? 2 : 1), from: from, isAccount: !nick.hasPrefix("gus"),
      isOperator: nick == "op")
  }

  private static func verdict(
    _ state: RoomState, _ nick: String, _ act: RoomAct,
    _ facts: RoomFacts = RoomFacts(isNew: false),
    in room: String = "ops", at milliseconds: Int64 = 0
  ) throws -> String? {
    state.refusal(of: try append(nick, act, in: room), knowing: facts, at: milliseconds)?
      .code.rawValue
  }

  private static func about(_ nick: String, isAccount: Bool = true) -> RoomFacts {
    var facts = RoomFacts(isNew: false)
    facts.nickIsAccount = isAccount
    return facts
  }

  private static func target(
    of nick: String, kind: RoomAct.Kind = .said, isDeleted: Bool = false
  ) throws -> RoomFacts {
    RoomFacts(
      isNew: false,
      target: .init(
        kind: kind, from: try Nick(nick), client: client(1), isAccount: !nick.hasPrefix("gus"),
        isDeleted: isDeleted))
  }

  // MARK: Reading and speaking

  @Test(
    arguments: [
      (.open, "gus", nil), (.open, "carol", nil), (.invite, "gus", "not_member"),
      (.invite, "carol", "not_member"), (.invite, "bob", nil), (.hidden, "carol", "not_member"),
      (.hidden, "bob", nil), (.hidden, "vi", nil), (.hidden, "op", nil),
    ] as [(RoomSettings.Access, String, String?)])
  func `a room that is not open is for members and operators`(
    access: RoomSettings.Access, nick: String, code: String?
  ) throws {
    let state = try Self.state(.init(access: access))
    #expect(try Self.verdict(state, nick, .say("x")) == code)
    let append = try Self.append(nick, .say("x"))
    let room = try RoomName("ops")
    #expect(state.refusal(toShow: room, to: append.reader, at: 0)?.code.rawValue == code)
  }

  @Test func `a guest under a member's nick is no member`() throws {
    let state = try Self.state(.init(access: .hidden))
    let guest = RoomReader(nick: try Nick("bob"))
    #expect(state.refusal(toShow: try RoomName("ops"), to: guest, at: 0)?.code == .notMember)
  }

  @Test func `a ban holds for the person and the address until it ends, and for nobody of rank`()
    throws
  {
    var state = try Self.state()
    state.bans = [.init(nick: try Nick("gus"), until: 1_000, address: "192.0.2.7")]
    let room = try RoomName("ops")
    func code(_ nick: String, _ address: String?, at time: Int64) throws -> ChatRefusal.Code? {
      let reader = RoomReader(nick: try Nick(nick), isAccount: true, address: address)
      return state.refusal(toShow: room, to: reader, at: time)?.code
    }
    #expect(try code("GUS", nil, at: 999) == .banned)
    #expect(try code("gus", nil, at: 1_000) == nil)
    #expect(try code("carol", "192.0.2.7", at: 999) == .banned)
    #expect(try code("carol", "192.0.2.8", at: 999) == nil)
    #expect(try code("mo", "192.0.2.7", at: 999) == nil)
    #expect(try Self.verdict(state, "gus", .say("x")) == "banned")
  }

  @Test func `who is muted does not speak, react or edit, but may delete and go`() throws {
    var state = try Self.state()
    state.mutes = [.init(nick: try Nick("bob"), until: 1_000)]
    let own = try Self.target(of: "bob")
    #expect(try Self.verdict(state, "bob", .say("x")) == "muted")
    #expect(try Self.verdict(state, "bob", RoomAct(.edited, text: "y", ref: 1), own) == "muted")
    #expect(try Self.verdict(state, "bob", RoomAct(.reacted, text: "+", ref: 1), own) == "muted")
    #expect(try Self.verdict(state, "bob", RoomAct(.deleted, ref: 1), own) == nil)
    #expect(try Self.verdict(state, "bob", RoomAct(.departed)) == nil)
    #expect(try Self.verdict(state, "bob", .say("x"), at: 1_000) == nil)
    state.mutes = [.init(nick: try Nick("mo"))]
    #expect(try Self.verdict(state, "mo", .say("x")) == nil)
  }

  @Test func `in a read-only room a rank speaks`() throws {
    let state = try Self.state(.init(isReadOnly: true))
    #expect(try Self.verdict(state, "bob", .say("x")) == "read_only")
    #expect(try Self.verdict(state, "gus", RoomAct(.me, text: "x")) == "read_only")
    for nick in ["vi", "mo", "alice", "op"] {
      #expect(try Self.verdict(state, nick, .say("x")) == nil)
    }
  }

  @Test func `in a slow room there is a time between two messages, but not for ranks`() throws {
    let state = try Self.state(.init(slowSeconds: 10))
    var facts = RoomFacts(isNew: false)
    facts.lastSaid = 5_000
    #expect(try Self.verdict(state, "bob", .say("x"), facts, at: 14_999) == "slow_mode")
    #expect(try Self.verdict(state, "bob", .say("x"), facts, at: 15_000) == nil)
    #expect(try Self.verdict(state, "vi", .say("x"), facts, at: 5_000) == nil)
    facts.target = try Self.target(of: "bob").target
    #expect(
      try Self.verdict(state, "bob", RoomAct(.reacted, text: "+", ref: 1), facts, at: 5_001) == nil)
    let refusal = state.refusal(
      of: try Self.append("bob", .say("x")), knowing: facts, at: 12_001)
    #expect(refusal?.message.hasSuffix("say it again in 3 s") == true)
  }

  // MARK: Entries about entries

  @Test(
    arguments: [
      ("bob", .edited, "bob", nil), ("mo", .edited, "bob", "not_allowed"),
      ("op", .edited, "bob", "not_allowed"), ("bob", .deleted, "bob", nil),
      ("mo", .deleted, "bob", nil), ("op", .deleted, "bob", nil),
      ("vi", .deleted, "bob", "not_allowed"), ("gus", .edited, "gus", nil),
      ("gus2", .edited, "gus2", "not_allowed"), ("carol", .edited, "gus", "not_allowed"),
    ] as [(String, RoomAct.Kind, String, String?)])
  func `a message is its author's, and moderators delete`(
    nick: String, kind: RoomAct.Kind, author: String, code: String?
  ) throws {
    let act = RoomAct(kind, text: "new", ref: 1)
    #expect(try Self.verdict(try Self.state(), nick, act, try Self.target(of: author)) == code)
  }

  @Test func `an account that took a guest's nick has not written the guest's messages`() throws {
    var facts = try Self.target(of: "gus")
    facts.target?.from = try Nick("carol")
    #expect(
      try Self.verdict(try Self.state(), "carol", RoomAct(.edited, text: "x", ref: 1), facts)
        == "not_allowed")
  }

  @Test func `only messages that stand are replied to, edited, deleted, reacted to`() throws {
    let state = try Self.state()
    for kind: RoomAct.Kind in [.said, .edited, .deleted, .reacted, .unreacted] {
      let act = RoomAct(kind, text: "x", ref: 1)
      #expect(try Self.verdict(state, "bob", act) == "no_such_entry")
      let gone = try Self.target(of: "bob", isDeleted: true)
      #expect(try Self.verdict(state, "bob", act, gone) == "no_such_entry")
      let topic = try Self.target(of: "bob", kind: .topic)
      #expect(try Self.verdict(state, "bob", act, topic) == "no_such_entry")
    }
    #expect(
      try Self.verdict(state, "bob", .say("x", replyingTo: 1), try Self.target(of: "vi")) == nil)
  }

  @Test func `a reaction is put once by each, and a message has twenty different ones`() throws {
    let state = try Self.state()
    var facts = try Self.target(of: "vi")
    let put = RoomAct(.reacted, text: "+", ref: 1)
    let take = RoomAct(.unreacted, text: "+", ref: 1)
    #expect(try Self.verdict(state, "bob", put, facts) == nil)
    #expect(try Self.verdict(state, "bob", take, facts) == "no_change")
    facts.target?.hasReaction = true
    facts.target?.hasReacted = true
    #expect(try Self.verdict(state, "bob", put, facts) == "no_change")
    #expect(try Self.verdict(state, "bob", take, facts) == nil)
    facts.target?.hasReacted = false
    facts.target?.reactions = RoomEntryChange.maximumReactions
    #expect(try Self.verdict(state, "bob", put, facts) == nil)
    facts.target?.hasReaction = false
    #expect(try Self.verdict(state, "bob", put, facts) == "room_full")
  }

  // MARK: Members, ranks, settings

  @Test func `a room is made once, by an account that is not in too many`() throws {
    let plain = RoomState()
    var facts = RoomFacts(isNew: true)
    #expect(try Self.verdict(plain, "carol", RoomAct(.created), facts) == nil)
    #expect(try Self.verdict(plain, "gus", RoomAct(.created), facts) == "needs_account")
    facts.fullAt = 7
    #expect(try Self.verdict(plain, "carol", RoomAct(.created), facts) == "too_many_rooms")
    #expect(try Self.verdict(plain, "carol", RoomAct(.created)) == "room_exists")
  }

  @Test(
    arguments: [
      ("alice", RoomAct(.settings, settings: .init(access: .hidden)), nil),
      ("mo", RoomAct(.settings, settings: .init(access: .hidden)), "not_allowed"),
      ("mo", RoomAct(.settings, settings: .init(slowSeconds: 5)), nil),
      ("vi", RoomAct(.settings, settings: .init(slowSeconds: 5)), "not_allowed"),
      ("op", RoomAct(.settings, settings: .init(access: .hidden)), nil),
      ("mo", .topic("t"), nil), ("bob", .topic("t"), "not_allowed"),
    ] as [(String, RoomAct, String?)])
  func `an owner sets who may read, a moderator the rest`(
    nick: String, act: RoomAct, code: String?
  ) throws {
    #expect(try Self.verdict(try Self.state(), nick, act) == code)
  }

  @Test func `in a room that nobody owns anybody sets the topic, and only operators the rest`()
    throws
  {
    let plain = RoomState()
    #expect(try Self.verdict(plain, "gus", .topic("t")) == nil)
    #expect(
      try Self.verdict(plain, "carol", RoomAct(.kicked, nick: try Nick("gus"))) == "not_allowed")
    #expect(try Self.verdict(plain, "op", RoomAct(.kicked, nick: try Nick("gus"))) == nil)
  }

  @Test(
    arguments: [
      ("mo", .invited, "carol", true, nil), ("bob", .invited, "carol", true, "not_allowed"),
      ("mo", .invited, "bob", true, "no_change"), ("mo", .invited, "gus", false, "needs_account"),
      ("mo", .kicked, "bob", true, nil), ("mo", .kicked, "alice", true, "not_allowed"),
      ("mo", .kicked, "mo", true, "not_allowed"), ("alice", .kicked, "mo", true, nil),
      ("mo", .banned, "gus", false, nil), ("vi", .banned, "gus", false, "not_allowed"),
      ("mo", .muted, "alice", true, "not_allowed"), ("mo", .unbanned, "bob", true, "no_change"),
      ("mo", .unmuted, "bob", true, "no_change"), ("op", .kicked, "alice", true, nil),
    ] as [(String, RoomAct.Kind, String, Bool, String?)])
  func `moderators invite, kick, ban and mute those below them`(
    nick: String, kind: RoomAct.Kind, whom: String, isAccount: Bool, code: String?
  ) throws {
    let act = RoomAct(kind, nick: try Nick(whom))
    let facts = Self.about(whom, isAccount: isAccount)
    #expect(try Self.verdict(try Self.state(), nick, act, facts) == code)
  }

  @Test func `who is banned is not invited, and a full room takes nobody`() throws {
    var state = try Self.state(.init(maximumMembers: 4))
    let invite = RoomAct(.invited, nick: try Nick("carol"))
    #expect(try Self.verdict(state, "mo", invite, Self.about("carol")) == "room_full")
    state.maximumMembers = 5
    var facts = Self.about("carol")
    facts.fullAt = 7
    #expect(try Self.verdict(state, "mo", invite, facts) == "too_many_rooms")
    #expect(try Self.verdict(state, "mo", invite, Self.about("carol")) == nil)
    state.bans = [.init(nick: try Nick("carol"))]
    #expect(try Self.verdict(state, "mo", invite, Self.about("carol")) == "banned")
  }

  @Test func `an owner gives ranks, and one owner stays`() throws {
    let state = try Self.state()
    let rank = RoomAct(.rank, nick: try Nick("bob"), rank: .moderator)
    #expect(try Self.verdict(state, "alice", rank, Self.about("bob")) == nil)
    #expect(try Self.verdict(state, "mo", rank, Self.about("bob")) == "not_allowed")
    #expect(
      try Self.verdict(state, "alice", rank, Self.about("bob", isAccount: false)) == "needs_account"
    )
    let same = RoomAct(.rank, nick: try Nick("mo"), rank: .moderator)
    #expect(try Self.verdict(state, "alice", same, Self.about("mo")) == "no_change")
    let resign = RoomAct(.rank, nick: try Nick("alice"))
    #expect(try Self.verdict(state, "alice", resign, Self.about("alice")) == "not_allowed")
    #expect(try Self.verdict(state, "alice", RoomAct(.departed)) == "not_allowed")
    #expect(try Self.verdict(state, "carol", RoomAct(.departed)) == "no_change")
    var two = state
    two.ranks["mo"] = .owner
    #expect(try Self.verdict(two, "alice", resign, Self.about("alice")) == nil)
    #expect(try Self.verdict(two, "alice", RoomAct(.departed)) == nil)
  }

  @Test func `lists are bounded`() throws {
    var state = try Self.state()
    state.bans = (0..<RoomState.maximumSanctions).map { .init(nick: try! Nick("b\($0)")) }
    let ban = RoomAct(.banned, nick: try Nick("gus"))
    #expect(try Self.verdict(state, "mo", ban) == "room_full")
    #expect(try Self.verdict(state, "mo", RoomAct(.banned, nick: try Nick("b7"))) == nil)
    #expect(try Self.verdict(state, "mo", RoomAct(.muted, nick: try Nick("gus"))) == nil)
    for number in 0..<RoomState.maximumRanks { state.ranks["r\(number)"] = .voice }
    let rank = RoomAct(.rank, nick: try Nick("bob"), rank: .voice)
    #expect(try Self.verdict(state, "alice", rank, Self.about("bob")) == "room_full")
  }

  @Test func `a direct conversation takes messages and what is about them, and nothing else`()
    throws
  {
    let plain = RoomState()
    #expect(try Self.verdict(plain, "bob", .say("x"), in: "@carol") == nil)
    let edit = RoomAct(.edited, text: "y", ref: 1)
    #expect(try Self.verdict(plain, "bob", edit, try Self.target(of: "bob"), in: "@carol") == nil)
    for kind: RoomAct.Kind in [.created, .settings, .invited, .kicked, .banned, .rank, .departed] {
      let act = RoomAct(kind, nick: try Nick("carol"), settings: .init())
      #expect(try Self.verdict(plain, "bob", act, in: "@carol") == "not_allowed")
    }
  }
}
