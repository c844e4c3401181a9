import HookupCore
import HookupEngine
import Logging
import Synchronization

/// One person who stays connected, reads a room from its first entry on, and may say something.
final class RestartClient: Sendable {
  fileprivate struct State {
    var reader = TortureEvidence.Reader()
    var sender = TortureEvidence.Sender()
    /// The line that each message of one's own carries, until it is known where it is stored.
    var lines: [MessageID: Int] = [:]
    /// Messages of one's own that are known to be stored, with or without their place.
    var storedCount = 0
    /// When the server knew us, each time.
    var welcomes: [ContinuousClock.Instant] = []
    var hasJoined = false
    var problems: [String] = []
  }

  let number: Int
  let room: RoomName
  private let chat: ChatClient
  private let texts: TextPool
  private let state = Mutex(State())

  /// - Throws: ``HookupError/Code/invalidArgument``.
  init(_ number: Int, url: String, room: String, texts: TextPool) throws(HookupError) {
    self.number = number
    self.texts = texts
    self.room = try RoomName(room)
    var logger = Logger(label: "restart")
    logger.logLevel = .critical
    chat = try ChatClient(
      url, configuration: ChatClient.Configuration(nick: try Nick("c\(number)")), logger: logger)
    chat.join(self.room, since: 0)
  }

  /// Connects and reads until ``close()``.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await self.chat.run() }
      tasks.addTask { for await update in self.chat.updates { self.take(update) } }
      try await tasks.waitForAll()
    }
  }

  func close() { chat.close() }

  private func take(_ update: ChatUpdate) {
    state.withLock { state in
      switch update {
      case .welcomed: state.welcomes.append(.now)
      case .joined: state.hasJoined = true
      case .entry(let entry):
        // What a line says is its identity; ids would be as many strings again.
        state.reader.entries.append(
          TortureEvidence.Entry(offset: entry.offset, id: "", text: texts.shared(entry.text)))
      case .gap(_, let first, let last): state.reader.gaps.append(first...last)
      case .own(let message): state.follow(message)
      case .refused(let code, let sentence, _):
        state.problems.append("client \(number) was refused: \(sentence) (\(code))")
      default: break
      }
    }
  }

  /// Says the next line. Returns when it is in the outbox.
  func say() async throws {
    let line = state.withLock { state in
      state.sender.tried += 1
      return state.sender.tried
    }
    let text = TortureLine(sender: number, number: line).text
    let outcomes = try await chat.say(contentsOf: [text], in: room) { ids in
      state.withLock { state in for id in ids { state.lines[id] = line } }
    }
    if case .failure(let error)? = outcomes.first?.outcome { throw error }
    state.withLock { _ = $0.sender.confirmed.insert(line) }
  }

  // MARK: What is known of it

  var isReady: Bool { state.withLock { $0.hasJoined } }
  var unsettledCount: Int { chat.unsettledCount }
  var saidCount: Int { state.withLock { $0.sender.confirmed.count } }
  var storedCount: Int { state.withLock { $0.storedCount } }
  var lastRead: UInt64 { state.withLock { $0.reader.entries.last?.offset ?? 0 } }
  var reader: TortureEvidence.Reader { state.withLock { $0.reader } }
  var sender: TortureEvidence.Sender { state.withLock { $0.sender } }
  var welcomeCount: Int { state.withLock { $0.welcomes.count } }
  var problems: [String] { state.withLock { $0.problems } }

  /// When the server first knew us after `instant`; nil as long as it does not.
  func welcome(after instant: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    state.withLock { state in state.welcomes.first { $0 > instant } }
  }
}

extension RestartClient.State {
  fileprivate mutating func follow(_ message: OwnMessage) {
    guard let line = lines[message.id] else { return }
    switch message.state {
    case .stored(let offset):
      storedCount += 1
      // The ack, which names no place, may be the first to tell.
      sender.offsets[line] = offset
      lines[message.id] = nil
    case .failed(let reason):
      sender.failed.insert(line)
      problems.append("line \(line) failed: \(reason)")
      lines[message.id] = nil
    default: break
    }
  }
}

/// What was said, each text once however many have read it: a thousand readers' entries are held at the same time.
final class TextPool: Sendable {
  private let texts = Mutex<Set<String>>([])

  /// The same text, in the memory that all who ask for it share.
  func shared(_ text: String) -> String {
    texts.withLock { $0.insert(text).memberAfterInsert }
  }
}
