import HookupCore
import Testing

@Suite struct ChatEventParsingTests {
  @Test(arguments: ChatEventVectors.all)
  func `an event is read`(event: ChatEvent, text: String) throws {
    #expect(try ChatEvent.parse(JSONText(text)) == event)
  }

  @Test func `an event of a later version is passed over`() throws {
    #expect(try ChatEvent.parse(JSONText(#"{"is":"dancing","room":"ops"}"#)) == nil)
  }

  @Test func `limits that are not told are the protocol's defaults`() throws {
    let text =
      #"{"is":"welcome","v":1,"nick":"bob","server":"s","direct":[],"limits":{"text":9,"page":"x"}}"#
    var limits = ChatLimits()
    limits.textBytes = 9
    let welcome = ChatWelcome(
      nick: ChatEventVectors.bob, server: "s", direct: [], limits: limits)
    #expect(try ChatEvent.parse(JSONText(text)) == .welcome(welcome))
  }

  @Test func `an error whose room is odd is still an error`() throws {
    let text = #"{"is":"error","code":"x","message":"m","room":"no room","id":7,"re":[]}"#
    let expected = ChatEvent.error(ChatRefusal(.init(rawValue: "x"), "m"))
    #expect(try ChatEvent.parse(JSONText(text)) == expected)
  }

  @Test(arguments: [
    "[]", "{}", #"{"is":1}"#, #"{"is":"said"}"#,
    #"{"is":"said","room":"ops","offset":-1,"id":"m","from":"bob","time":"2026-05-17T08:03:09.042Z","text":""}"#,
    #"{"is":"said","room":"ops","offset":1,"id":"m","from":"b b","time":"2026-05-17T08:03:09.042Z","text":""}"#,
    #"{"is":"said","room":"ops","offset":1,"id":"m","from":"bob","time":"yesterday","text":""}"#,
    #"{"is":"joined","room":"ops","topic":"","members":[1],"last":1,"first":1,"after":0}"#,
    #"{"is":"joined","room":"ops","topic":"","members":{},"last":1,"first":1,"after":0}"#,
    #"{"is":"joined","room":"ops","topic":"","members":[],"last":1,"first":1,"after":0,"reset":1}"#,
    #"{"is":"history","room":"ops","entries":[{"is":"shout"}]}"#,
    #"{"is":"history","room":"ops","entries":[7]}"#,
    #"{"is":"rooms","rooms":[{"room":"ops"}]}"#,
    #"{"is":"error","code":7,"message":"m"}"#,
  ])
  func `a broken event is an error that says so`(text: String) throws {
    let json = try JSONText(text)
    let fault = #expect(throws: HookupError.self) { try ChatEvent.parse(json) }
    #expect(fault?.code == .protocolViolation)
  }
}
