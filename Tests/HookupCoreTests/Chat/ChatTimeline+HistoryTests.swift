import Testing

@testable import HookupCore

/// Older lines that come in front, and how far a room is read.
extension ChatTimelineTests {
  func page(_ offsets: ClosedRange<UInt64>) throws -> [RoomEntry] {
    try offsets.map { try entry($0, "\($0)") }
  }

  func texts(_ timeline: ChatTimeline) -> [String] {
    shown(timeline).map { $0.replacing("bob: ", with: "") }
  }

  @Test mutating func `an older page comes in front, and no line moves`() throws {
    for entry in try page(50...52) { timeline.apply(entry) }
    let line = timeline[number: ChatTimeline.origin]
    #expect(timeline.oldestOffset == 50)
    #expect(timeline.prepend(try page(47...49)) == 3)
    #expect(texts(timeline) == ["47", "48", "49", "50", "51", "52"])
    #expect(timeline[number: ChatTimeline.origin] == line)
    #expect(timeline.oldestOffset == 47)
    #expect(timeline.lastOffset == 52)
    #expect(timeline.line(at: 48) == ChatTimeline.origin - 2)
    // Once more, and a page that overlaps.
    #expect(timeline.prepend(try page(47...49)) == 0)
    #expect(timeline.prepend(try page(45...50), isComplete: true) == 2)
    #expect(texts(timeline) == ["45", "46", "47", "48", "49", "50", "51", "52"])
    #expect(!timeline.takesOlder)
  }

  @Test mutating func `a page that does not reach what is in view leaves a gap to be seen`() throws
  {
    timeline.apply(try entry(50, "50"))
    timeline.prepend(try page(40...42))
    #expect(texts(timeline) == ["40", "41", "42", "gap 43-49", "50"])
  }

  @Test mutating func `a timeline without entries begins with the page`() throws {
    timeline.applyNotice("hello", at: 1)
    timeline.prepend(try page(8...9))
    #expect(texts(timeline) == ["8", "9", "notice hello"])
    timeline.apply(try entry(9, "again"))
    timeline.apply(try entry(10, "10"))
    #expect(texts(timeline) == ["8", "9", "notice hello", "10"])
  }

  @Test mutating func `edits, deletions and reactions of a page are worked in`() throws {
    timeline.apply(try entry(50, "50"))
    var edit = try entry(42, "better", kind: .edited)
    edit.act.ref = 41
    var stranger = try entry(43, "of something older", kind: .edited)
    stranger.act.ref = 7
    timeline.prepend([try entry(41, "good"), edit, stranger])
    #expect(texts(timeline).first == "better")
    #expect(timeline.numbers.count == 4)
    // What comes later changes it, too.
    var deletion = try entry(51, "", kind: .deleted)
    deletion.act.ref = 41
    timeline.apply(deletion)
    #expect(timeline[number: timeline.numbers.lowerBound]?.speech?.since?.deleted == 51)
  }

  @Test mutating func `an own message that stands where it was said does not come once more`()
    throws
  {
    timeline.apply(try entry(50, "50"))
    timeline.apply(try own(1, .stored(offset: 48)))
    timeline.prepend([
      try entry(47, "47"), try entry(48, "own 1", from: alice, id: "m1"),
      try entry(49, "older own", from: alice, id: "m0"),
    ])
    #expect(shown(timeline).filter { $0.contains("own 1") }.count == 1)
    #expect(shown(timeline).contains("alice: older own"))
    // Its state, told late, changes its line and makes no other.
    timeline.apply(
      OwnMessage(
        id: try MessageID("m0"), sequence: 9, room: ops, text: "older own", milliseconds: 1,
        state: .stored(offset: nil)))
    #expect(shown(timeline).filter { $0.contains("older own") }.count == 1)
  }

  @Test mutating func `reading back keeps more lines, until it is over`() throws {
    timeline = ChatTimeline(nick: alice, maximumLines: 10)
    for entry in try page(101...110) { timeline.apply(entry) }
    timeline.readBack(true)
    for start in stride(from: 91 as UInt64, through: 61, by: -10) where timeline.takesOlder {
      timeline.prepend(try page(start...(start + 9)))
    }
    #expect(timeline.numbers.count == 40)
    #expect(!timeline.takesOlder)
    timeline.apply(try entry(111, "111"))
    #expect(timeline.numbers.count == 41)
    timeline.readBack(false)
    #expect(texts(timeline) == (102...111).map { "\($0)" })
    #expect(timeline.oldestOffset == 102)
    #expect(timeline.takesOlder)
    timeline.readBack(true)
    timeline.prepend(try page(99...101))
    #expect(texts(timeline).prefix(4) == ["99", "100", "101", "102"])
  }

  @Test mutating func `what was read in an earlier run is not unread`() throws {
    timeline.applyRead(8)
    timeline.prepend(try page(5...10))
    #expect((timeline.unread, timeline.marker?.count) == (2, 2))
    #expect(timeline.marker?.before == timeline.line(at: 9))
    timeline.watch(true)
    #expect(timeline.unread == 0)
    #expect(timeline.readOffset == 10)
    #expect(timeline.marker?.count == 2)
  }

  @Test mutating func `another device that reads takes the count down`() throws {
    for entry in try page(1...6) { timeline.apply(entry) }
    #expect(timeline.unread == 6)
    timeline.applyRead(4)
    #expect((timeline.unread, timeline.marker?.count) == (2, 2))
    timeline.applyRead(2)
    #expect(timeline.unread == 2)
    timeline.applyRead(6)
    #expect((timeline.unread, timeline.marker) == (0, nil))
  }

  @Test mutating func `what was missed gets the marker before the eyes of somebody`() throws {
    timeline.watch(true)
    timeline.apply(try entry(1, "seen"))
    timeline.catchUp(to: 3)
    for entry in try page(2...4) { timeline.apply(entry) }
    #expect((timeline.unread, timeline.marker?.count) == (0, 2))
    #expect(timeline.marker?.before == timeline.line(at: 2))
    #expect(timeline.readOffset == 4)
  }

  @Test mutating func `links keep their numbers, whichever side they come from`() throws {
    timeline.apply(try entry(50, "http://a http://b"))
    timeline.apply(try entry(51, "https://c"))
    timeline.prepend([try entry(49, "http://old")])
    #expect(
      [1, 2, 3, 4, 5, 0, -1].map { timeline.link($0) } == [
        "http://a", "http://b", "https://c", "http://old", nil, nil, nil,
      ])
  }

  @Test mutating func `what a server has lost stays in view, and its offsets come again`() throws {
    for entry in try page(1...5) { timeline.apply(entry) }
    timeline.rewind(after: 3)
    timeline.apply(try entry(4, "another four"))
    #expect(texts(timeline) == ["1", "2", "3", "4", "5", "another four"])
    #expect(timeline.line(at: 4) == ChatTimeline.origin + 5)
    timeline.rewind(after: 9)
    #expect(timeline.lastOffset == 4)
    timeline.rewind(after: 0)
    timeline.apply(try entry(1, "another store"))
    #expect(texts(timeline) == ["another store"])
    #expect(timeline.oldestOffset == 1)
  }
}
