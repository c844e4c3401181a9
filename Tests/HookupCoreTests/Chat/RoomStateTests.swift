import HookupCore
import Testing

@Suite struct RoomStateTests {
  @Test func `who makes a room owns it and is a member`() throws {
    let state = try RoomState(after: [
      ("alice", RoomAct(.created, settings: .init(access: .hidden)))
    ])
    #expect(state.rank(of: "alice") == .owner && state.isOwned)
    #expect(state.members["alice"] == (try Nick("alice")))
    #expect(state.access == .hidden && !state.isPlain)
  }

  @Test func `speech and topics leave the state alone, and a conversation has none`() throws {
    let acts: [(String, RoomAct)] = [
      ("alice", .say("x")), ("alice", .topic("t")), ("alice", RoomAct(.reacted, text: "+", ref: 1)),
    ]
    #expect(try RoomState(after: acts).isPlain)
    #expect(try RoomState(after: [("alice", RoomAct(.created))], in: "@bob").isPlain)
  }

  @Test func `a setting that is not named stays`() throws {
    let state = try RoomState(after: [
      ("alice", RoomAct(.created, settings: .init(access: .invite, slowSeconds: 5, about: "a"))),
      ("alice", RoomAct(.settings, settings: .init(isReadOnly: true, maximumMembers: 9))),
    ])
    #expect(
      state.settings
        == RoomSettings(
          access: .invite, isReadOnly: true, slowSeconds: 5, about: "a", maximumMembers: 9))
  }

  @Test func `members come by invitation or rank, and go by leaving, kick and ban`() throws {
    let made = ("alice", RoomAct(.created))
    func members(_ acts: (String, RoomAct)...) throws -> [String] {
      try RoomState(after: [made] + acts).members.keys.sorted()
    }
    let bob = try Nick("Bob")
    let invite = ("alice", RoomAct(.invited, nick: bob))
    #expect(try members(invite) == ["alice", "bob"])
    #expect(try members(("alice", RoomAct(.rank, nick: bob, rank: .voice))) == ["alice", "bob"])
    #expect(try members(invite, ("bob", RoomAct(.departed))) == ["alice"])
    #expect(try members(invite, ("alice", RoomAct(.kicked, nick: bob))) == ["alice"])
    #expect(try members(invite, ("alice", RoomAct(.banned, nick: bob))) == ["alice"])
    let ranked = try RoomState(after: [
      made, ("alice", RoomAct(.rank, nick: bob, rank: .moderator)),
      ("alice", RoomAct(.kicked, nick: bob)),
    ])
    #expect(ranked.rank(of: "bob") == nil)
    let demoted = try RoomState(after: [
      made, ("alice", RoomAct(.rank, nick: bob, rank: .moderator)),
      ("alice", RoomAct(.rank, nick: bob)),
    ])
    #expect(demoted.rank(of: "bob") == nil && demoted.members["bob"] == bob)
  }

  @Test func `a ban replaces an older one and sweeps those that are over`() throws {
    var state = RoomState()
    let bob = try Nick("bob")
    state.take(try act(RoomAct(.banned, nick: bob, seconds: 10)), at: 1_000)
    #expect(state.bans == [.init(nick: bob, until: 11_000)])
    state.take(try act(RoomAct(.banned, nick: Nick("BOB"))), at: 2_000)
    #expect(state.bans.map(\.until) == [nil])
    state.take(try act(RoomAct(.unbanned, nick: bob)), at: 2_000)
    #expect(state.bans.isEmpty)
    state.take(try act(RoomAct(.muted, nick: bob, seconds: 10)), at: 1_000)
    state.take(try act(RoomAct(.muted, nick: Nick("carol"), seconds: 10)), at: 11_000)
    #expect(state.mutes.map(\.nick.text) == ["carol"])
    state.take(try act(RoomAct(.unmuted, nick: Nick("carol"))), at: 11_000)
    #expect(state.isPlain)
  }

  @Test func `the address of a ban is kept with it`() throws {
    var append = try act(RoomAct(.banned, nick: try Nick("bob"), withAddress: true))
    append.bannedAddress = "192.0.2.7"
    var state = RoomState()
    state.take(append, at: 0)
    #expect(state.bans.first?.address == "192.0.2.7")
  }

  private func act(_ act: RoomAct) throws -> RoomAppend {
    RoomAppend(
      key: RoomKey(try RoomName("ops"), for: try Nick("alice")), act: act,
      id: ChatEventVectors.id, client: client(1), from: try Nick("alice"), isAccount: true)
  }
}

extension RoomState {
  /// What these acts, each stored a second after the one before it, make of a room.
  init(after acts: [(String, RoomAct)], in room: String = "ops") throws {
    self.init()
    for (index, (nick, act)) in acts.enumerated() {
      let from = try Nick(nick)
      let append = RoomAppend(
        key: RoomKey(try RoomName(room), for: from), act: act, id: ChatEventVectors.id,
        client: client(1), from: from, isAccount: true)
      take(append, at: Int64(index) * 1_000)
    }
  }
}
