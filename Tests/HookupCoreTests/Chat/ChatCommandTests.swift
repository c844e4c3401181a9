import HookupCore
import Testing

@Suite struct ChatCommandTests {
  @Test(arguments: ChatCommandCodecTests.vectors)
  func `a command's name is its word on the wire`(command: ChatCommand, text: String) {
    #expect(text.hasPrefix(#"{"do":"\#(command.name)""#))
  }
}
