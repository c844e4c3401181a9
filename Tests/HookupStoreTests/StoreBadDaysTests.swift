import Foundation
import GRDB
import HookupCore
import HookupEngine
import Testing

@testable import HookupSQLite

/// What others do to the file of a server that runs.
@Suite(.timeLimit(.minutes(2))) struct StoreBadDaysTests {
  // MARK: Locked by another process

  /// Another process that holds the file until it is told to let go.
  private final class Holder {
    private let process = Process()
    private let input = Pipe()

    init(_ path: String) throws {
      let output = Pipe()
      // Tells when it has the lock, and lets it go when its input ends.
      let script = """
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        sys.stdin.read()
        """
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["python3", "-c", script, path]
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      guard !output.fileHandleForReading.availableData.isEmpty else {
        throw HookupError(.storage, "the file is not held")
      }
    }

    func letGo() throws {
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
  }

  private func withStore(
    _ body: @Sendable (SQLiteChatStore, String) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      var limits = ChatStoreLimits()
      limits.lockTime = .milliseconds(50)
      let store = try SQLiteChatStore(directory: directory, limits: limits)
      try await body(store, directory + "/" + SQLiteChatStore.fileName)
      try await store.close()
    }
  }

  @Test func `a file that another process holds cannot be written for now, and can be read`()
    async throws
  {
    try await withStore { store, path in
      _ = try await store.append([alice.says("before", id: "1")], milliseconds: 1)
      let holder = try Holder(path)
      let refusal = await #expect(throws: HookupError.self) {
        try await store.append([alice.says("meanwhile", id: "2")], milliseconds: 1)
      }
      #expect(refusal?.code == .unavailable)
      #expect(refusal?.message.contains(path) == true)
      #expect(refusal?.message.contains("locked") == true)
      await #expect(throws: HookupError.self) { try await store.probe() }
      let entries = try await store.read("ops", .after(0)).entries
      #expect(entries.map(\.text) == ["before"])
      try holder.letGo()
      try await store.probe()
      let outcome = try await store.append([alice.says("after", id: "2")], milliseconds: 1)
      #expect(outcome == [.stored(offset: 2)])
    }
  }

  @Test func `a server whose file another process holds keeps what is said, in order`() async throws
  {
    try await withStore { store, path in
      try await withServer(on: store) { server, url in
        try await withClient(at: url, as: "alice") { client in
          let room = try RoomName("ops")
          try await client.say("0", in: room)
          try await until { try await store.read("ops", .after(0)).entries.count == 1 }
          let holder = try Holder(path)
          for number in 1...20 { try await client.say("\(number)", in: room) }
          try await until { await server.health().isReady == false }
          let reason = await server.health().reason
          #expect(reason?.contains("locked") == true)
          try holder.letGo()
          try await until { try await store.read("ops", .after(0)).entries.count == 21 }
          let texts = try await store.read("ops", .after(0)).entries.map(\.text)
          #expect(texts == (0...20).map(String.init))
          try await until { await server.health().isReady }
          #expect(await server.measures().storeHealth.state == .writable)
        }
      }
    }
  }

  // MARK: Damaged while it is open

  /// Writes over the pages of the entries, which nobody has read yet.
  private func damage(_ path: String) throws -> Int {
    let pages = try DatabaseQueue(path: path).read { database in
      try Int.fetchAll(
        database,
        sql: "SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' ORDER BY pageno")
    }
    let descriptor = open(path, O_WRONLY)
    defer { close(descriptor) }
    // The first ones hold the oldest entries, and the newest are left alone.
    for page in pages.prefix(pages.count / 2) {
      pwrite(descriptor, [UInt8](repeating: 0xAA, count: 4_096), 4_096, off_t(page - 1) * 4_096)
    }
    return pages.count / 2
  }

  @Test func `a damaged page found while serving fails that read alone, and health stays red`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let path = directory + "/" + SQLiteChatStore.fileName
      let filling = try SQLiteChatStore(directory: directory)
      let text = String(repeating: "x", count: 400)
      _ = try await filling.append(
        (1...2_000).map { try alice.says(text, id: "\($0)") }, milliseconds: 1)
      try await filling.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try await filling.close()

      let store = try SQLiteChatStore(directory: directory)
      #expect(try damage(path) > 20)
      try await withServer(on: store) { server, url in
        let refusal = await #expect(throws: HookupError.self) {
          try await store.read("ops", .after(0))
        }
        #expect(refusal?.code == .corrupt)
        #expect(refusal?.message.contains("stop the server and restore a backup") == true)
        #expect(await server.measures().storeHealth.state == .writable)
        let reader = try await BarePeer.welcome(url, "bob")
        try reader.send(.history(try RoomName("ops"), .after(0), limit: nil))
        #expect(try await reader.closeCode() == 1013)
        try await until {
          if case .damaged = await server.measures().storeHealth.state { true } else { false }
        }
        // What is whole still is read and written, and that does not make the file whole.
        let writer = try await BarePeer.welcome(url, "carol")
        try writer.send(.say(try RoomName("dev"), id: try MessageID("m"), text: "still here"))
        #expect(try await writer.event { if case .stored = $0 { true } else { false } })
        guard case .damaged(let reason, _) = await server.measures().storeHealth.state else {
          Issue.record("healthy again")
          return
        }
        #expect(reason.contains("restore a backup"))
        writer.close()
      }
      try await store.close()
      // The next start looks at all of it.
      let start = #expect(throws: HookupError.self) { try SQLiteChatStore(directory: directory) }
      #expect(start?.code == .corrupt)
    }
  }
}
