import HookupCore
import HookupEngine
import HookupSQLite
import Testing

/// What every ``ChatHistory`` keeps to.
@Suite struct ChatHistoryContractTests {
  enum Kept: String, CaseIterable, Sendable {
    case memory, sqlite

    /// Runs `body` with an empty history that keeps so many entries of a room.
    func with(
      entries: Int = 1_000, _ body: (any ChatHistory) async throws -> Void
    ) async throws {
      switch self {
      case .memory: try await body(MemoryChatHistory(entriesPerRoom: entries))
      case .sqlite:
        try await withTemporaryDirectory { directory in
          var limits = LocalHistory.Limits()
          limits.entriesPerRoom = entries
          let history = LocalHistory(directory: directory, nick: alice.nick, limits: limits) {
            Issue.record("\($0)")
          }
          try await body(history)
          await history.close()
        }
      }
    }
  }

  private let ops: RoomName
  private let dev: RoomName

  init() throws {
    ops = try RoomName("ops")
    dev = try RoomName("dev")
  }

  private func entry(
    _ offset: UInt64, _ act: RoomAct? = nil, in room: RoomName? = nil
  ) throws -> RoomEntry {
    RoomEntry(
      room: room ?? ops, offset: offset, act: act ?? .say("text \(offset)"),
      id: try MessageID("m\(offset)"), from: bob.nick, milliseconds: Int64(offset))
  }

  private func fill(_ history: any ChatHistory, _ offsets: ClosedRange<UInt64>) async throws {
    history.take(.server("s1"))
    if offsets.lowerBound > 1 { history.take(.skipped(ops, to: offsets.lowerBound - 1)) }
    for offset in offsets {
      history.take(.entry(try entry(offset)))
      await history.waitForRoom()
    }
  }

  private func offsets(
    _ history: any ChatHistory, before: UInt64? = nil, limit: Int = 1_000
  ) async -> [UInt64] {
    await history.page(of: ops, before: before, limit: limit).map(\.offset)
  }

  @Test(arguments: Kept.allCases)
  func `an empty one holds nothing`(_ kept: Kept) async throws {
    try await kept.with { history in
      #expect(await history.held() == ChatHeld())
      #expect(await offsets(history) == [])
      // Nothing that is before it can be put in front of nothing.
      history.take(.older(ops, [try entry(1)]))
      #expect(await offsets(history) == [])
    }
  }

  @Test(arguments: Kept.allCases)
  func `entries come back as they came, room by room, a page at a time`(_ kept: Kept) async throws {
    try await kept.with { history in
      history.take(.server("s1"))
      var all: [RoomEntry] = []
      for offset in UInt64(1)...9 {
        let act =
          switch offset {
          case 3: RoomAct(.kicked, text: "spam", nick: carol.nick)
          case 5: RoomAct(.settings, settings: RoomSettings(access: .hidden, slowSeconds: 5))
          case 7: RoomAct.say("a \u{0} NUL, \u{1b}[31m and \u{1F600}\n2nd line", replyingTo: 1)
          case 8: RoomAct(RoomAct.Kind(rawValue: "danced"), text: "of a newer server")
          default: RoomAct.say("text \(offset)")
          }
        var made = try entry(offset, act)
        if offset == 2 { made.mentions = [alice.nick, carol.nick] }
        all.append(made)
      }
      for entry in all { history.take(.entry(entry)) }
      history.take(.entry(try entry(1, in: dev)))
      #expect(await history.page(of: ops, before: nil, limit: 100) == all)
      #expect(await offsets(history, limit: 3) == [7, 8, 9])
      #expect(await offsets(history, before: 7, limit: 3) == [4, 5, 6])
      #expect(await offsets(history, before: 2, limit: 3) == [1])
      #expect(await offsets(history, before: 1) == [])
      #expect(await offsets(history, limit: 0) == [])
      #expect(await history.held() == ChatHeld(server: "s1", rooms: [ops: 9, dev: 1]))
    }
  }

  @Test(arguments: Kept.allCases)
  func `what comes twice is kept once, and what is skipped moves the place`(_ kept: Kept)
    async throws
  {
    try await kept.with { history in
      try await fill(history, 51...53)
      history.take(.entry(try entry(52)))
      history.take(.skipped(ops, to: 60))
      history.take(.skipped(ops, to: 10))
      history.take(.entry(try entry(61)))
      #expect(await offsets(history) == [51, 52, 53, 61])
      #expect(await history.held().rooms == [ops: 61])
    }
  }

  @Test(arguments: Kept.allCases)
  func `edits and reactions are worked in, and of a deleted message nothing stays`(_ kept: Kept)
    async throws
  {
    try await kept.with { history in
      try await fill(history, 1...2)
      history.take(.entry(try entry(3, RoomAct(.edited, text: "secret", ref: 1))))
      history.take(.entry(try entry(4, RoomAct(.reacted, text: "+", ref: 2))))
      var page = await history.page(of: ops, before: nil, limit: 9)
      #expect(page.map(\.offset) == [1, 2, 3, 4])
      #expect(page[0].text == "secret" && page[0].since?.edited == 3)
      #expect(page[1].since?.reactions.map(\.text) == ["+"])
      history.take(.entry(try entry(5, RoomAct(.deleted, text: "oops", ref: 1))))
      // About what is not kept.
      history.take(.entry(try entry(6, RoomAct(.deleted, ref: 900))))
      page = await history.page(of: ops, before: nil, limit: 9)
      #expect(page[0].since?.deleted == 5)
      #expect(!page.contains { $0.text.contains("secret") })
      #expect(page[2].kind == .edited && page.count == 6)
    }
  }

  @Test(arguments: Kept.allCases)
  func `another store's offsets void everything`(_ kept: Kept) async throws {
    try await kept.with { history in
      try await fill(history, 1...5)
      history.take(.server("s1"))
      #expect(await offsets(history) == [1, 2, 3, 4, 5])
      history.take(.server("s2"))
      #expect(await history.held() == ChatHeld(server: "s2"))
      #expect(await offsets(history) == [])
      history.take(.entry(try entry(1)))
      #expect(await offsets(history) == [1])
    }
  }

  @Test(arguments: Kept.allCases)
  func `what a server has lost goes, and what it has instead comes`(_ kept: Kept) async throws {
    try await kept.with { history in
      try await fill(history, 1...9)
      history.take(.rewound(ops, after: 4))
      #expect(await offsets(history) == [1, 2, 3, 4])
      #expect(await history.held().rooms == [ops: 4])
      history.take(.entry(try entry(5, .say("another"))))
      #expect(await history.page(of: ops, before: nil, limit: 1).first?.text == "another")
      history.take(.rewound(dev, after: 4))
      #expect(await offsets(history) == [1, 2, 3, 4, 5])
    }
  }

  @Test(arguments: Kept.allCases)
  func `a page is put in front only where it fits without a hole`(_ kept: Kept) async throws {
    try await kept.with { history in
      try await fill(history, 51...53)
      history.take(.older(ops, try (41...48).map { try entry($0) }))
      #expect(await offsets(history) == [51, 52, 53], "49 and 50 are missing")
      history.take(.older(ops, try [45, 46, 49, 50].map { try entry($0) }))
      #expect(await offsets(history) == [49, 50, 51, 52, 53], "what is behind a hole is left out")
      history.take(.older(ops, try (49...52).map { try entry($0) }))
      #expect(await offsets(history) == [49, 50, 51, 52, 53], "they are there")
      #expect(await history.held().rooms == [ops: 53])
    }
  }

  @Test(arguments: Kept.allCases)
  func `the oldest entries of a room go, and where it goes on stays`(_ kept: Kept) async throws {
    try await kept.with(entries: 160) { history in
      try await fill(history, 1...1_000)
      let left = await offsets(history)
      #expect((150...160).contains(left.count))
      #expect(left == Array((1_001 - UInt64(left.count))...1_000))
      #expect(await history.held().rooms == [ops: 1_000])
      // What would be the next to go is not taken in.
      let first = left[0]
      history.take(.older(ops, try (1..<first).suffix(200).map { try entry($0) }))
      #expect(await offsets(history).count <= 160)
      history.take(.entry(try entry(1_001)))
      #expect(await offsets(history).last == 1_001)
    }
  }
}
