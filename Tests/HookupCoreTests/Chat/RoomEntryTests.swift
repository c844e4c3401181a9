import HookupCore
import Testing

@Suite struct RoomEntryTests {
  @Test func `an entry was said unless it says otherwise`() throws {
    let entry = RoomEntry(
      room: try RoomName("ops"), offset: 4, id: try MessageID("m1"), from: try Nick("ann"),
      milliseconds: 1_700_000_000_000, text: "\u{1B}[31mred")
    #expect(entry.kind == .said)
    // What the network brought is kept as it was said.
    #expect(entry.text == "\u{1B}[31mred")
    var topic = entry
    topic.act.kind = .topic
    #expect(topic != entry)
    #expect(ChatUpdate.entry(topic) != .entry(entry))
  }

  @Test func `an entry of which nothing became has no change`() {
    #expect(RoomEntryChange(nonEmpty: nil, deleted: nil, reactions: []) == nil)
    #expect(RoomEntryChange(nonEmpty: 4, deleted: nil, reactions: [])?.edited == 4)
    #expect(RoomEntryChange(nonEmpty: nil, deleted: 5, reactions: [])?.deleted == 5)
    let reaction = RoomEntryChange.Reaction(text: "+", nicks: [], count: 1)
    #expect(
      RoomEntryChange(nonEmpty: nil, deleted: nil, reactions: [reaction])?.reactions == [reaction])
  }
}
