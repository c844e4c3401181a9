import HookupCore
import Logging
import NIOCore
import Synchronization

/// The sessions that a server holds in memory: those with a connection, and as many of the others as there is room for.
final class SessionRegistry: Sendable {
  fileprivate struct Entry {
    var session: ServerSession
    /// Connections that have it, or are about to.
    var users = 0
    /// When it was left, counted; tells whether an entry of ``State/idle`` is still true.
    var turn: UInt64 = 0
  }

  fileprivate struct State {
    var sessions: [SessionID: Entry] = [:]
    /// Sessions that nobody had when they were entered, the one left the longest ago first.
    var idle = CircularBuffer<(client: SessionID, turn: UInt64)>()
    var turn: UInt64 = 0
  }

  let options: SessionOptions
  let committer: SessionCommitter
  private let maximumMessageBytes: Int
  private let incarnation = UInt64.random(in: 1...(.max))
  private let state = Mutex(State())

  init(_ options: SessionOptions, _ configuration: ServerConfiguration, _ logger: Logger) {
    self.options = options
    maximumMessageBytes = configuration.limits.maximumMessageBytes
    committer = SessionCommitter(options.store, logger)
  }

  /// The client's session, made of what the store remembers when there is none; nil when there is no room. To be released.
  func acquire(_ client: SessionID, _ memory: SessionMemory) -> ServerSession? {
    state.withLock { state in
      if state.sessions[client] == nil {
        guard state.sessions.count < options.maximumSessions || state.evict() else { return nil }
        state.sessions[client] = Entry(
          session: ServerSession(
            client, memory, options, maximumMessageBytes: maximumMessageBytes,
            incarnation: incarnation, committer: committer))
      }
      state.sessions[client]?.users += 1
      return state.sessions[client]?.session
    }
  }

  func release(_ session: ServerSession) {
    state.withLock { state in
      guard var entry = state.sessions[session.client], entry.session === session else { return }
      entry.users -= 1
      if entry.users == 0 {
        state.turn += 1
        entry.turn = state.turn
        state.idle.append((session.client, state.turn))
      }
      state.sessions[session.client] = entry
      state.tidy()
    }
  }

  var count: Int { state.withLock { $0.sessions.count } }
}

extension SessionRegistry.State {
  private func isTrue(_ idle: (client: SessionID, turn: UInt64)) -> Bool {
    guard let entry = sessions[idle.client] else { return false }
    return entry.users == 0 && entry.turn == idle.turn
  }

  /// Lets the session go that was left the longest ago.
  fileprivate mutating func evict() -> Bool {
    while let oldest = idle.popFirst() {
      guard isTrue(oldest) else { continue }
      sessions[oldest.client] = nil
      return true
    }
    return false
  }

  /// A client that comes and goes leaves many entries, of which one is true.
  fileprivate mutating func tidy() {
    guard idle.count > 2 * sessions.count + 16 else { return }
    idle = CircularBuffer(idle.filter { isTrue($0) })
  }
}
