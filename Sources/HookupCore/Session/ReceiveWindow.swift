import NIOCore

/// What of the other side's numbers was received, and how far that is committed.
///
/// Takes only the next number. What is received and not yet committed is at most the credit that was given.
package struct ReceiveWindow: Hashable, Sendable {
  /// What is remembered of a numbering, beyond the life of a process.
  package enum Memory: Hashable, Sendable {
    /// Everything up to this number, which had this tag, is committed.
    case committed(UInt64, tag: UInt64)
    /// This numbering was never seen here, and had it been seen it would be remembered.
    case nothing
    /// Whether it was seen is not remembered.
    case unknown
    /// A later numbering of the same sender is known: this one comes from a backup or a copy.
    case superseded
  }

  /// The other side's numbering; 0 when none is known.
  package private(set) var epoch: UInt64
  /// The highest number committed, and its tag.
  package private(set) var committed: UInt64
  package private(set) var tag: UInt64
  /// The highest number received.
  package private(set) var received: UInt64
  /// The tags of what was received and is not committed.
  private var pending = CircularBuffer<UInt64>(initialCapacity: 1)

  package init(epoch: UInt64 = 0, committed: UInt64 = 0, tag: UInt64 = 0) {
    self.epoch = epoch
    self.committed = committed
    self.tag = tag
    received = committed
    seen = committed
  }

  /// The highest number that was ever received by this process, be it forgotten again: what comes again up to it may have had
  /// its effect.
  package private(set) var seen: UInt64

  /// Skips that are not committed.
  package var pendingSkips: Int { skips.count }

  package var uncommitted: Int { Int(received - committed) }

  package enum Taken: Hashable, Sendable {
    case next
    /// It was received before.
    case duplicate
    /// Something before it is missing.
    case gap
  }

  package mutating func take(_ sequence: UInt64, tag: UInt64) -> Taken {
    guard sequence > received else { return .duplicate }
    guard sequence == received + 1 else { return .gap }
    received = sequence
    seen = max(seen, sequence)
    pending.append(tag)
    return .next
  }

  /// The numbers up to `sequence` that have not come never will. The numbers that were skipped; nil when none were.
  package mutating func skip(through sequence: UInt64, tag: UInt64) -> ClosedRange<UInt64>? {
    guard sequence > received else { return nil }
    let skipped = received + 1...sequence
    // Only the last one's tag can ever be asked for: what stands before it is committed with it.
    skips.append(Skip(from: received + 1, through: sequence, tag: tag))
    received = sequence
    return skipped
  }

  /// Everything up to `sequence` is committed. False when that is no news, or was never received.
  package mutating func commit(through sequence: UInt64) -> Bool {
    guard sequence > committed, sequence <= received else { return false }
    while committed < sequence {
      if let skip = skips.first, skip.from == committed + 1 {
        // A skip is committed as a whole or not at all.
        guard skip.through <= sequence else { return true }
        committed = skip.through
        tag = skip.tag
        skips.removeFirst()
      } else {
        committed += 1
        tag = pending.popFirst() ?? 0
      }
    }
    return true
  }

  /// Everything up to `sequence` turned out to be committed, though it is not counted as received.
  package mutating func advance(to sequence: UInt64, tag: UInt64) {
    guard sequence > received else { return }
    pending.removeAll(keepingCapacity: true)
    skips.removeAll()
    committed = sequence
    received = sequence
    self.tag = tag
  }

  /// Nothing is known to be committed beyond `sequence`.
  package mutating func goBack(to sequence: UInt64) {
    committed = min(committed, sequence)
    rollBack()
  }

  /// What is not committed was not received: it is to come again.
  package mutating func rollBack() {
    received = committed
    pending.removeAll(keepingCapacity: true)
    skips.removeAll()
  }

  private struct Skip: Hashable, Sendable {
    var from: UInt64
    var through: UInt64
    var tag: UInt64
  }

  /// Its owner bounds them: a sender skips at most once before each message and once when it resumes.
  private var skips = CircularBuffer<Skip>(initialCapacity: 1)
}
