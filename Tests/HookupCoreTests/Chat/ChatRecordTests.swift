import HookupCore
import Testing

@Suite struct ChatRecordTests {
  private let ops = ChatEventVectors.ops

  @Test func `a page weighs its entries, everything else 1`() throws {
    #expect(
      ChatRecord.older(ops, [entry(1, "a", from: "bob"), entry(2, "b", from: "bob")]).weight == 3)
    #expect(ChatRecord.entry(entry(1, "a", from: "bob")).weight == 1)
    #expect(ChatRecord.skipped(ops, to: 9).weight == 1)
  }

  @Test func `rooms are held up to their last entry, or what was skipped or lost`() {
    var held = ChatHeld()
    held.apply(.server("s1"))
    held.apply(.skipped(ops, to: 50))
    #expect(held == ChatHeld(server: "s1", rooms: [ops: 50]))
    held.apply(.entry(entry(51, "a", from: "bob")))
    held.apply(.older(ops, [entry(50, "b", from: "bob")]))
    #expect(held.rooms == [ops: 51])
    held.apply(.rewound(ops, after: 20))
    #expect(held.rooms == [ops: 20])
    held.apply(.server("s1"))
    #expect(held.rooms == [ops: 20])
    held.apply(.server("s2"))
    #expect(held == ChatHeld(server: "s2"))
  }
}
