import Testing

@testable import HookupCore

struct SessionBreakTests {
  @Test func `every break names its range`() {
    #expect(SessionBreak.forgotten(3...9).message.contains("3 to 9"))
    #expect(SessionBreak.lost(3...9).message.contains("3 to 9"))
    #expect(SessionBreak.renumbered(3..<10).message.contains("3 to 9"))
    #expect(!SessionBreak.renumbered(3..<3).message.contains("3"))
    #expect(SessionBreak.restarted(last: 12).message.contains("12"))
  }
}
