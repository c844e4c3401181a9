import Testing

@testable import HookupCore

/// The wall clock is set forward and back while people are here. Rates, waits and deadlines go by another clock; what ends at a time
/// ends when the wall clock says so.
@Suite struct ChatClockTests {
  private static let year: Int64 = 366 * 86_400_000

  @Test(arguments: [year, -year])
  func `rates and deadlines do not notice`(jump: Int64) throws {
    var hub = HubHarness {
      $0.personRate = TokenBucket.Rate(perSecond: 1, burst: 2)
      $0.searchRate = TokenBucket.Rate(perSecond: 1, burst: 1)
      $0.helloTimeout = .seconds(60)
    }
    hub.now = .zero + .seconds(60)
    hub.machine.milliseconds = ChatEventVectors.time
    try hub.welcome(1, "alice")
    _ = hub.feed(.connected(.init(2), fallback: client(9)))
    _ = hub.receive(1, 1, .ping) + hub.receive(1, 2, .ping)
    let wait = hub.machine.nextDeadline
    hub.machine.milliseconds += jump
    // Her third waits for its second, whatever the wall clock says.
    #expect(hub.receive(1, 3, .ping).contains(settle(1, 3)) == false)
    #expect(hub.machine.nextDeadline == hub.now + .seconds(1) && wait != hub.machine.nextDeadline)
    hub.now = hub.now + .seconds(1)
    #expect(hub.feed(.timer).contains(settle(1, 3)))
    // Who says nothing has the rest of the minute.
    hub.now = hub.now + .seconds(58)
    #expect(hub.feed(.timer) == [])
    hub.now = hub.now + .seconds(1)
    #expect(
      hub.feed(.timer) == [
        .close(.init(2), code: 1008, reason: "no hello within 60 s")
      ])
  }

  @Test func `a ban of an address ends and holds again as the clock has it`() throws {
    let until = ChatEventVectors.time + 1_000
    var hub = HubHarness()
    hub.machine.milliseconds = ChatEventVectors.time
    _ = hub.feed(.banned(ServerBans([try ServerBan("192.0.2.1", until: until)])))
    func isLetIn(_ key: UInt64) -> Bool {
      hub.feed(.connected(.init(key), fallback: client(9), address: "192.0.2.1")) == []
    }
    #expect(!isLetIn(1))
    hub.machine.milliseconds = until
    #expect(isLetIn(2))
    hub.machine.milliseconds = ChatEventVectors.time - Self.year
    #expect(!isLetIn(3))
    // Who is here stays: bans are looked at when they are made and when somebody comes.
    hub.machine.milliseconds = until
    #expect(hub.receive(2, 1, .ping).contains { refusals([$0]) == ["hello_first"] })
  }

  @Test func `bans and mutes of a room end and hold again as the clock has it`() throws {
    let alice = try Nick("alice")
    let bob = try Nick("bob")
    let ops = ChatEventVectors.ops
    func act(_ act: RoomAct, _ from: Nick) throws -> RoomAppend {
      RoomAppend(
        key: RoomKey(ops, for: from), act: act, id: ChatEventVectors.id, client: client(1),
        from: from, isAccount: true)
    }
    let time = ChatEventVectors.time
    var state = RoomState()
    state.take(try act(RoomAct(.created), alice), at: time)
    state.take(try act(RoomAct(.muted, nick: bob, seconds: 60), alice), at: time)
    let say = try act(.say("x"), bob)
    func code(_ milliseconds: Int64) -> ChatRefusal.Code? {
      state.refusal(of: say, knowing: RoomFacts(isNew: false), at: milliseconds)?.code
    }
    #expect(code(time + 59_999) == .muted)
    #expect(code(time + 60_000) == nil)
    #expect(code(time - Self.year) == .muted)
    state.take(try act(RoomAct(.banned, nick: bob, seconds: 60), alice), at: time)
    #expect(code(time + 59_999) == .banned)
    #expect(code(time + Self.year) == nil)
    #expect(code(time) == .banned)
  }

  @Test func `slow mode does not hold anybody up for a message of the future`() throws {
    let bob = try Nick("bob")
    let time = ChatEventVectors.time
    var state = RoomState()
    let slow = RoomAct(.settings, settings: RoomSettings(slowSeconds: 30))
    func act(_ act: RoomAct) -> RoomAppend {
      RoomAppend(
        key: RoomKey(ChatEventVectors.ops, for: bob), act: act, id: ChatEventVectors.id,
        client: client(1), from: bob)
    }
    state.take(act(slow), at: time)
    func code(lastSaid: Int64, at milliseconds: Int64) -> ChatRefusal.Code? {
      var facts = RoomFacts(isNew: false)
      facts.lastSaid = lastSaid
      return state.refusal(of: act(.say("x")), knowing: facts, at: milliseconds)?.code
    }
    #expect(code(lastSaid: time, at: time + 29_999) == .slowMode)
    #expect(code(lastSaid: time, at: time) == .slowMode)
    #expect(code(lastSaid: time, at: time + 30_000) == nil)
    #expect(code(lastSaid: time + Self.year, at: time) == nil)
  }
}
