import HookupCore
import Testing

@Suite struct RoomActJSONTests {
  @Test(arguments: [
    "say", "me", "topic", "edit", "delete", "react", "unreact", "create", "set", "invite", "leave",
    "kick", "ban", "unban", "mute", "unmute", "rank",
  ])
  func `each command makes one kind, and each kind has one command`(word: String) {
    #expect(RoomAct.Kind(command: word)?.command == word)
  }

  @Test func `what no command makes has none`() {
    #expect(RoomAct.Kind(command: "said") == nil)
    #expect(RoomAct.Kind(rawValue: "from-the-future").command == nil)
  }
}
