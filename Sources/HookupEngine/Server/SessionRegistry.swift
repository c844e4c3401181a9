import HookupCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The sessions that a server holds in memory: those with a connection, and as many of the others as there is room for and as
/// long as they are to be kept.
final class SessionRegistry: Sendable {
  fileprivate struct Entry {
    var session: ServerSession
    /// Connections that have it, or are about to.
    var users = 0
    /// When it was left, counted; tells whether an entry of ``State/idle`` is still true.
    var turn: UInt64 = 0
  }

  fileprivate struct Idle {
    var client: SessionID
    var turn: UInt64
    var since: MonotonicInstant
  }

  fileprivate struct State {
    var sessions: [SessionID: Entry] = [:]
    /// Sessions that nobody had when they were entered, the one left the longest ago first.
    var idle = CircularBuffer<Idle>()
    var turn: UInt64 = 0
    /// Clients whose session is being made or let go, and who waits for that.
    var busy: [SessionID: [CheckedContinuation<Void, Never>]] = [:]
    /// Sessions that are being made.
    var openings = 0
    /// Looks for sessions that are to be kept no longer.
    var alarm: Scheduled<Void>?
    /// Nothing is made any more.
    var isOver = false
  }

  /// What is to be done for a client that wants its session.
  private enum Step {
    case take(ServerSession)
    case await
    case make(evicting: (ServerSession, since: MonotonicInstant)?)
    case refuse
  }

  let options: SessionOptions
  let committer: SessionCommitter
  private let limits: ServerLimits
  private let logger: Logger
  private let incarnation = UInt64.random(in: 1...(.max))
  private let shelf: JournalShelf?
  /// Sessions that are let go, for ``run()``: each is given once, and there are no more than were held.
  private let leaving = WorkQueue<(ServerSession, since: MonotonicInstant)>()
  private let capacity: Int
  private let state = Mutex(State())

  init(_ options: SessionOptions, _ configuration: ServerConfiguration, _ logger: Logger) {
    self.options = options
    self.logger = logger
    limits = configuration.limits
    committer = SessionCommitter(options.store, logger)
    if case .journal(let directory, let sync, let limits) = options.replay {
      shelf = JournalShelf(
        directory: directory, sync: sync, limits: limits, files: options.files)
      capacity = min(
        options.maximumSessions, limits.maximumOpenJournals, limits.maximumJournals)
    } else {
      shelf = nil
      capacity = options.maximumSessions
    }
  }

  /// To be called before anybody is let in.
  /// - Throws: ``HookupError/Code/locked``, ``HookupError/Code/storage`` for a directory that cannot be used.
  func begin() async throws(HookupError) { try await shelf?.begin() }

  /// The client's session, made of what the store remembers when there is none; nil when there is no room. To be released.
  /// - Throws: ``HookupError/Code/storage`` when its outbox cannot be opened.
  func acquire(
    _ client: SessionID, _ memory: SessionMemory, after known: UInt64
  ) async throws(HookupError) -> ServerSession? {
    while true {
      switch state.withLock({ step(&$0, for: client) }) {
      case .take(let session): return session
      case .refuse: return nil
      case .await: await untilFree(client)
      case .make(let evicted):
        if let evicted { await retire(evicted.0, since: evicted.since) }
        return try await make(client, memory, after: known)
      }
    }
  }

  private func step(_ state: inout State, for client: SessionID) -> Step {
    if state.sessions[client] != nil {
      state.sessions[client]?.users += 1
      return state.sessions[client].map { .take($0.session) } ?? .refuse
    }
    guard !state.isOver else { return .refuse }
    if state.busy[client] != nil { return .await }
    var evicted: (ServerSession, since: MonotonicInstant)?
    if state.sessions.count + state.openings >= capacity {
      evicted = state.evict()
      guard evicted != nil else { return .refuse }
    }
    state.busy[client] = []
    state.openings += 1
    return .make(evicting: evicted)
  }

  private func make(
    _ client: SessionID, _ memory: SessionMemory, after known: UInt64
  ) async throws(HookupError) -> ServerSession? {
    var session: ServerSession?
    defer {
      let waiters = state.withLock { state in
        state.openings -= 1
        if let session { state.sessions[client] = Entry(session: session, users: 1) }
        return state.busy.removeValue(forKey: client) ?? []
      }
      for waiter in waiters { waiter.resume() }
    }
    let outbox: SessionOutbox? =
      switch options.replay {
      case .none: nil
      case .memory: SessionOutbox(for: client, after: known)
      case .journal: try await shelf?.open(client, after: known)
      }
    for notice in outbox?.notices ?? [] {
      logger.warning("a session's outbox was repaired", metadata: ["notice": "\(notice)"])
    }
    session = ServerSession(
      client, memory, options, outbox, limits, incarnation: incarnation, committer: committer,
      logger: logger)
    return session
  }

  private func untilFree(_ client: SessionID) async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.busy[client] != nil else { return true }
        state.busy[client]?.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  func release(_ session: ServerSession) {
    state.withLock { state in
      guard var entry = state.sessions[session.client], entry.session === session else { return }
      entry.users -= 1
      if entry.users == 0 {
        state.turn += 1
        entry.turn = state.turn
        state.idle.append(Idle(client: session.client, turn: state.turn, since: .now))
      }
      state.sessions[session.client] = entry
      state.tidy()
      setAlarm(&state)
    }
  }

  var count: Int { state.withLock { $0.sessions.count } }

  /// The session of a client, if it is held.
  subscript(client: SessionID) -> ServerSession? {
    state.withLock { $0.sessions[client]?.session }
  }

  // MARK: Letting go

  /// `session` is not held any more, and its client is busy until its outbox is closed.
  private func retire(_ session: ServerSession, since time: MonotonicInstant) async {
    await withCheckedContinuation { done in session.end { done.resume() } }
    await shelf?.putBack(session.client, since: time)
    let waiters = state.withLock { $0.busy.removeValue(forKey: session.client) ?? [] }
    for waiter in waiters { waiter.resume() }
  }

  /// Rings when the session left the longest ago is to be kept no longer.
  private func setAlarm(_ state: inout State) {
    guard let keepFor = options.replay.limits?.keepFor, state.alarm == nil, !state.isOver,
      let oldest = state.idle.first
    else { return }
    state.alarm = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(
      deadline: NIODeadline(oldest.since + keepFor)
    ) { [weak self] in self?.expire(keepFor) }
  }

  private func expire(_ keepFor: Duration) {
    state.withLock { state in
      state.alarm = nil
      guard !state.isOver else { return }
      let limit = MonotonicInstant.now.advanced(by: .zero - keepFor)
      while let oldest = state.idle.first, oldest.since <= limit || !state.isTrue(oldest) {
        if let expired = state.evict(onlyFirst: true) { leaving.append(expired) }
      }
      setAlarm(&state)
    }
  }

  /// Commits what is confirmed and sees sessions off, until ``finish()``.
  func run() async {
    async let committing: Void = committer.run()
    while let sessions = await leaving.next() {
      logger.info("sessions are let go", metadata: ["count": "\(sessions.count)"])
      for (session, since) in sessions { await retire(session, since: since) }
    }
    await committing
  }

  /// No connection is left: ``run()`` ends when what waits is done.
  func finish() {
    committer.finish()
    leaving.finish()
  }

  /// Nobody who waits in a session is to keep the server from stopping.
  func stopWaiting() {
    let sessions = state.withLock { state in state.sessions.values.map(\.session) }
    for session in sessions {
      session.stopWaiting(HookupError(.closed, "the server stops"))
    }
  }

  /// Closes every outbox, and returns when that is done. Every connection has ended, and so has ``run()``.
  func end() async {
    let held = state.withLock { state in
      state.isOver = true
      state.alarm?.cancel()
      state.alarm = nil
      let held = state.sessions.values.map(\.session)
      for session in held { state.busy[session.client] = [] }
      state.sessions = [:]
      state.idle = []
      return held
    }
    for session in held { await retire(session, since: .now) }
    for (session, since) in leaving.takeAll() { await retire(session, since: since) }
    await shelf?.end()
  }
}

extension SessionRegistry.State {
  fileprivate func isTrue(_ idle: SessionRegistry.Idle) -> Bool {
    guard let entry = sessions[idle.client] else { return false }
    return entry.users == 0 && entry.turn == idle.turn
  }

  /// Lets the session go that was left the longest ago: its client is busy then. With `onlyFirst` no further entry is looked at
  /// when the first is not true any more.
  fileprivate mutating func evict(
    onlyFirst: Bool = false
  ) -> (ServerSession, since: MonotonicInstant)? {
    while let oldest = idle.popFirst() {
      if isTrue(oldest), let session = sessions.removeValue(forKey: oldest.client)?.session {
        busy[oldest.client] = []
        return (session, oldest.since)
      }
      if onlyFirst { return nil }
    }
    return nil
  }

  /// A client that comes and goes leaves many entries, of which one is true.
  fileprivate mutating func tidy() {
    guard idle.count > 2 * sessions.count + 16 else { return }
    idle = CircularBuffer(idle.filter { isTrue($0) })
  }
}
