import Testing

@testable import HookupCore

/// Adding, changing and dropping lines: see also ``ChatTimelineTests``.
extension ChatTimelineTests {
  @Test mutating func `the highest offset there is is dropped for age without a trap`() throws {
    timeline = ChatTimeline(nick: alice, maximumLines: 1)
    timeline.apply(try entry(.max, "last"))
    timeline.applyNotice("n", at: 1)
    #expect(shown(timeline) == ["notice n"])
    #expect(timeline.oldestOffset == .max)
    #expect(timeline.prepend([try entry(.max, "last")]) == 0)
  }

  @Test mutating func `bytes are counted when a line changes`() throws {
    timeline = ChatTimeline(nick: alice, maximumBytes: 100)
    timeline.apply(try entry(1, "short"))
    timeline.apply(try entry(2, "two"))
    var edit = try entry(3, String(repeating: "x", count: 98), kind: .edited)
    edit.act.ref = 2
    timeline.apply(edit)
    timeline.apply(try entry(4, "three"))
    #expect(shown(timeline) == ["bob: three"])
  }

  @Test mutating func `a message that is stored before the outbox has numbered it is shown`() throws
  {
    timeline.apply(try own(0, .stored(offset: 2)))
    #expect(shown(timeline).count == 1)
    timeline.apply(try entry(1, "one"))
    timeline.apply(try entry(2, "own 0", from: alice, id: "m0"))
    #expect(shown(timeline).count == 2)
  }
}
