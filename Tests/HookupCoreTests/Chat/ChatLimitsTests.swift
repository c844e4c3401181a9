import HookupCore
import Testing

@Suite struct ChatLimitsTests {
  @Test func `a full page of history fits into one message`() {
    // 128 KiB of text, each byte an escape of six characters, and 200 entries of fields.
    let escaped = (128 << 10) * 6
    let fields = ChatLimits().page * 512
    #expect(escaped + fields < Limits.maximumMessageBytes)
  }

  @Test func `offsets stay exact as JSON numbers`() {
    #expect(UInt64(Double(ChatProtocol.maximumOffset)) == ChatProtocol.maximumOffset)
    #expect(ChatProtocol.maximumOffset == 9_007_199_254_740_991)
  }
}
