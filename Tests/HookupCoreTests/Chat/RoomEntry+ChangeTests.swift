import HookupCore
import Testing

@Suite struct RoomEntryChangeTests {
  private func about(_ kind: RoomAct.Kind, _ text: String, by nick: String, at offset: UInt64)
    throws
    -> RoomEntry
  {
    RoomEntry(
      room: ChatEventVectors.ops, offset: offset, act: RoomAct(kind, text: text, ref: 1),
      id: ChatEventVectors.id, from: try Nick(nick), milliseconds: 0)
  }

  @Test func `an edit, reactions and a deletion come one after the other`() throws {
    var message = entry(1, "frist", from: "alice")
    message.take(try about(.edited, "first", by: "alice", at: 2))
    #expect(message.text == "first" && message.since?.edited == 2)
    message.take(try about(.reacted, "+", by: "bob", at: 3))
    message.take(try about(.reacted, "+", by: "BOB", at: 3))
    message.take(try about(.reacted, "+", by: "carol", at: 4))
    #expect(
      message.since?.reactions
        == [.init(text: "+", nicks: [try Nick("bob"), try Nick("carol")], count: 2)])
    message.take(try about(.unreacted, "+", by: "bob", at: 5))
    #expect(message.since?.reactions.map(\.count) == [1])
    message.take(try about(.unreacted, "+", by: "carol", at: 6))
    #expect(message.since?.reactions == [])
    message.take(try about(.deleted, "oops", by: "alice", at: 7))
    #expect(message.text == "" && message.since?.deleted == 7)
    message.take(try about(.edited, "back", by: "alice", at: 8))
    #expect(message.text == "")
    message.take(try about(.kicked, "", by: "alice", at: 9))
    #expect(message.since == RoomEntryChange(edited: 2, deleted: 7))
  }

  @Test func `what is about another entry is told from what is said`() throws {
    for kind in [RoomAct.Kind.edited, .deleted, .reacted, .unreacted] {
      #expect(try about(kind, "x", by: "bob", at: 2).isAboutAnother)
    }
    #expect(try !about(.said, "an answer", by: "bob", at: 2).isAboutAnother)
    #expect(!entry(1, "x", from: "alice").isAboutAnother)
  }

  @Test func `different reactions are bounded`() throws {
    var change = RoomEntryChange()
    for number in 0..<50 { change.add("\(number)", by: try Nick("bob")) }
    #expect(change.reactions.count == RoomEntryChange.maximumReactions)
    for number in 0..<50 { change.add("0", by: try Nick("n\(number)")) }
    #expect(change.reactions[0].nicks.count == RoomEntryChange.Reaction.maximumNicks)
    #expect(change.reactions[0].count == 51)
  }
}
