import HookupCore
import Testing

@Suite struct ChatEventRenderingTests {
  @Test(arguments: ChatEventVectors.all)
  func `an event is written`(event: ChatEvent, text: String) throws {
    #expect(event.json.text == text)
    #expect(text.hasPrefix(#"{"is":"\#(event.name)""#))
    _ = try JSONText(event.json.text)
  }
}
