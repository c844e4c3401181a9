import HookupCore
import NIOCore

/// Where messages wait until they are settled. Two implementations: ``MemoryOutbox`` and ``FileOutbox``.
///
/// The client's runner is the only caller. It calls from one event loop, never concurrently; completions run on any
/// thread, in the order of the calls. Operations take effect in the order of the calls.
package protocol OutboxStorage: AnyObject, Sendable {
  /// What was found on opening. Fixed afterwards.
  var recovered: OutboxRecovery { get }

  /// Adds entries whose sequences continue the last one without a hole; after an append that failed, from its first
  /// sequence or from any higher one. `completion` runs once all of them are durable as
  /// the policy says (group commit: many calls, one fsync), or with the error that kept them from it; then none of
  /// these entries is in the outbox.
  func append(
    _ entries: [OutboxEntry], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void)

  /// Marks entries as settled: they are never returned again, and files that hold only settled ones go. Written lazily:
  /// after a crash some settled entries may come back.
  func settle(_ sequences: [UInt64])

  /// Notes that entries are withdrawn, for ``OutboxRecovery/withdrawn`` of the next opening: they stay until they are settled.
  /// `completion` runs once that is as durable as an append would be, or with the error that kept it from that; then none is
  /// withdrawn.
  func withdraw(
    _ sequences: [UInt64], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void)

  /// Reads unsettled entries with `sequence >= from`, in order, at most `maximumCount` of them and, after the first,
  /// at most `maximumBytes` of payload. Entries appended recently come from memory.
  func read(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int,
    completion: @escaping @Sendable (Result<[OutboxEntry], HookupError>) -> Void)

  /// Bytes on disk now; nil for memory.
  var fileBytes: Int? { get }

  /// Flushes and lets go of files and locks. Idempotent. `completion` runs when nothing is left to write.
  func close(completion: @escaping @Sendable (Result<Void, HookupError>) -> Void)
}

/// What opening an outbox found.
package struct OutboxRecovery: Hashable, Sendable {
  /// The number the next appended entry must have; 1 for a new outbox.
  package var nextSequence: UInt64 = 1
  /// Unsettled entries. (Payloads are read on demand.)
  package var pending = PendingMessages()
  /// Those of ``pending`` that were withdrawn.
  package var withdrawn: Set<UInt64> = []
  /// One sentence for each thing that had to be repaired: a torn tail cut off, a damaged file set aside, with its path.
  package var notices: [String] = []
  /// Numbers that were given, or may have been, whose messages are gone though they were not settled: in order, apart from one
  /// another. Told once, when the loss is met.
  package var lost: [ClosedRange<UInt64>] = []
  /// The id of the numbering from ``nextSequence`` on.
  package var epoch: UInt64 = 0
  /// Whether ``epoch`` begins now: the outbox is new, or it cannot be shown that no number was lost.
  package var isNewEpoch = true

  package init() {}
}
