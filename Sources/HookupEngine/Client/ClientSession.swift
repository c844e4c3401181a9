import HookupCore

/// What a client's session needs beyond the life of its process: who it is, how often it has dialled, how far it has received. In
/// files beside a file outbox; in memory beside any other.
///
/// `@unchecked Sendable`: what changes is touched on the client's event loop only.
final class ClientSession: @unchecked Sendable {
  /// What the machine begins with.
  let resume: SessionMachine.Resume
  /// A sentence for each thing that had to be repaired.
  let notices: [String]
  private let files: (identity: ClientIdentityFile, received: ReceivedCursorFile)?
  private let outboxEpoch: UInt64
  private var connections: UInt64 = 0

  /// - Parameter outbox: open, and so holding the directory's lock.
  /// - Throws: ``HookupError/Code/storage``.
  init(outbox: any OutboxStorage) throws(HookupError) {
    let recovered = outbox.recovered
    outboxEpoch = recovered.epoch
    let incarnation = UInt64.random(in: 1...UInt64.max)
    let fresh = SessionIdentity(
      client: SessionID(high: .random(in: 0...UInt64.max), low: .random(in: 0...UInt64.max)),
      epoch: SessionIdentity.epoch(after: 0, random: .random(in: 0...UInt64.max)),
      base: recovered.base)
    guard let directory = (outbox as? FileOutbox)?.directory else {
      files = nil
      notices = []
      resume = SessionMachine.Resume(role: .client, identity: fresh, incarnation: incarnation)
      return
    }
    let identityFile = try ClientIdentityFile.open(
      directory: directory, isExpected: recovered.nextSequence > 1,
      freshID: (fresh.client.high, fresh.client.low))
    let value = identityFile.value
    let receivedFile = try ReceivedCursorFile.open(
      directory: directory, isExpected: value.connections > 0)
    let identity = SessionIdentity(
      value, recovered, random: .random(in: 0...UInt64.max))
    let cursor = receivedFile.value
    files = (identityFile, receivedFile)
    notices = identityFile.recovered.notices + receivedFile.recovered.notices
    resume = SessionMachine.Resume(
      role: .client, identity: identity, incarnation: incarnation,
      received: ReceiveWindow(epoch: cursor.epoch, committed: cursor.rx, tag: cursor.tag),
      remembersReceived: true)
    if identity.epoch != value.epoch { renew(identity) { _ in } }
  }

  /// Counts a dial; the number goes to `completion` once it is durable, on any thread.
  func nextConnection(completion: @escaping @Sendable (Result<UInt64, HookupError>) -> Void) {
    guard let files else {
      connections += 1
      return completion(.success(connections))
    }
    files.identity.nextConnectionNumber(completion: completion)
  }

  /// Durable before any later ``nextConnection(completion:)`` completes.
  func renew(
    _ identity: SessionIdentity, completion: @escaping @Sendable (HookupError) -> Void
  ) {
    files?.identity.renew(identity, outboxEpoch: outboxEpoch) {
      if case .failure(let error) = $0 { completion(error) }
    }
  }

  /// Remembers what was received and handled; completes when that is durable, on any thread.
  func store(
    epoch: UInt64, committed: UInt64, tag: UInt64,
    completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    guard let files else { return completion(.success(())) }
    files.received.store(
      ReceivedCursor(epoch: epoch, rx: committed, tag: tag), completion: completion)
  }

  func close() {
    files?.identity.close {}
    files?.received.close {}
  }
}
