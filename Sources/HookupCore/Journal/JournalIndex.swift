/// Where each unsettled entry lies, and how much of each segment is still needed. 4 bytes an entry, where neighbours are of
/// one size in one segment; 12 at most.
package struct JournalIndex: Sendable {
  package struct Location: Hashable, Sendable {
    /// The number the owner gave to the segment.
    package var segment: UInt32
    /// Where the record starts, in bytes from the start of the file.
    package var offset: UInt32
    package var payloadBytes: UInt32

    package init(segment: UInt32, offset: UInt32, payloadBytes: UInt32) {
      self.segment = segment
      self.offset = offset
      self.payloadBytes = payloadBytes
    }
  }

  /// What a segment holds that is not settled.
  package struct Usage: Hashable, Sendable {
    package var entries = 0
    /// With record headers.
    package var bytes = 0

    /// - Returns: how many entries there are then.
    fileprivate mutating func add(_ entries: Int, _ bytes: Int) -> Int {
      self.entries += entries
      self.bytes += bytes
      return self.entries
    }
  }

  private struct Locations: PackedColumns {
    var segment: Column<UInt32>
    var offset: Column<UInt32>
    var payloadBytes: Column<UInt32>

    init(_ location: Location) {
      segment = Column(location.segment)
      offset = Column(location.offset)
      payloadBytes = Column(location.payloadBytes)
    }

    subscript(slot: Int) -> Location {
      get {
        Location(segment: segment[slot], offset: offset[slot], payloadBytes: payloadBytes[slot])
      }
      set {
        segment[slot] = newValue.segment
        offset[slot] = newValue.offset
        payloadBytes[slot] = newValue.payloadBytes
      }
    }
  }

  private var locations = PackedQueue<Locations>()
  private var usages: [UInt32: Usage] = [:]

  package init() {}

  package var count: Int { locations.count }
  package var isEmpty: Bool { locations.isEmpty }
  /// The lowest unsettled sequence.
  package var lowest: UInt64? { locations.firstSequence }
  package func usage(of segment: UInt32) -> Usage { usages[segment] ?? Usage() }
  package subscript(sequence: UInt64) -> Location? { locations[sequence] }

  /// - Returns: false, and nothing changes, unless `sequence` is above all that are held.
  @discardableResult
  package mutating func append(_ sequence: UInt64, at location: Location) -> Bool {
    guard locations.append(location, at: sequence) else { return false }
    count(location, 1)
    return true
  }

  /// The records of `entries` lie one after another in `segment`, from `offset` on. Their sequences are above all that are held.
  package mutating func append(_ entries: [OutboxEntry], segment: UInt32, from offset: Int) {
    var position = offset
    var added = 0
    var bytes = 0
    // By their places: a copy of an entry costs more than all the rest.
    for place in entries.indices {
      let payloadBytes = JournalRecordCodec.bodyBytes(of: entries[place])
      let location = Location(
        segment: segment, offset: UInt32(clamping: position),
        payloadBytes: UInt32(clamping: payloadBytes))
      position += JournalRecordCodec.headerBytes + payloadBytes
      guard locations.append(location, at: entries[place].sequence) else { continue }
      added += 1
      bytes += JournalRecordCodec.headerBytes + payloadBytes
    }
    if added > 0 { _ = usages[segment, default: Usage()].add(added, bytes) }
  }

  /// The entry was written again elsewhere.
  package mutating func move(_ sequence: UInt64, to location: Location) {
    guard let old = locations[sequence] else { return }
    count(old, -1)
    locations.update(sequence) { columns, slot in columns[slot] = location }
    count(location, 1)
  }

  /// - Returns: whether the entry was there.
  @discardableResult
  package mutating func settle(_ sequence: UInt64) -> Bool {
    guard let location = locations.remove(sequence) else { return false }
    count(location, -1)
    return true
  }

  package mutating func settle(_ range: ClosedRange<UInt64>) {
    var gone: [UInt32: Usage] = [:]
    locations.removeAll(in: range) { _, location in
      _ = gone[location.segment, default: Usage()].add(1, Self.bytes(location))
    }
    for (segment, usage) in gone { count(segment, -usage.entries, -usage.bytes) }
  }

  /// Entries from `sequence` on, in order: at most `maximumCount`, and after the first at most `maximumBytes` of payload.
  package func entries(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int
  ) -> [(sequence: UInt64, location: Location)] {
    var found: [(sequence: UInt64, location: Location)] = []
    guard maximumCount > 0 else { return found }
    var bytes = 0
    locations.walk(from: sequence) { sequence, location in
      bytes += Int(location.payloadBytes)
      guard found.isEmpty || bytes <= maximumBytes else { return false }
      found.append((sequence, location))
      return found.count < maximumCount
    }
    return found
  }

  /// The entries of one segment, in order.
  package func entries(in segment: UInt32) -> [(sequence: UInt64, location: Location)] {
    var found: [(sequence: UInt64, location: Location)] = []
    let wanted = usage(of: segment).entries
    guard wanted > 0 else { return found }
    locations.walk { sequence, location in
      if location.segment == segment { found.append((sequence, location)) }
      return found.count < wanted
    }
    return found
  }

  private mutating func count(_ location: Location, _ sign: Int) {
    count(location.segment, sign, sign * Self.bytes(location))
  }

  private mutating func count(_ segment: UInt32, _ entries: Int, _ bytes: Int) {
    let rest = usages[segment, default: Usage()].add(entries, bytes)
    if rest == 0 { usages[segment] = nil }
  }

  private static func bytes(_ location: Location) -> Int {
    JournalRecordCodec.headerBytes + Int(location.payloadBytes)
  }
}
