import Testing

@testable import HookupCore

@Suite struct OutOfLineTests {
  private struct Holder {
    @OutOfLine var rare: (first: Int, second: String)?
  }

  @Test func `a value is there when it was set, and a copy has its own`() {
    var holder = Holder(rare: nil)
    #expect(holder.rare == nil)
    holder.rare = (1, "one")
    var copy = holder
    copy.rare?.second = "changed"
    #expect(holder.rare?.second == "one")
    #expect(copy.rare?.first == 1)
    #expect(copy.rare?.second == "changed")
    holder.rare = nil
    #expect(holder.rare == nil)
    #expect(copy.rare != nil)
  }

  @Test func `what is not there takes a pointer`() {
    #expect(MemoryLayout<Holder>.size == MemoryLayout<UnsafeRawPointer>.size)
  }
}
