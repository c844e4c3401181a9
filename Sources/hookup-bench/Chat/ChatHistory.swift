import HookupCore
import HookupEngine
import HookupSQLite

/// How long a page and a search take in a long history.
struct ChatHistory: Sendable {
  let directory: String
  let messages: Int

  struct Outcome: Sendable {
    var pageMilliseconds = 0.0
    var aroundMilliseconds = 0.0
    var searchMilliseconds = 0.0
    var commonSearchMilliseconds = 0.0
    var prefixMilliseconds = 0.0
    var fillPerSecond = 0.0
  }

  func run() async throws -> Outcome {
    let store = try SQLiteChatStore(directory: directory + "/history")
    let nick = try Nick("writer")
    let key = RoomKey(try RoomName("long"), for: nick)
    var outcome = Outcome()
    outcome.fillPerSecond = try await fill(store, key, nick)
    let pages = try await median(200) { round in
      _ = try await store.page(
        RoomPageRequest(
          key: key, name: try RoomName("long"),
          position: .before(UInt64(1 + (round * 7_919) % messages)), maximumEntries: 50,
          maximumBytes: 128 << 10))
    }
    outcome.pageMilliseconds = pages
    outcome.aroundMilliseconds = try await median(200) { round in
      _ = try await store.page(
        RoomPageRequest(
          key: key, name: try RoomName("long"),
          position: .around(UInt64(1 + (round * 7_919) % messages)), maximumEntries: 50,
          maximumBytes: 128 << 10))
    }
    outcome.searchMilliseconds = try await median(100) { round in
      try await search(store, ["rare\(round % 100)"])
    }
    outcome.commonSearchMilliseconds = try await median(20) { _ in
      try await search(store, ["common"])
    }
    outcome.prefixMilliseconds = try await median(20) { _ in
      try await search(store, ["rar*", "common"])
    }
    try await store.close()
    return outcome
  }

  private func search(_ store: SQLiteChatStore, _ words: [String]) async throws {
    _ = try await store.search(
      SearchRequest(
        reader: RoomReader(nick: try Nick("writer")), milliseconds: 0, words: words, key: nil))
  }

  private func fill(
    _ store: SQLiteChatStore, _ key: RoomKey, _ nick: Nick
  ) async throws -> Double {
    let client = try ClientID(String(repeating: "a", count: 32))
    let start = MonotonicInstant.now
    for first in stride(from: 0, to: messages, by: 1_000) {
      let appends = try (first..<min(messages, first + 1_000)).map { number in
        RoomAppend(
          key: key, kind: .said, id: try MessageID("\(number)"), client: client, from: nick,
          text: "message \(number) with some common words and one rare\(number % 1_000) word in it")
      }
      _ = try await store.append(appends, milliseconds: Int64(first))
    }
    return Double(messages) / (start.duration(to: .now) / .seconds(1))
  }

  private func median(_ rounds: Int, _ body: (Int) async throws -> Void) async throws -> Double {
    var times: [Double] = []
    for round in 0..<rounds {
      let start = MonotonicInstant.now
      try await body(round)
      times.append(start.duration(to: .now) / .milliseconds(1))
    }
    return times.sorted()[rounds / 2]
  }
}
