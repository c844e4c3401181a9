import Testing

@testable import HookupCore

@Suite struct JournalSegmentNameTests {
  @Test func `a name is read back from its text`() {
    let plain = JournalSegmentName(epoch: 0xAB, first: 12)
    #expect(plain.description == "outbox-00000000000000ab-0000000000000012.log")
    let again = JournalSegmentName(epoch: .max, first: 9_007_199_254_740_991, generation: 3)
    #expect(again.description == "outbox-ffffffffffffffff-9007199254740991-3.log")
    for name in [plain, again] { #expect(JournalSegmentName(name.description) == name) }
  }

  @Test(arguments: [
    "", "lock", "outbox-.log", "outbox-00000000000000ab-0000000000000012",
    "outbox-00000000000000ab-0000000000000012.log.damaged-1",
    "outbox-00000000000000AB-0000000000000012.log", "outbox-ab-12.log",
    "outbox-00000000000000ab-0000000000000000.log",
    "outbox-00000000000000ab-9007199254740992.log",
    "outbox-00000000000000ab-0000000000000012-0.log",
    "outbox-00000000000000ab-0000000000000012-1-1.log",
    "outbox-00000000000000ab-000000000000001x.log",
    "outbox-00000000000000ab-0000000000000012-99999999999.log",
  ])
  func `any other name is not one`(_ text: String) {
    #expect(JournalSegmentName(text) == nil)
  }

  @Test func `names sort by age`() {
    let sorted = [
      JournalSegmentName(epoch: 9, first: 1), JournalSegmentName(epoch: 9, first: 1, generation: 1),
      JournalSegmentName(epoch: 2, first: 5), JournalSegmentName(epoch: 1, first: 10),
    ]
    #expect(sorted.reversed().sorted() == sorted)
  }
}
