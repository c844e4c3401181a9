import NIOCore

/// The latest entries of an outbox, held in memory, so that what was just appended is sent without being read back. When
/// it is full, the oldest go.
///
/// What was appended together is kept together, in the array it came in.
package struct TailCache: Sendable {
  /// Entries that were appended together, one number after the other.
  private struct Group: Sendable {
    let first: UInt64
    /// One that was removed has the sequence 0 and no payload; empty when all were.
    var entries: [OutboxEntry]
    /// How many were not removed, and what they cost.
    var count: Int
    var bytes: Int
  }

  /// More than these become several groups, so that one entry does not hold on to the room of many.
  private static let maximumGroup = 1_024

  /// In order; those before `head` are gone. The first from there is never spent.
  private var groups: [Group] = []
  private var head = 0
  /// Groups from `head` on of which nothing is left.
  private var spent = 0
  /// The highest sequence that was ever appended.
  private var last: UInt64 = 0
  private let maximumBytes: Int
  /// Memory the entries hold on to, in bytes. A payload that is a part of a larger buffer counts with all of that.
  package private(set) var bytes = 0

  /// - Parameter maximumBytes: zero keeps nothing, `Int.max` keeps all.
  package init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  package subscript(sequence: UInt64) -> OutboxEntry? {
    place(of: sequence).map { groups[$0.group].entries[$0.offset] }
  }

  /// Does nothing unless the entry's sequence is above all that were appended before.
  package mutating func append(_ entry: OutboxEntry) { append([entry]) }

  /// Appends them in order.
  package mutating func append(_ entries: [OutboxEntry]) {
    guard maximumBytes > 0, let first = entries.first?.sequence else { return }
    var cost = 0
    var isRun = first > last && entries.count <= Self.maximumGroup
    for index in entries.indices {
      cost += Self.cost(entries[index])
      if entries[index].sequence != first &+ UInt64(index) { isRun = false }
    }
    guard isRun else {
      if entries.count > 1 { for entry in entries { append([entry]) } }
      return
    }
    groups.append(Group(first: first, entries: entries, count: entries.count, bytes: cost))
    last = first + UInt64(entries.count - 1)
    bytes += cost
    evict()
  }

  package mutating func remove(_ sequence: UInt64) {
    guard let (group, offset) = place(of: sequence) else { return }
    remove(offset, of: group)
    tidy()
  }

  /// Entries from `sequence` on, in order: at most `maximumCount`, and after the first at most `maximumBytes` of payload.
  package func entries(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int
  ) -> [OutboxEntry] {
    var found: [OutboxEntry] = []
    guard maximumCount > 0 else { return found }
    var bytes = 0
    for group in index(of: sequence)..<groups.count {
      for entry in groups[group].entries where entry.sequence >= max(sequence, 1) {
        bytes += entry.payload.readableBytes
        guard found.isEmpty || bytes <= maximumBytes else { return found }
        found.append(entry)
        if found.count == maximumCount { return found }
      }
    }
    return found
  }

  // MARK: Groups

  /// Groups go whole; of the last one what is too much.
  private mutating func evict() {
    while bytes > maximumBytes, head + 1 < groups.count {
      bytes -= groups[head].bytes
      groups[head].entries = []
      groups[head].count = 0
      spent += 1
      tidy()
    }
    guard bytes > maximumBytes, let newest = groups.indices.last else { return }
    var offset = 0
    while bytes > maximumBytes, offset < groups[newest].entries.count {
      if groups[newest].entries[offset].sequence != 0 { remove(offset, of: newest) }
      offset += 1
    }
    tidy()
  }

  private mutating func remove(_ offset: Int, of group: Int) {
    let cost = Self.cost(groups[group].entries[offset])
    bytes -= cost
    groups[group].bytes -= cost
    groups[group].count -= 1
    if groups[group].count == 0 {
      groups[group].entries = []
      spent += 1
    } else {
      groups[group].entries[offset].sequence = 0
      groups[group].entries[offset].payload = ByteBuffer()
    }
  }

  private mutating func tidy() {
    guard spent > 0 else { return }
    while head < groups.count, groups[head].count == 0 {
      head += 1
      spent -= 1
    }
    if head == groups.count {
      // What grew for a long backlog is given back.
      groups.removeAll(keepingCapacity: groups.count <= 64)
      head = 0
    } else if head > 64, head > groups.count / 2 {
      groups.removeFirst(head)
      head = 0
    }
    if spent > 64, spent > (groups.count - head) / 2 {
      groups = groups[head...].filter { $0.count > 0 }
      head = 0
      spent = 0
    }
  }

  private func place(of sequence: UInt64) -> (group: Int, offset: Int)? {
    guard sequence > 0 else { return nil }
    let group = index(of: sequence)
    guard group < groups.count, sequence >= groups[group].first else { return nil }
    let offset = sequence - groups[group].first
    guard offset < UInt64(groups[group].entries.count),
      groups[group].entries[Int(offset)].sequence == sequence
    else { return nil }
    return (group, Int(offset))
  }

  /// The group that `sequence` would be in: the last one that does not begin above it, or else the first.
  private func index(of sequence: UInt64) -> Int {
    guard head + 1 < groups.count, sequence >= groups[head + 1].first else { return head }
    // Groups of one follow one another: then this is the place.
    if let guess = Int(exactly: sequence - groups[head].first), guess < groups.count - head,
      groups[head + guess].first == sequence
    {
      return head + guess
    }
    var low = head + 1
    var high = groups.count
    while low < high {
      let middle = (low + high) / 2
      if groups[middle].first <= sequence { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  private static func cost(_ entry: OutboxEntry) -> Int { entry.payload.storageCapacity + 96 }
}
