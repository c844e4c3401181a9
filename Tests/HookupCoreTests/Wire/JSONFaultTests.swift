import HookupCore
import Testing

@Suite struct JSONFaultTests {
  @Test func `a fault's error names the place and the rule`() {
    let error = JSONFault(.expectedColon, at: 17).error
    #expect(error.code == .invalidArgument)
    #expect(error.message == "not JSON: at byte 17, ':' was expected")
  }

  @Test func `too deep names the limit`() {
    #expect(JSONFault(.tooDeep, at: 128).error.message.hasSuffix("; the limit is 128 levels"))
  }
}
