import Foundation
import GRDB
import HookupCore
import HookupEngine
import Testing

@testable import HookupSQLite

/// A client is killed at any moment; the entries it has kept and the offset it goes on from belong together.
@Suite(.timeLimit(.minutes(2))) struct LocalHistoryCrashTests {
  @Test func `a kill at any moment leaves entries up to the offset that the room is held to`()
    async throws
  {
    var random = SystemRandomNumberGenerator()
    try await withTemporaryDirectory { directory in
      let room = try RoomName("ops")
      var before: UInt64 = 0
      var grew = 0
      // How long a start takes is not known before: each time that nothing was kept there is twice the time.
      var longest = 300_000
      for _ in 1...12 {
        try run(in: directory, microseconds: .random(in: 1_000...longest, using: &random))
        let history = LocalHistory(directory: directory, nick: alice.nick) {
          Issue.record("\($0)")
        }
        let held = await history.held()
        let last = held.rooms[room] ?? 0
        #expect(last >= before)
        if last > before { grew += 1 } else { longest *= 2 }
        before = last
        var entries: [RoomEntry] = []
        while case let page = await history.page(
          of: room, before: entries.first?.offset, limit: 1_000), !page.isEmpty
        {
          entries = page + entries
        }
        await history.close()
        #expect(entries.last?.offset ?? 0 == last)
        let first = entries.first?.offset ?? 1
        #expect(entries.map(\.offset) == (0..<UInt64(entries.count)).map { first + $0 })
        #expect(entries.count <= 3_000)
        check(entries, upTo: last)
        let verdict = try await DatabaseQueue(
          path: directory + "/" + LocalHistory.fileName
        ).read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        #expect(verdict == "ok")
      }
      #expect(grew > 2, "it was killed too early each time")
    }
  }

  /// Every tenth entry edits the one nine before it.
  private func check(_ entries: [RoomEntry], upTo last: UInt64) {
    for entry in entries where entry.offset % 10 == 1 {
      let isEdited = entry.offset + 9 <= last
      let text = isEdited ? "new \(entry.offset)" : "text \(entry.offset)"
      guard entry.text == text else {
        Issue.record("\(entry.offset) says \(entry.text)")
        return
      }
    }
  }

  private func run(in directory: String, microseconds: Int) throws {
    let writer = Process()
    let beside = Bundle.main.bundleURL.deletingLastPathComponent()
    let own = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    writer.executableURL = [beside, own].map { $0.appending(path: "history-crash-writer") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    writer.arguments = [directory, "\(microseconds)"]
    let output = Pipe()
    writer.standardOutput = output
    try writer.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    writer.waitUntilExit()
    #expect(text == "")
    #expect(writer.terminationReason == .uncaughtSignal, "it ended before it was killed")
  }
}
