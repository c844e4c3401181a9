import HookupCore

/// The latest entries of a file outbox, so that what was just appended is sent without being read back. When it is full, the
/// oldest go; they are in the file.
struct TailCache: Sendable {
  private var entries = SequenceQueue<OutboxEntry>()
  private let maximumBytes: Int
  /// Memory the entries hold on to, in bytes. A payload that is a part of a larger buffer counts with all of that.
  private(set) var bytes = 0

  init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  subscript(sequence: UInt64) -> OutboxEntry? { entries[sequence] }

  mutating func append(_ entry: OutboxEntry) {
    guard entries.append(entry, at: entry.sequence) else { return }
    bytes += Self.cost(entry)
    while bytes > maximumBytes, let oldest = entries.first { remove(oldest.sequence) }
  }

  mutating func remove(_ sequence: UInt64) {
    if let entry = entries.remove(sequence) { bytes -= Self.cost(entry) }
  }

  private static func cost(_ entry: OutboxEntry) -> Int { entry.payload.storageCapacity + 96 }
}
