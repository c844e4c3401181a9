import HookupCore
import Testing

@Suite struct ChatUpdateTests {
  @Test func `an entry was said unless it says otherwise`() throws {
    let entry = RoomEntry(
      room: try RoomName("ops"), offset: 4, id: try MessageID("m1"), from: try Nick("ann"),
      milliseconds: 1_700_000_000_000, text: "\u{1B}[31mred")
    #expect(entry.kind == .said)
    // What the network brought is kept as it was said.
    #expect(entry.text == "\u{1B}[31mred")
    var topic = entry
    topic.kind = .topic
    #expect(topic != entry)
    #expect(ChatUpdate.entry(topic) != .entry(entry))
  }

  @Test func `an empty room ends at offset 0`() throws {
    let room = RoomSnapshot(room: try RoomName("ops"), topic: "", members: [], last: 0)
    #expect(ChatUpdate.joined(room) == .joined(room))
    #expect(room.last == 0)
  }

  @Test func `a message of one's own goes from buffered through sent to stored under its offset`()
    throws
  {
    var own = OwnMessage(
      id: try MessageID("m1"), sequence: 1, room: try RoomName("@bob"), text: "hi", milliseconds: 0,
      state: .buffered)
    let states: [DeliveryState] = [
      .buffered, .sent, .stored(offset: 7), .failed(reason: "too long"),
    ]
    var seen: Set<ChatUpdate> = []
    for state in states {
      own.state = state
      seen.insert(.own(own))
    }
    #expect(seen.count == states.count)
    #expect(DeliveryState.stored(offset: 7) != .stored(offset: 8))
  }
}
