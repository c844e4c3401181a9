import HookupCore
import NIOCore
import NIOPosix
import Synchronization

/// What a server's session keeps of the messages it sends: an outbox, and under which numbering it sends them. Hands what comes of
/// its orders back in their order, never within the call.
///
/// Orders are given under the lock of the session.
final class SessionOutbox: Sendable {
  /// What came of an order.
  enum Outcome: Sendable {
    case stored(through: UInt64)
    case storeFailed(ClosedRange<UInt64>, HookupError)
    case loaded(connection: UInt64, [OutboxEntry])
    case loadFailed(connection: UInt64, HookupError)
    /// A message whose ack is overdue.
    case overdue(OutboxEntry)
  }

  private struct State: Sendable {
    var outcomes: [Outcome] = []
    var isAnnounced = false
    var identity: SessionIdentity
    /// Whether the identity is not known to be durable.
    var isDirty: Bool
  }

  let storage: any OutboxStorage
  /// What the session begins with.
  let identity: SessionIdentity
  /// A sentence for each thing that had to be repaired.
  let notices: [String]
  /// Nil for one in memory.
  private let file: ClientIdentityFile?
  private let state: Mutex<State>
  /// Where those are told for whom something came: never in their own call.
  private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

  /// In memory: a numbering of its own, for nobody remembers another.
  /// - Parameter known: the last numbering of this server that the client has heard of; 0 for none. So too below.
  init(for client: SessionID, after known: UInt64) {
    storage = MemoryOutbox()
    file = nil
    notices = []
    identity = SessionIdentity(
      client: client,
      epoch: SessionIdentity.epoch(after: known, random: .random(in: 0...UInt64.max)))
    state = Mutex(State(identity: identity, isDirty: false))
  }

  /// Opens or makes the one in `directory`. Blocks while it reads.
  /// - Throws: ``HookupError/Code/storage``, ``HookupError/Code/locked``.
  init(
    for client: SessionID, after known: UInt64, directory: String, sync: OutboxSync,
    files: any FileLayer
  ) throws(HookupError) {
    let outbox = try FileOutbox.open(
      directory: directory, options: FileOutboxOptions(sync: sync, segmentBytes: 1 << 20),
      files: files)
    let recovered = outbox.recovered
    let file: ClientIdentityFile
    do throws(HookupError) {
      file = try ClientIdentityFile.open(
        directory: directory, files: files, isExpected: recovered.nextSequence > 1,
        freshID: (client.high, client.low))
    } catch {
      outbox.close { _ in }
      throw error
    }
    var found = file.value
    if SessionID(high: found.high, low: found.low) != client {
      // Not this client's: whatever it numbered is not known.
      found.epoch = 0
    }
    var identity = SessionIdentity(
      found, recovered, after: known, random: .random(in: 0...UInt64.max))
    identity.client = client
    storage = outbox
    self.file = file
    self.identity = identity
    notices = recovered.notices + file.recovered.notices
    state = Mutex(State(identity: identity, isDirty: identity.epoch != file.value.epoch))
    outbox.settle(recovered.pending.map(\.sequence).filter { $0 <= identity.base })
  }

  // MARK: Orders

  func append(_ entries: [OutboxEntry], for session: ServerSession) {
    guard let first = entries.first?.sequence, let last = entries.last?.sequence else { return }
    storage.append(entries) { [self] result in
      switch result {
      case .success: put(.stored(through: last), for: session)
      case .failure(let error): put(.storeFailed(first...last, error), for: session)
      }
    }
  }

  func load(
    connection: UInt64, from: UInt64, count: Int, bytes: Int, for session: ServerSession
  ) {
    storage.read(from: from, maximumCount: count, maximumBytes: bytes) { [self] result in
      switch result {
      case .success(let entries): put(.loaded(connection: connection, entries), for: session)
      case .failure(let error): put(.loadFailed(connection: connection, error), for: session)
      }
    }
  }

  /// Fetches a message whose ack is overdue, unless it is settled.
  func fetch(_ sequence: UInt64, for session: ServerSession) {
    storage.read(from: sequence, maximumCount: 1, maximumBytes: 1) { [self] result in
      guard case .success(let entries) = result, let entry = entries.first,
        entry.sequence == sequence
      else { return }
      put(.overdue(entry), for: session)
    }
  }

  /// What came of the orders since the last call.
  func takeOutcomes() -> [Outcome] {
    state.withLock { state in
      guard !state.outcomes.isEmpty else { return [] }
      state.isAnnounced = false
      defer { state.outcomes = [] }
      return state.outcomes
    }
  }

  private func put(_ outcome: Outcome, for session: ServerSession) {
    let isFirst = state.withLock { state in
      state.outcomes.append(outcome)
      defer { state.isAnnounced = true }
      return !state.isAnnounced
    }
    if isFirst { eventLoop.execute { session.takeOutcomes() } }
  }

  // MARK: The numbering

  /// Whether the numbering may not be used yet: see ``makeDurable()``.
  var isDirty: Bool { state.withLock { $0.isDirty } }

  /// To be made durable before the next connection is taken.
  func renew(_ identity: SessionIdentity) {
    state.withLock { state in
      state.identity = identity
      state.isDirty = file != nil
    }
  }

  /// Makes a numbering durable that is new, if there is one.
  /// - Throws: ``HookupError/Code/storage``.
  func makeDurable() async throws(HookupError) {
    guard let file, let identity = state.withLock({ $0.isDirty ? $0.identity : nil }) else {
      return
    }
    let outboxEpoch = storage.recovered.epoch
    let result = await withCheckedContinuation {
      (waiter: CheckedContinuation<Result<Void, HookupError>, Never>) in
      file.renew(identity, outboxEpoch: outboxEpoch) { waiter.resume(returning: $0) }
    }
    try result.get()
    state.withLock { if $0.identity == identity { $0.isDirty = false } }
  }

  /// Writes what waits and lets go of the files. `completion` runs when that is done, on any thread.
  func close(completion: @escaping @Sendable () -> Void) {
    storage.close { [file] _ in
      guard let file else { return completion() }
      file.close(completion: completion)
    }
  }
}
