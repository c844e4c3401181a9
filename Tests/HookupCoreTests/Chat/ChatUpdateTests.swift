import HookupCore
import Testing

@Suite struct ChatUpdateTests {
  @Test func `an empty room ends at offset 0`() throws {
    let room = RoomSnapshot(room: try RoomName("ops"), topic: "", members: [], last: 0)
    #expect(ChatUpdate.joined(room) == .joined(room))
    #expect(room.last == 0)
  }

  @Test func `a page without entries is neither all there is nor a problem`() throws {
    let page = ChatPage(room: try RoomName("ops"), entries: [])
    #expect(!page.isComplete && page.problem == nil)
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
