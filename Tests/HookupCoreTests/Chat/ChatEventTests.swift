import HookupCore
import Testing

@Suite struct ChatEventTests {
  @Test func `a welcome tells this version unless told otherwise`() {
    let welcome = ChatWelcome(
      nick: ChatEventVectors.bob, server: "s", direct: [], limits: ChatLimits())
    #expect(welcome.version == 1)
  }

  @Test func `a refusal's code is its word on the wire, and unknown ones compare`() {
    #expect(ChatRefusal.Code.nickInUse.description == "nick_in_use")
    #expect(ChatRefusal.Code(rawValue: "later") == ChatRefusal.Code(rawValue: "later"))
  }
}
