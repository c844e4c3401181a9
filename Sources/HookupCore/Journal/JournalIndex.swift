/// Where each unsettled entry lies, and how much of each segment is still needed. 24 bytes an entry.
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

  private var locations = SequenceQueue<Location>()
  private var usages: [UInt32: Usage] = [:]

  package init() {}

  package var count: Int { locations.count }
  package var isEmpty: Bool { locations.isEmpty }
  /// The lowest unsettled sequence.
  package var lowest: UInt64? { locations.first?.sequence }
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
    for entry in entries {
      let payloadBytes = JournalRecordCodec.bodyBytes(of: entry)
      let location = Location(
        segment: segment, offset: UInt32(clamping: position),
        payloadBytes: UInt32(clamping: payloadBytes))
      position += JournalRecordCodec.headerBytes + payloadBytes
      guard locations.append(location, at: entry.sequence) else { continue }
      added += 1
      bytes += JournalRecordCodec.headerBytes + payloadBytes
    }
    if added > 0 { _ = usages[segment, default: Usage()].add(added, bytes) }
  }

  /// Makes room for as many entries in all.
  package mutating func reserve(_ count: Int) { locations.reserve(count) }

  /// The entry was written again elsewhere.
  package mutating func move(_ sequence: UInt64, to location: Location) {
    guard let old = locations[sequence] else { return }
    count(old, -1)
    locations.replace(location, at: sequence)
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
    var settled: [Location] = []
    locations.removeAll(in: range) { settled.append($1) }
    for location in settled { count(location, -1) }
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
    let bytes = JournalRecordCodec.headerBytes + Int(location.payloadBytes)
    let rest = usages[location.segment, default: Usage()].add(sign, sign * bytes)
    if rest == 0 { usages[location.segment] = nil }
  }
}
