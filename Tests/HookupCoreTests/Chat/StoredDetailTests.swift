import HookupCore
import Testing

@Suite struct StoredDetailTests {
  @Test func `what an entry has beside text and reference is kept, and nothing for the most`()
    throws
  {
    let bob = try Nick("bob")
    #expect(StoredDetail(.say("x", replyingTo: 4), mentions: []).json == nil)
    #expect(StoredDetail(RoomAct(.deleted, text: "oops", ref: 1), mentions: []).json == nil)
    for act in [
      RoomAct(.said), RoomAct(.rank, nick: bob), RoomAct(.rank, nick: bob, rank: .owner),
      RoomAct(.banned, nick: bob, seconds: 9, withAddress: true),
      RoomAct(.created, settings: .init()),
    ] {
      let detail = StoredDetail(act, mentions: [bob])
      let json = try #require(detail.json)
      #expect(try StoredDetail(act.kind, json) == detail)
    }
    #expect(throws: ChatRefusal.self) { try StoredDetail(.kicked, JSONText("[]")) }
    #expect(throws: ChatRefusal.self) { try StoredDetail(.kicked, JSONText(#"{"nick":"a b"}"#)) }
  }
}
