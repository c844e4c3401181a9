import HookupCore
import NIOCore

/// Messages between those who send them, an outbox and the wire, and those who wait for what becomes of them: what the drivers of
/// both sides of a session keep beside their machine. Decides nothing; holds as much as the machine lets in.
struct OutboxDesk: Sendable {
  /// How a caller of `send` learns what became of its message. Called once.
  typealias Acceptance = @Sendable (Result<SendReceipt, any Error>) -> Void

  struct Submission: Sendable {
    var entry: OutboxEntry
    var acceptance: Acceptance
  }

  /// By ticket: callers of `send` whose message has no number yet.
  private(set) var submissions: [UInt64: Submission] = [:]
  /// By number: callers of `send` whose message is being made durable.
  private var storing: [UInt64: Acceptance] = [:]
  /// Read from the outbox for the wire, until transmitted.
  private var loaded: [UInt64: OutboxEntry] = [:]
  private var appends: [OutboxEntry] = []
  private var settled: [UInt64] = []
  /// Callers that wait for the end of a message's way, by its number and a ticket.
  private var receipts: [UInt64: [UInt64: CheckedContinuation<Void, any Error>]] = [:]
  private var failures: [UInt64: String] = [:]
  private var failureOrder = CircularBuffer<UInt64>(initialCapacity: 1)

  /// Failures that are remembered for who asks later; older ones count as settled.
  private static let rememberedFailures = 1_024

  // MARK: Into the outbox

  mutating func submit(_ ticket: UInt64, _ submission: Submission) {
    submissions[ticket] = submission
  }

  /// What has no number yet is taken back.
  mutating func cancel(_ ticket: UInt64) -> Submission? {
    submissions.removeValue(forKey: ticket)
  }

  /// The message has its number, and is to be stored: see ``takeAppends()``.
  mutating func append(_ ticket: UInt64, _ sequence: UInt64, tag: UInt64) {
    guard var submission = submissions.removeValue(forKey: ticket) else { return }
    submission.entry.sequence = sequence
    submission.entry.tag = tag
    storing[sequence] = submission.acceptance
    appends.append(submission.entry)
  }

  mutating func refuse(_ ticket: UInt64, _ error: HookupError) {
    submissions.removeValue(forKey: ticket)?.acceptance(.failure(error))
  }

  /// Nobody gets a place any more.
  mutating func refuseAll(_ error: HookupError) {
    let refused = submissions
    submissions = [:]
    for submission in refused.values { submission.acceptance(.failure(error)) }
  }

  mutating func accept(_ range: ClosedRange<UInt64>) {
    for sequence in range {
      storing.removeValue(forKey: sequence)?(.success(SendReceipt(sequence: sequence)))
    }
  }

  mutating func reject(_ range: ClosedRange<UInt64>, _ error: HookupError) {
    for sequence in range { storing.removeValue(forKey: sequence)?(.failure(error)) }
  }

  /// What is to be stored since the last call, in order.
  mutating func takeAppends() -> [OutboxEntry] {
    guard !appends.isEmpty else { return [] }
    defer { appends = [] }
    return appends
  }

  // MARK: Out of the outbox

  /// Keeps what was read for the wire. Returns the numbers, for the machine.
  mutating func hold(_ entries: [OutboxEntry]) -> [UInt64] {
    for entry in entries { loaded[entry.sequence] = entry }
    return entries.map(\.sequence)
  }

  mutating func take(_ sequence: UInt64) -> OutboxEntry? { loaded.removeValue(forKey: sequence) }

  mutating func discard(_ sequence: UInt64) { loaded[sequence] = nil }

  mutating func settle(_ sequence: UInt64) { settled.append(sequence) }

  /// What is settled since the last call.
  mutating func takeSettled() -> [UInt64] {
    guard !settled.isEmpty else { return [] }
    defer { settled.removeAll(keepingCapacity: true) }
    return settled
  }

  // MARK: Receipts

  /// Tells `waiter` what becomes of `sequence`, now or when it is known.
  /// - Parameter end: why nothing more is heard, when that is so.
  mutating func awaitDelivery(
    _ sequence: UInt64, _ ticket: UInt64, in window: SendWindow, end: HookupError?,
    _ waiter: CheckedContinuation<Void, any Error>
  ) {
    if let reason = failures[sequence] {
      waiter.resume(throwing: HookupError.notDelivered(sequence, reason))
    } else if sequence >= window.next {
      waiter.resume(
        throwing: HookupError(.invalidArgument, "message \(sequence) was not sent from here"))
    } else if !window.isUnsettled(sequence) {
      waiter.resume()
    } else if let end {
      waiter.resume(throwing: end)
    } else {
      receipts[sequence, default: [:]][ticket] = waiter
    }
  }

  mutating func stopAwaiting(_ sequence: UInt64, _ ticket: UInt64) {
    receipts[sequence]?.removeValue(forKey: ticket)?.resume(throwing: CancellationError())
    if receipts[sequence]?.isEmpty == true { receipts[sequence] = nil }
  }

  mutating func delivered(_ range: ClosedRange<UInt64>) {
    guard !receipts.isEmpty else { return }
    for sequence in range {
      for waiter in receipts.removeValue(forKey: sequence)?.values ?? [:].values { waiter.resume() }
    }
  }

  mutating func failed(_ sequence: UInt64, reason: String) {
    failures[sequence] = reason
    failureOrder.append(sequence)
    if failureOrder.count > Self.rememberedFailures, let oldest = failureOrder.popFirst() {
      failures[oldest] = nil
    }
    for waiter in receipts.removeValue(forKey: sequence)?.values ?? [:].values {
      waiter.resume(throwing: HookupError.notDelivered(sequence, reason))
    }
  }

  mutating func endReceipts(_ error: HookupError) {
    for waiter in receipts.values.flatMap(\.values) { waiter.resume(throwing: error) }
    receipts = [:]
  }
}

extension HookupError {
  fileprivate static func notDelivered(_ sequence: UInt64, _ reason: String) -> HookupError {
    HookupError(.refused, "message \(sequence) was not delivered: \(reason)")
  }
}
