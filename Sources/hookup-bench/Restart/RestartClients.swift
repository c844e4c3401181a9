import HookupCore
import HookupEngine
import Synchronization

/// Many clients of one chat server in this process: each reads one room of a few, some speak.
final class RestartClients: Sendable {
  struct State {
    /// When each client was welcomed last.
    var welcomed: [Int: MonotonicInstant] = [:]
    /// The offset that each client read last.
    var read: [Int: UInt64] = [:]
    /// Entries that were not the next ones.
    var jumps = 0
    /// Messages by id that were said and are not stored yet, and those that are.
    var stored: Set<String> = []
    var failed: [String] = []
    var said = 0
  }

  let clients: [ChatClient]
  private let speakers: Int
  let rooms: [RoomName]
  private let state = Mutex(State())

  init(count: Int, rooms: Int, speakers: Int, url: String) throws(HookupError) {
    var names: [RoomName] = []
    for number in 0..<rooms { names.append(try RoomName("restart\(number)")) }
    self.rooms = names
    self.speakers = speakers
    var clients: [ChatClient] = []
    for number in 0..<count {
      var configuration = ChatClient.Configuration(nick: try Nick("c\(number)"))
      configuration.client.keepalive = nil
      clients.append(try ChatClient(url, configuration: configuration, logger: .quietBench))
    }
    self.clients = clients
  }

  func room(of client: Int) -> RoomName { rooms[client % rooms.count] }

  var snapshot: State { state.withLock { $0 } }

  /// Runs all of them until they are closed.
  func run() async {
    await withDiscardingTaskGroup { group in
      for (number, client) in clients.enumerated() {
        client.join(room(of: number))
        group.addTask { try? await client.run() }
        group.addTask { await self.listen(number, client) }
      }
    }
  }

  private func listen(_ number: Int, _ client: ChatClient) async {
    for await update in client.updates {
      switch update {
      case .welcomed:
        let now = MonotonicInstant.now
        state.withLock { $0.welcomed[number] = now }
      case .entry(let entry):
        state.withLock { state in
          if let last = state.read[number], entry.offset != last + 1 { state.jumps += 1 }
          state.read[number] = entry.offset
        }
      case .gap: state.withLock { $0.jumps += 1 }
      case .own(let own): settle(own)
      default: break
      }
    }
  }

  private func settle(_ own: OwnMessage) {
    switch own.state {
    case .stored: state.withLock { _ = $0.stored.insert(own.id.text) }
    case .failed(let reason): state.withLock { $0.failed.append(reason) }
    default: break
    }
  }

  /// One message of the next speaker. Its text tells the speaker and the number, in rising order.
  func speak() async {
    let turn = state.withLock { state in
      defer { state.said += 1 }
      return state.said
    }
    let speaker = turn % speakers
    // The outbox of a client that is away may be full; then this is said by nobody.
    _ = try? await clients[speaker].say("\(speaker) \(turn / speakers)", in: room(of: speaker))
  }

  /// Says so many a second until its task is cancelled; what could not be said in time is said as soon as it can be.
  /// - Returns: for how long.
  func speak(perSecond rate: Int) async -> Duration {
    let start = MonotonicInstant.now
    var said = 0.0
    while !Task.isCancelled {
      let due = start.duration(to: .now) / .seconds(1) * Double(rate)
      while said < due, !Task.isCancelled {
        await speak()
        said += 1
      }
      try? await Task.sleep(for: max(.milliseconds(1), .seconds(1) / rate))
    }
    return start.duration(to: .now)
  }

  /// Waits until all were welcomed after `instant`.
  /// - Returns: how long each took from `start` on, in seconds; nil when not all came in time.
  func waitForAll(since instant: MonotonicInstant, within time: Duration) async -> [Double]? {
    let deadline = MonotonicInstant.now + time
    while MonotonicInstant.now < deadline {
      let times = snapshot.welcomed.values.filter { $0 > instant }
      if times.count == clients.count {
        return times.map { instant.duration(to: $0) / .seconds(1) }
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return nil
  }

  /// Whether the client has read the newest entry of its room.
  func hasRead(_ client: Int, _ read: UInt64?, of last: [RoomName: UInt64]) -> Bool {
    (read ?? 0) == last[room(of: client)] ?? 0
  }

  /// Waits until every client has read the newest entry of its room, as `offsets` tells them, and every message that was said is
  /// settled.
  func waitForQuiet(
    at offsets: @Sendable () async throws -> [RoomName: UInt64], within time: Duration
  ) async throws -> Bool {
    let deadline = MonotonicInstant.now + time
    while MonotonicInstant.now < deadline {
      let open = clients.reduce(0) { $0 + $1.unsettledCount }
      if open == 0 {
        let last = try await offsets()
        let read = snapshot.read
        if clients.indices.allSatisfy({ hasRead($0, read[$0], of: last) }) { return true }
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return false
  }

  func close() {
    for client in clients { client.close() }
  }
}
