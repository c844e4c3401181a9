import HookupCore
import NIOPosix
import Synchronization

/// The directory of a server's journals: which of them are open, which wait for their clients, and which have waited too long.
///
/// What touches files runs on NIO's thread pool, one at a time.
final class JournalShelf: Sendable {
  private struct Waiting {
    var name: String
    var since: MonotonicInstant
  }

  private struct State: Sendable {
    var isRead = false
    var lock: OpenFile?
    var open: Set<String> = []
    /// Those that nobody uses, the one left the longest ago first.
    var waiting: [Waiting] = []
  }

  private let directory: String
  private let sync: OutboxSync
  private let limits: ReplayLimits
  private let files: any FileLayer
  private let state = Mutex(State())

  init(directory: String, sync: OutboxSync, limits: ReplayLimits, files: any FileLayer) {
    self.directory = directory
    self.sync = sync
    self.limits = limits
    self.files = files
  }

  /// Takes the directory, and looks what is there.
  /// - Throws: ``HookupError/Code/locked``, ``HookupError/Code/storage``.
  func begin() async throws(HookupError) {
    try await onThread { shelf throws(HookupError) in
      try shelf.state.withLock { state throws(HookupError) in try shelf.read(&state) }
    }
  }

  /// Opens a client's journal, or makes it.
  /// - Throws: ``HookupError/Code/storage``.
  func open(_ client: SessionID, after known: UInt64) async throws(HookupError) -> SessionOutbox {
    try await onThread { shelf throws(HookupError) in
      try shelf.state.withLock { state throws(HookupError) in
        try shelf.read(&state)
        let name = Self.name(of: client)
        let before = state.waiting.count
        state.waiting.removeAll { $0.name == name }
        let isNew = state.waiting.count == before
        let outbox = try SessionOutbox(
          for: client, after: known, directory: shelf.path(name), sync: shelf.sync,
          files: shelf.files)
        state.open.insert(name)
        // What it confirms must not go with its directory when power goes.
        if isNew { try? shelf.files.synchronizeDirectory(shelf.directory) }
        shelf.tidy(&state)
        return outbox
      }
    }
  }

  /// A journal was closed; its client has been away since `time`.
  func putBack(_ client: SessionID, since time: MonotonicInstant) async {
    try? await onThread { shelf throws(HookupError) in
      shelf.state.withLock { state in
        let name = Self.name(of: client)
        state.open.remove(name)
        let place = state.waiting.firstIndex { $0.since > time } ?? state.waiting.endIndex
        state.waiting.insert(Waiting(name: name, since: time), at: place)
        shelf.tidy(&state)
      }
    }
  }

  /// Lets go of the directory. Nothing is open any more.
  func end() async {
    try? await onThread { shelf throws(HookupError) in
      shelf.state.withLock { state in
        if let lock = state.lock.take() { shelf.files.close(lock) }
        state.isRead = false
      }
    }
  }

  /// How many journals there are.
  var count: Int { state.withLock { $0.open.count + $0.waiting.count } }

  /// A client's id is a secret, and paths are in logs.
  static func name(of client: SessionID) -> String {
    SHA256.digest(Array(client.text.utf8)).prefix(16)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  // MARK: On a thread

  private func onThread<Result: Sendable>(
    _ body: @escaping @Sendable (JournalShelf) throws(HookupError) -> Result
  ) async throws(HookupError) -> Result {
    do {
      return try await NIOThreadPool.singleton.runIfActive { try body(self) }
    } catch let error as HookupError {
      throw error
    } catch {
      throw HookupError(.storage, "journals in '\(directory)' cannot be used: \(error)")
    }
  }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  private func read(_ state: inout State) throws(HookupError) {
    guard !state.isRead else { return }
    let outcome = try naming { () throws(FileFailure) -> LockOutcome in
      try files.makeDirectory(directory)
      return try files.lock(path("lock"))
    }
    guard case .held(let lock) = outcome else {
      throw HookupError(
        .locked,
        "replay directory '\(directory)' is in use by another server: stop it, or choose another directory"
      )
    }
    do throws(HookupError) {
      let found = try naming { () throws(FileFailure) -> Set<String> in
        Set(try files.names(in: directory).map { String($0.prefix { $0 != "/" }) })
      }
      let (now, clock) = (MonotonicInstant.now, wallClockSeconds())
      state.waiting = found.filter(Self.isName).map { name in
        // One from the future was left just now.
        let age = max(0, clock - lastChange(in: path(name)))
        return Waiting(name: name, since: now.advanced(by: .seconds(-age)))
      }.sorted { ($0.since, $0.name) < ($1.since, $1.name) }
    } catch {
      files.close(lock)
      throw error
    }
    state.lock = lock
    state.isRead = true
    tidy(&state)
  }

  private static func isName(_ name: String) -> Bool { SessionID(name) != nil }

  /// Seconds since 1970.
  private func lastChange(in directory: String) -> Int64 {
    let names = (try? files.names(in: directory)) ?? []
    return names.map { (try? files.lastChange(of: "\(directory)/\($0)")) ?? 0 }.max() ?? 0
  }

  /// Removes what has waited too long, and the oldest of too many.
  private func tidy(_ state: inout State) {
    let limit = MonotonicInstant.now.advanced(by: .zero - limits.keepFor)
    var removed = 0
    for waiting in state.waiting {
      let left = state.open.count + state.waiting.count - removed
      guard waiting.since <= limit || left > limits.maximumJournals else { break }
      remove(waiting.name)
      removed += 1
    }
    state.waiting.removeFirst(removed)
  }

  /// One that cannot be removed now is found again at the next start.
  private func remove(_ name: String) {
    let directory = path(name)
    for name in (try? files.names(in: directory)) ?? [] {
      try? files.remove("\(directory)/\(name)")
    }
    try? files.removeDirectory(directory)
  }
}
