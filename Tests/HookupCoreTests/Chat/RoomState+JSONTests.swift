import HookupCore
import Testing

@Suite struct RoomStateJSONTests {
  @Test func `a state is read as it was written`() throws {
    var state = try RoomState(after: [
      (
        "alice",
        RoomAct(.created, settings: .init(access: .hidden, slowSeconds: 3, about: "\"x\"\n"))
      ),
      ("alice", RoomAct(.invited, nick: try Nick("Élan"))),
      ("alice", RoomAct(.rank, nick: try Nick("bob"), rank: .moderator)),
      ("alice", RoomAct(.muted, nick: try Nick("dave"), seconds: 60)),
    ])
    state.bans = [.init(nick: try Nick("mallory"), address: "192.0.2.7")]
    #expect(RoomState(json: state.json) == state)
    #expect(RoomState(json: RoomState().json) == RoomState())
  }

  @Test(arguments: [
    "7", "{}", #"{"settings":{},"ranks":{"a":"king"},"members":[],"bans":[],"mutes":[]}"#,
    #"{"settings":{},"ranks":{},"members":["a b"],"bans":[],"mutes":[]}"#,
    #"{"settings":{},"ranks":{},"members":[],"bans":[{}],"mutes":[]}"#,
    #"{"settings":{"slow":-1},"ranks":{},"members":[],"bans":[],"mutes":[]}"#,
  ])
  func `what is no state is none`(text: String) throws {
    #expect(RoomState(json: try JSONText(text)) == nil)
  }
}
