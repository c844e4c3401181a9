import Testing

@testable import HookupCore

@Suite struct ChatTimelineTests {
  let ops: RoomName
  let alice: Nick
  let bob: Nick
  var timeline: ChatTimeline

  init() throws {
    ops = try RoomName("ops")
    alice = try Nick("alice")
    bob = try Nick("bob")
    timeline = ChatTimeline(nick: alice)
  }

  func entry(
    _ offset: UInt64, _ text: String, from: Nick? = nil, id: String? = nil,
    kind: RoomEntry.Kind = .said
  ) throws -> RoomEntry {
    RoomEntry(
      room: ops, offset: offset, kind: kind, id: try MessageID(id ?? "e\(offset)"),
      from: from ?? bob, milliseconds: Int64(clamping: offset), text: text)
  }

  func own(_ sequence: UInt64, _ state: DeliveryState, text: String? = nil) throws -> OwnMessage {
    OwnMessage(
      id: try MessageID("m\(sequence)"), sequence: sequence, room: ops,
      text: text ?? "own \(sequence)", milliseconds: 5000, state: state)
  }

  /// The lines as words, for comparing.
  func shown(_ timeline: ChatTimeline) -> [String] {
    timeline.numbers.compactMap { timeline[number: $0] }.map { line in
      switch line.content {
      case .entry(let entry):
        "\(entry.from): \(entry.kind == .topic ? "topic " : "")\(entry.text)"
      case .own(let own): "\(own.text) \(own.state)"
      case .gap(let from, let to): "gap \(from)-\(to)"
      case .presence(let presence):
        presence.changes.map { ($0.arrived ? "+" : "-") + $0.nick.text }.joined(separator: " ")
          + (presence.more > 0 ? " and \(presence.more)" : "")
      case .notice(let text): "notice \(text)"
      case .failure(let text): "failure \(text)"
      case .link(let notice): "link \(notice.text) \(notice.losses)"
      }
    }
  }

  @Test mutating func `entries are shown in order and a repeated offset changes nothing`() throws {
    timeline.apply(try entry(1, "one"))
    timeline.apply(try entry(2, "two"))
    timeline.apply(try entry(2, "two again"))
    timeline.apply(try entry(1, "one again"))
    #expect(shown(timeline) == ["bob: one", "bob: two"])
    #expect(timeline.lastOffset == 2)
  }

  @Test mutating func `a jump in the offsets is shown as a gap, the first offset is not a jump`()
    throws
  {
    timeline.apply(try entry(41, "first seen"))
    timeline.apply(try entry(45, "later"))
    #expect(shown(timeline) == ["bob: first seen", "gap 42-44", "bob: later"])
  }

  @Test mutating func `an announced gap is shown once and moves the offset on`() throws {
    timeline.apply(try entry(3, "x"))
    timeline.applyGap(from: 2, to: 9, at: 0)
    timeline.applyGap(from: 4, to: 9, at: 0)
    timeline.applyGap(from: 12, to: 11, at: 0)
    timeline.apply(try entry(10, "y"))
    #expect(shown(timeline) == ["bob: x", "gap 4-9", "bob: y"])
  }

  @Test mutating func `an own message stays in its place through every state`() throws {
    timeline.apply(try own(1, .buffered))
    timeline.apply(try entry(1, "meanwhile"))
    for state in [DeliveryState.sent, .buffered, .sent] {
      timeline.apply(try own(1, state))
      #expect(shown(timeline) == ["own 1 \(state)", "bob: meanwhile"])
    }
    timeline.apply(try own(1, .stored(offset: 2)))
    timeline.apply(try entry(2, "own 1", from: alice, id: "m1"))
    #expect(shown(timeline) == ["own 1 \(DeliveryState.stored(offset: 2))", "bob: meanwhile"])
    #expect(timeline.lastOffset == 2)
  }

  @Test mutating func `the entry of an own message makes it stored before the ack is seen`() throws
  {
    timeline.apply(try own(1, .sent))
    timeline.apply(try entry(1, "own 1", from: alice, id: "m1"))
    #expect(shown(timeline) == ["own 1 \(DeliveryState.stored(offset: 1))"])
    timeline.apply(try own(1, .buffered))
    #expect(shown(timeline) == ["own 1 \(DeliveryState.stored(offset: 1))"])
  }

  @Test mutating func `an own message whose entry came first is shown where the entry is`() throws {
    timeline.apply(try entry(1, "own 1", from: alice, id: "m1"))
    timeline.apply(try entry(2, "x"))
    timeline.apply(try own(1, .buffered))
    #expect(shown(timeline) == ["own 1 \(DeliveryState.stored(offset: 1))", "bob: x"])
  }

  @Test mutating func `another person with the id of an own message does not take its place`()
    throws
  {
    timeline.apply(try own(1, .sent))
    timeline.apply(try entry(1, "forged", from: bob, id: "m1"))
    #expect(shown(timeline) == ["own 1 sent", "bob: forged"])
  }

  @Test mutating func `the same id at another offset is another message of the same nick`() throws {
    timeline.apply(try own(1, .stored(offset: 9)))
    timeline.apply(try entry(8, "from my other machine", from: alice, id: "m1"))
    #expect(timeline.numbers.count == 2)
  }

  @Test(arguments: 0..<60) func `own messages and entries in any order of arrival show once`(
    seed: UInt64
  ) throws {
    var random = RandomSource(seed: seed)
    var timeline = self.timeline
    let count: UInt64 = 6
    // Each source keeps its own order (the outbox's states, the log's offsets); they interleave at will.
    var log = try (1...count).map {
      try entry($0, "own \($0)", from: alice, id: "m\($0)")
    }[...]
    var states = try (1...count).map { number in
      try [DeliveryState.buffered, .sent, .buffered, .sent, .stored(offset: number)].map {
        try own(number, $0)
      }[...]
    }
    while !log.isEmpty || states.contains(where: { !$0.isEmpty }) {
      let pick = Int(random.next() % (count + 1))
      if pick == count {
        if let next = log.popFirst() {
          timeline.apply(next)
          if random.next() % 3 == 0 { timeline.apply(next) }
        }
      } else if let next = states[pick].popFirst() {
        timeline.apply(next)
      }
      let texts = timeline.numbers.compactMap { timeline[number: $0] }.map { line in
        switch line.content {
        case .own(let own): own.text
        case .entry(let entry): entry.text
        default: "something else"
        }
      }
      #expect(Set(texts).count == texts.count, "\(texts)")
    }
    #expect(timeline.numbers.count == Int(count))
    for number in timeline.numbers {
      guard case .own(let own)? = timeline[number: number]?.content else {
        Issue.record("line \(number) is not an own message")
        continue
      }
      #expect(own.state == .stored(offset: own.sequence))
    }
  }

  @Test mutating func `the oldest lines go beyond the limit and their numbers with them`() throws {
    timeline = ChatTimeline(nick: alice, maximumLines: 3)
    for offset in 1...5 as ClosedRange<UInt64> { timeline.apply(try entry(offset, "\(offset)")) }
    #expect(shown(timeline) == ["bob: 3", "bob: 4", "bob: 5"])
    let first = ChatTimeline.origin
    #expect(timeline.numbers == (first + 2)..<(first + 5))
    #expect(timeline[number: first + 1] == nil)
    #expect(timeline[number: first + 5] == nil)
  }

  @Test mutating func `large texts are bounded by bytes, and one too large is kept alone`() throws {
    timeline = ChatTimeline(nick: alice, maximumBytes: 100)
    for offset in 1...10 as ClosedRange<UInt64> {
      timeline.apply(try entry(offset, String(repeating: "x", count: 40)))
    }
    let first = ChatTimeline.origin
    #expect(timeline.numbers == (first + 8)..<(first + 10))
    timeline.apply(try entry(11, String(repeating: "y", count: 500)))
    #expect(timeline.numbers == (first + 10)..<(first + 11))
    timeline.apply(try entry(12, "z"))
    #expect(shown(timeline) == ["bob: z"])
  }

  @Test mutating func `an own message that was dropped for age comes back only when it failed`()
    throws
  {
    timeline = ChatTimeline(nick: alice, maximumLines: 2)
    for sequence in 1...4 as ClosedRange<UInt64> {
      timeline.apply(try own(sequence, .buffered))
    }
    timeline.apply(try own(1, .stored(offset: 1)))
    #expect(shown(timeline) == ["own 3 buffered", "own 4 buffered"])
    timeline.apply(try own(2, .failed(reason: "no")))
    #expect(timeline.failed == 1)
    #expect(timeline.failedMessages.map(\.sequence) == [2])
  }

  @Test mutating func `failures are counted until they are said again or another state comes`()
    throws
  {
    for sequence in 1...3 as ClosedRange<UInt64> {
      timeline.apply(try own(sequence, .failed(reason: "no")))
    }
    #expect(timeline.failed == 3)
    timeline.markRetried(try MessageID("m1"))
    timeline.markRetried(try MessageID("m1"))
    timeline.markRetried(try MessageID("unknown"))
    #expect(timeline.failed == 2)
    timeline.apply(try own(2, .sent))
    #expect(timeline.failedMessages.map(\.sequence) == [3])
    #expect(timeline.failed == 1)
    timeline.clear()
    #expect(timeline.failed == 0)
    #expect(timeline.numbers.isEmpty)
  }

  @Test mutating func `messages of others count as unread while nobody watches`() throws {
    timeline.apply(try entry(1, "hello"))
    timeline.apply(try entry(2, "@Alice, there?"))
    timeline.apply(try entry(3, "mine", from: alice))
    timeline.apply(try entry(4, "a topic", kind: .topic))
    #expect((timeline.unread, timeline.mentions) == (2, 1))
    #expect(timeline.marker == ChatTimeline.ReadMarker(before: ChatTimeline.origin, count: 2))
    timeline.watch(true)
    timeline.apply(try entry(5, "seen at once"))
    #expect((timeline.unread, timeline.mentions) == (0, 0))
    #expect(timeline.marker == ChatTimeline.ReadMarker(before: ChatTimeline.origin, count: 2))
    timeline.watch(false)
    #expect(timeline.marker == nil)
    timeline.apply(try entry(6, "unseen"))
    #expect(timeline.marker == ChatTimeline.ReadMarker(before: ChatTimeline.origin + 5, count: 1))
  }

  @Test mutating func `what becomes of the link is one line as long as nothing else happens`() {
    for number in 1...3 {
      timeline.applyLink("lost", isFailure: true, at: Int64(number))
      timeline.applyLink("back \(number)", isFailure: false, at: Int64(number))
    }
    #expect(shown(timeline) == ["link back 3 3"])
    timeline.applyNotice("n", at: 4)
    timeline.applyLink("lost", isFailure: true, at: 5)
    #expect(shown(timeline) == ["link back 3 3", "notice n", "link lost 1"])
  }

  @Test mutating func `arrivals and departures fold into one line, with a limit`() throws {
    timeline.applyPresence(bob, arrived: true, at: 1)
    timeline.applyPresence(try Nick("carol"), arrived: false, at: 2)
    timeline.applyNotice("n", at: 3)
    for _ in 0..<10 { timeline.applyPresence(bob, arrived: false, at: 4) }
    #expect(
      shown(timeline) == [
        "+bob -carol", "notice n",
        Array(repeating: "-bob", count: 8).joined(separator: " ") + " and 2",
      ])
  }

  @Test(arguments: [
    ("alice", true), ("hi Alice!", true), ("(@alice)", true), ("ask alice: now", true),
    ("malice", false), ("alices", false), ("alice2", false), ("alic", false), ("", false),
    ("alicealice alice", true),
  ]) func `a mention is the nick as a word`(text: String, expected: Bool) {
    #expect(ChatTimeline.text(text, names: alice) == expected)
  }

  @Test mutating func `texts of any size and content are kept as they came`() throws {
    let hostile = "\u{1B}[2J\r\u{8}\u{202E}" + String(repeating: "\u{301}", count: 5_000)
    timeline.apply(try entry(.max, hostile))
    timeline.apply(try entry(.max, hostile))
    #expect(shown(timeline) == ["bob: " + hostile])
    timeline.applyFailure("f", at: .min)
    #expect(shown(timeline).last == "failure f")
  }
}
