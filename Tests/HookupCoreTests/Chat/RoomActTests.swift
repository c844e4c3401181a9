import HookupCore
import Testing

@Suite struct RoomActTests {
  @Test func `ranks rise from voice over moderator to owner`() {
    #expect(RoomRank.voice < .moderator && RoomRank.moderator < .owner)
    #expect(!(RoomRank.owner < .owner))
  }

  @Test func `only what is said is speech`() {
    #expect(RoomAct.Kind.said.isSpeech && RoomAct.Kind.me.isSpeech)
    #expect(!RoomAct.Kind.topic.isSpeech && !RoomAct.Kind.edited.isSpeech)
  }
}
