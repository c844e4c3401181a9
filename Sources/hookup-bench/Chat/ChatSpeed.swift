import Foundation
import GRDB
import HookupCore
import HookupEngine
import HookupSQLite

/// What a chat server with a SQLite store does in a second, beside what SQLite alone does with the same rows.
struct ChatSpeed: Sendable {
  let directory: String
  let senders: Int
  let bytes: Int
  let measured: Duration

  struct Outcome: Sendable {
    var messagesPerSecond = 0.0
    var batch = 0.0
    var storeRowsPerSecond = 0.0
    var bareRowsPerSecond = 0.0
    /// With an index of words, as the store has one.
    var indexedRowsPerSecond = 0.0
  }

  func run() async throws -> Outcome {
    var outcome = try await serve()
    let batch = max(1, Int(outcome.batch.rounded()))
    // One after the other, twice, and the better one of each: the machine is noisy.
    for round in 0..<2 {
      outcome.storeRowsPerSecond = max(
        outcome.storeRowsPerSecond, try await storeRows(batch, round))
      outcome.bareRowsPerSecond = max(
        outcome.bareRowsPerSecond, try bareRows(batch, "bare\(round)", words: false))
      outcome.indexedRowsPerSecond = max(
        outcome.indexedRowsPerSecond, try bareRows(batch, "indexed\(round)", words: true))
    }
    return outcome
  }

  /// Clients that say one message after the other, as many at a time as the server takes, until the time is over.
  private func serve() async throws -> Outcome {
    let store = try SQLiteChatStore(directory: directory + "/server")
    var configuration = ChatServerConfiguration(port: 0)
    configuration.commandsPerPerson = (perSecond: 0, burst: 1)
    configuration.commandsPerAddress = (perSecond: 0, burst: 1)
    let (addresses, started) = AsyncStream.makeStream(of: ServerAddress.self)
    configuration.server.onStart = { started.yield($0) }
    let server = ChatServer(configuration: configuration, store: store, logger: .quietBench)
    let running = Task { try await server.run() }
    var iterator = addresses.makeAsyncIterator()
    guard let address = await iterator.next() else {
      throw HookupError(.bindFailed, "the server did not start")
    }
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<senders {
        group.addTask { try await self.send(number, to: address.url) }
      }
      return try await group.reduce(0, +)
    }
    let measures = await server.measures()
    server.shutDown()
    try await running.value
    try await store.close()
    var outcome = Outcome()
    outcome.messagesPerSecond = Double(counts) / (measured / .seconds(1))
    outcome.batch = Double(measures.storedEntries) / Double(max(1, measures.transactions))
    return outcome
  }

  private func send(_ number: Int, to url: String) async throws -> Int {
    let nick = try Nick("sender\(number)")
    let client = try ChatClient(
      url, configuration: ChatClient.Configuration(nick: nick), logger: .quietBench)
    let running = Task { try await client.run() }
    defer { running.cancel() }
    let room = try RoomName("speed")
    let text = String(repeating: "word ", count: bytes / 5)
    let listening = Task {
      var stored = 0
      let end = MonotonicInstant.now + measured
      for await update in client.updates {
        guard case .own(let own) = update, case .stored = own.state else { continue }
        if MonotonicInstant.now >= end { break }
        stored += 1
      }
      return stored
    }
    let end = MonotonicInstant.now + measured
    while MonotonicInstant.now < end {
      if client.unsettledCount < 512 {
        try await client.say(contentsOf: Array(repeating: text, count: 64), in: room)
      } else {
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    // Something has to come for the listener to see that the time is over.
    try await client.say("end", in: room)
    let stored = await listening.value
    client.close()
    return stored
  }

  /// The store alone, with batches of that size.
  private func storeRows(_ batch: Int, _ round: Int) async throws -> Double {
    let store = try SQLiteChatStore(directory: directory + "/store\(round)")
    let client = try ClientID(String(repeating: "a", count: 32))
    let nick = try Nick("sender")
    let key = RoomKey(try RoomName("speed"), for: nick)
    let text = String(repeating: "word ", count: bytes / 5)
    let start = MonotonicInstant.now
    var rows = 0
    while start.duration(to: .now) < .seconds(2) {
      let changes = try (0..<batch).map { index in
        RoomAppend(
          key: key, kind: .said, id: try MessageID("\(rows + index)"), client: client, from: nick,
          text: text)
      }
      _ = try await store.append(changes, milliseconds: 1)
      rows += batch
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    try await store.close()
    return Double(rows) / seconds
  }

  /// The same rows into a table of the same columns and indexes that anybody would make, synced as much.
  /// - Parameter words: whether into an index of words too, as the store's.
  private func bareRows(_ batch: Int, _ name: String, words: Bool) throws -> Double {
    let pool = try DatabasePool(path: "\(directory)/\(name).sqlite")
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try pool.write {
      try $0.execute(
        sql: """
          CREATE TABLE entry (room INTEGER, offset INTEGER, kind INTEGER, client INTEGER, message TEXT,
            sender TEXT, at INTEGER, text TEXT, PRIMARY KEY (room, offset)) WITHOUT ROWID;
          CREATE UNIQUE INDEX origin ON entry (client, message);
          CREATE VIRTUAL TABLE search USING fts5 (
            text, content = '', tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
          """)
    }
    let text = String(repeating: "word ", count: bytes / 5)
    let start = MonotonicInstant.now
    var rows = 0
    while start.duration(to: .now) < .seconds(2) {
      let first = rows
      try pool.write { database in
        let insert = try database.cachedStatement(
          sql: "INSERT INTO entry VALUES (1, ?, 0, 1, ?, 'sender', 1, ?)")
        for row in first..<(first + batch) {
          try insert.execute(arguments: [row, "\(row)", text])
          guard words else { continue }
          try database.cachedStatement(sql: "INSERT INTO search (rowid, text) VALUES (?, ?)")
            .execute(arguments: [row, text])
        }
      }
      rows += batch
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    try pool.close()
    return Double(rows) / seconds
  }
}
