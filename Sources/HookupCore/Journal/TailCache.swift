/// The latest entries of an outbox, held in memory, so that what was just appended is sent without being read back. When
/// it is full, the oldest go.
package struct TailCache: Sendable {
  private var entries = SequenceQueue<OutboxEntry>()
  private let maximumBytes: Int
  /// Memory the entries hold on to, in bytes. A payload that is a part of a larger buffer counts with all of that.
  package private(set) var bytes = 0

  /// - Parameter maximumBytes: zero keeps nothing, `Int.max` keeps all.
  package init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  package subscript(sequence: UInt64) -> OutboxEntry? { entries[sequence] }

  /// Does nothing unless the entry's sequence is above all that are held.
  package mutating func append(_ entry: OutboxEntry) {
    guard entries.append(entry, at: entry.sequence) else { return }
    bytes += Self.cost(entry)
    while bytes > maximumBytes, let oldest = entries.removeFirst() { bytes -= Self.cost(oldest) }
  }

  /// Appends them in order.
  package mutating func append(_ entries: [OutboxEntry]) {
    for entry in entries { append(entry) }
  }

  package mutating func remove(_ sequence: UInt64) {
    if let entry = entries.remove(sequence) { bytes -= Self.cost(entry) }
  }

  /// Entries from `sequence` on, in order: at most `maximumCount`, and after the first at most `maximumBytes` of payload.
  package func entries(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int
  ) -> [OutboxEntry] {
    var found: [OutboxEntry] = []
    guard maximumCount > 0 else { return found }
    var bytes = 0
    entries.walk(from: sequence) { _, entry in
      bytes += entry.payload.readableBytes
      guard found.isEmpty || bytes <= maximumBytes else { return false }
      found.append(entry)
      return found.count < maximumCount
    }
    return found
  }

  private static func cost(_ entry: OutboxEntry) -> Int { entry.payload.storageCapacity + 96 }
}
