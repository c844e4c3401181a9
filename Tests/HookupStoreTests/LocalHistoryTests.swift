import Foundation
import GRDB
import HookupCore
import HookupEngine
import Synchronization
import Testing

@testable import HookupSQLite

/// What is the file's alone: its fate, its limits, its mode.
@Suite(.timeLimit(.minutes(2))) struct LocalHistoryTests {
  /// What a history told.
  private final class Told: Sendable {
    private let sentences = Mutex<[String]>([])
    var all: [String] { sentences.withLock { $0 } }
    func add(_ sentence: String) { sentences.withLock { $0.append(sentence) } }
  }

  private let ops: RoomName

  init() throws { ops = try RoomName("ops") }

  private func path(_ directory: String) -> String { directory + "/" + LocalHistory.fileName }

  private func history(
    _ directory: String, _ told: Told, nick: Nick = alice.nick, maximumPages: Int? = nil,
    _ configure: (inout LocalHistory.Limits) -> Void = { _ in }
  ) -> LocalHistory {
    var limits = LocalHistory.Limits()
    configure(&limits)
    var place = HistoryFile.Place(
      path: path(directory), directory: directory, nick: nick, limits: limits)
    place.maximumPages = maximumPages
    return LocalHistory(desk: HistoryDesk(file: place) { told.add($0) })
  }

  private func entry(_ offset: UInt64, _ text: String? = nil, in room: RoomName? = nil) throws
    -> RoomEntry
  {
    RoomEntry(
      room: room ?? ops, offset: offset, id: try MessageID("m\(offset)"), from: bob.nick,
      milliseconds: 0, text: text ?? "text \(offset)")
  }

  private func fill(_ history: LocalHistory, _ offsets: ClosedRange<UInt64>) async throws {
    history.take(.server("s1"))
    for offset in offsets {
      history.take(.entry(try entry(offset)))
      await history.waitForRoom()
    }
  }

  private func count(_ history: LocalHistory) async -> Int {
    var count = 0
    var first: UInt64?
    while case let page = await history.page(of: ops, before: first, limit: 10_000), !page.isEmpty {
      count += page.count
      first = page.first?.offset
    }
    return count
  }

  /// Leaves a history with the entries 1 to 9.
  private func leave(in directory: String) async throws {
    let told = Told()
    let history = history(directory, told)
    try await fill(history, 1...9)
    await history.close()
    #expect(told.all == [])
  }

  @Test func `the next start has what the last one had, in a file that only its user reads`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      try await leave(in: directory)
      let told = Told()
      let again = history(directory, told)
      #expect(await again.held() == ChatHeld(server: "s1", rooms: [ops: 9]))
      again.take(.entry(try entry(10)))
      #expect(await count(again) == 10)
      for suffix in ["", "-wal", "-shm"] {
        var status = stat()
        #expect(stat(path(directory) + suffix, &status) == 0 && status.st_mode & 0o777 == 0o600)
      }
      await again.close()
      // Closed, it takes nothing and holds nothing, and nobody waits.
      again.take(.entry(try entry(11)))
      #expect(await again.held() == ChatHeld())
      #expect(told.all == [])
    }
  }

  @Test func `what another nick has left is not shown, and goes when something is written`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      try await leave(in: directory)
      let told = Told()
      let bobs = history(directory, told, nick: bob.nick)
      #expect(await bobs.held() == ChatHeld())
      #expect(await count(bobs) == 0)
      await bobs.close()
      // Whoever only looked has taken nothing away.
      let kept = history(directory, told)
      #expect(await count(kept) > 0)
      await kept.close()
      let writing = history(directory, told, nick: bob.nick)
      writing.take(.server("another"))
      await writing.close()
      let alices = history(directory, told)
      #expect(await count(alices) == 0)
      await alices.close()
      #expect(told.all == [])
    }
  }

  @Test(arguments: [
    "not a database, and long enough to be read as one".repeated(50), "x".repeated(600),
  ])
  func `a file that is none is set aside and a new one begun`(_ content: String) async throws {
    try await withTemporaryDirectory { directory in
      try Data(content.utf8).write(to: URL(fileURLWithPath: path(directory)))
      let told = Told()
      let history = history(directory, told)
      #expect(await history.held() == ChatHeld())
      try await fill(history, 1...3)
      #expect(await count(history) == 3)
      await history.close()
      #expect(told.all.count == 1 && told.all.first?.contains(".damaged") == true, "\(told.all)")
      let aside = try Data(contentsOf: URL(fileURLWithPath: path(directory) + ".damaged"))
      #expect(aside == Data(content.utf8))
    }
  }

  @Test func `damage that is met while reading or writing costs what was kept, not what comes`()
    async throws
  {
    for writes in [false, true] {
      try await withTemporaryDirectory { directory in
        let first = Told()
        let full = history(directory, first)
        try await fill(full, 1...2_000)
        await full.close()
        // All but the first page, which says what it is.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path(directory)))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 4_096 * 4)
        try file.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4_096 * 4))
        try file.close()
        let told = Told()
        let history = history(directory, told)
        #expect(await history.held().rooms == [ops: 2_000])
        if writes {
          history.take(.entry(try entry(2_001)))
          #expect(await history.page(of: ops, before: nil, limit: 9).map(\.offset) == [2_001])
        } else {
          #expect(await history.page(of: ops, before: nil, limit: 9) == [])
          history.take(.entry(try entry(2_001)))
        }
        history.take(.entry(try entry(2_002)))
        #expect(await count(history) == 2)
        #expect(await history.held() == ChatHeld(server: "s1", rooms: [ops: 2_002]))
        await history.close()
        #expect(told.all.count == 1, "\(told.all)")
      }
    }
  }

  @Test func `a file of a newer version is left as it is`() async throws {
    try await withTemporaryDirectory { directory in
      try await leave(in: directory)
      let newer = try DatabaseQueue(path: path(directory))
      try await newer.write { try $0.execute(sql: "PRAGMA user_version = 99") }
      try newer.close()
      let told = Told()
      let history = history(directory, told)
      #expect(await history.held() == ChatHeld())
      history.take(.entry(try entry(10)))
      #expect(await count(history) == 0)
      await history.close()
      #expect(told.all.count == 1 && told.all[0].contains("newer version"), "\(told.all)")
      let rows = try await DatabaseQueue(path: path(directory)).read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM entry")
      }
      #expect(rows == 9)
    }
  }

  @Test func `a second process of the profile keeps nothing and says so`() async throws {
    try await withTemporaryDirectory { directory in
      let first = Told()
      let owner = history(directory, first)
      try await fill(owner, 1...3)
      #expect(await count(owner) == 3)
      let told = Told()
      let second = history(directory, told)
      #expect(await second.held() == ChatHeld())
      second.take(.entry(try entry(4)))
      #expect(await count(second) == 0)
      #expect(told.all.count == 1 && told.all[0].contains("another hookup-chat"), "\(told.all)")
      await second.close()
      owner.take(.entry(try entry(4)))
      #expect(await count(owner) == 4)
      await owner.close()
      #expect(first.all == [])
    }
  }

  @Test func `a directory that cannot be written costs the history and nothing else`() async throws
  {
    let told = Told()
    let history = history("/dev/null/nowhere", told)
    #expect(await history.held() == ChatHeld())
    try await fill(history, 1...5_000)
    #expect(await count(history) == 0)
    await history.close()
    #expect(told.all.count == 1, "\(told.all)")
  }

  @Test
  func `on a full disk it is read on, and what was not written is asked for at the next start`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let told = Told()
      let small = history(directory, told, maximumPages: 24)
      try await fill(small, 1...3_000)
      let held = await small.held().rooms[ops] ?? 0
      #expect((100..<3_000).contains(held))
      #expect(await count(small) == Int(held))
      #expect(told.all.count == 1 && told.all[0].contains("full"), "\(told.all)")
      await small.close()
      let again = history(directory, told)
      #expect(await again.held() == ChatHeld(server: "s1", rooms: [ops: held]))
      try await fill(again, (held + 1)...3_000)
      #expect(await count(again) == 3_000)
      await again.close()
      #expect(told.all.count == 1)
    }
  }

  @Test func `it stays under its bytes: the oldest of the largest room go`() async throws {
    try await withTemporaryDirectory { directory in
      let told = Told()
      let small = history(directory, told) { $0.bytes = 200_000 }
      let dev = try RoomName("dev")
      small.take(.server("s1"))
      for offset in UInt64(1)...20 { small.take(.entry(try entry(offset, in: dev))) }
      for offset in UInt64(1)...1_000 {
        small.take(.entry(try entry(offset, "x".repeated(500))))
        await small.waitForRoom()
      }
      let page = await small.page(of: ops, before: nil, limit: 10_000)
      #expect((100..<400).contains(page.count) && page.last?.offset == 1_000)
      #expect(await small.page(of: dev, before: nil, limit: 100).count == 20)
      await small.close()
      let bytes = try await DatabaseQueue(path: path(directory)).read { database in
        (
          try Int.fetchOne(database, sql: "SELECT sum(bytes) FROM room"),
          try Int.fetchOne(database, sql: "SELECT sum(length(json) + 32) FROM entry"),
          try Int.fetchOne(database, sql: "SELECT sum(count) FROM room"),
          try Int.fetchOne(database, sql: "SELECT count(*) FROM entry")
        )
      }
      #expect(bytes.0 == bytes.1 && bytes.2 == bytes.3, "what a room says of itself is so")
      #expect(bytes.0 ?? .max <= 200_000)
      #expect(told.all == [])
    }
  }

  @Test func `the room in which nothing was written the longest goes`() async throws {
    try await withTemporaryDirectory { directory in
      let told = Told()
      let few = history(directory, told) { $0.rooms = 3 }
      few.take(.server("s1"))
      for number in 1...5 {
        few.take(.entry(try entry(1, in: try RoomName("r\(number)"))))
        _ = await few.held()
        // It is written in all the time.
        few.take(.entry(try entry(UInt64(number))))
        _ = await few.held()
      }
      #expect(
        await few.held().rooms.keys.map(\.text).sorted() == ["ops", "r4", "r5"])
      await few.close()
    }
  }

  @Test func `a page ends where it gets long`() async throws {
    try await withTemporaryDirectory { directory in
      let told = Told()
      let history = history(directory, told)
      for offset in UInt64(1)...100 {
        history.take(.entry(try entry(offset, "x".repeated(8_000))))
        await history.waitForRoom()
      }
      let page = await history.page(of: ops, before: nil, limit: 200)
      #expect((20..<40).contains(page.count) && page.last?.offset == 100)
      await history.close()
    }
  }

  @Test func `records that come at once are written in few transactions`() async throws {
    try await withTemporaryDirectory { directory in
      let told = Told()
      let history = history(directory, told)
      try await fill(history, 1...1_000)
      _ = await history.held()
      await history.close()
      let turn = try await DatabaseQueue(path: path(directory)).read {
        try Int.fetchOne($0, sql: "SELECT turn FROM room")
      }
      #expect((turn ?? .max) <= 12, "1,000 entries took \(turn ?? 0) transactions")
    }
  }
}

extension String {
  func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
