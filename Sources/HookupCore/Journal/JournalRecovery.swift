/// Reads the segments of an outbox in order and decides what they mean. Changes nothing: the owner carries the verdicts
/// out, in the order that ``JournalRecovery/Verdict`` gives.
///
/// Make it with the names of all segment files, then call ``add(_:path:)`` once for each of ``names``, in order, then
/// read the results.
package struct JournalRecovery: Sendable {
  package enum Verdict: Hashable, Sendable {
    case clean
    /// Truncate to `at`. When `keepsTail`, first copy what is cut off to a file of its own: it holds, or may hold, valid
    /// records.
    case torn(at: Int, bytes: Int, keepsTail: Bool)
    /// Set the file aside whole, after a segment of a new epoch has been made. `through` is the highest sequence
    /// that was seen in it, if any was.
    case corrupt(at: Int, bytes: Int, through: UInt64?)
    /// A leftover of a merge: delete.
    case superseded
  }

  package struct Segment: Hashable, Sendable {
    /// Counts from 1 in order of age; what the index calls the segment.
    package var id: UInt32
    package var name: JournalSegmentName
    package var verdict: Verdict
    /// Where the next record would go.
    package var end: Int
    package var confirmsEarly: Bool
  }

  /// In order of age: the order for ``add(_:path:)``.
  package let names: [JournalSegmentName]
  package private(set) var segments: [Segment] = []
  /// What is unsettled in segments that stay.
  package private(set) var index = JournalIndex()
  /// The same by their size, ack timeout and tag.
  package private(set) var entries = PendingMessages()
  /// Above every sequence that may ever have been given.
  package private(set) var nextSequence: UInt64 = 1
  /// A transmitted number may be missing: new segments need a new epoch, and one must be made at once, so that
  /// ``nextSequence`` is remembered.
  package private(set) var needsNewEpoch = false
  /// Sequences whose segments are gone.
  package private(set) var missing: [ClosedRange<UInt64>] = []
  /// What the index takes for settled only because of records in bytes that do not stay: to be written again.
  package private(set) var settledToRepeat: [ClosedRange<UInt64>] = []

  /// What is said to be withdrawn, whether it is settled or not.
  private var withdrawals: [ClosedRange<UInt64>] = []
  /// What segments that do not stay held, or may have held.
  private var suspects: [ClosedRange<UInt64>] = []
  /// What was settled in or after the first of ``suspects``.
  private var settledOfSuspects: [ClosedRange<UInt64>] = []
  private var spanEnd: UInt64 = 0
  /// The first sequence that the last segment does not account for; nil when it cannot tell.
  private var reached: UInt64?

  package init(names: [JournalSegmentName]) {
    self.names = names.sorted()
  }

  /// Sequences that were given, or may have been, whose messages are not in the outbox any more though nothing says that they
  /// were settled. In order, apart from one another.
  package var lost: [ClosedRange<UInt64>] {
    JournalLoss.difference(missing + suspects, settledOfSuspects)
  }

  /// Those of ``entries`` that are withdrawn.
  package var withdrawn: Set<UInt64> {
    var found: Set<UInt64> = []
    for range in withdrawals {
      var next = entries.firstSequence(from: range.lowerBound)
      while let sequence = next, range.contains(sequence) {
        found.insert(sequence)
        next = entries.firstSequence(from: sequence + 1)
      }
    }
    return found
  }

  /// The epoch to go on with; nil when there is none or a new one is needed.
  package var epoch: UInt64? { needsNewEpoch ? nil : segments.last?.name.epoch }

  /// - Parameters:
  ///   - bytes: the whole file of `names[segments.count]`.
  ///   - path: what an error calls the file.
  /// - Throws: ``HookupError/Code/storage`` for a version that this program does not know. Then touch nothing.
  package mutating func add(_ bytes: UnsafeRawBufferPointer, path: String) throws(HookupError) {
    guard segments.count < names.count else { return }
    let name = names[segments.count]
    let header = try Self.header(bytes, name, path)
    nextSequence = max(nextSequence, name.first)
    var segment = Segment(
      id: UInt32(segments.count + 1), name: name, verdict: .clean, end: 0,
      confirmsEarly: header?.confirmsEarly ?? true)
    guard name.first >= spanEnd else {
      segment.verdict = .superseded
      segments.append(segment)
      return
    }
    // Where a file begins is known by its name, whatever became of the header.
    noteHole(before: name, settledBefore: header?.settledBefore ?? 1)
    if let header {
      if header.settledBefore > 1 { settle(1...header.settledBefore - 1) }
      spanEnd = max(spanEnd, header.spanEnd)
      nextSequence = max(nextSequence, header.spanEnd)
    }
    let scan = JournalScan(bytes, name: name)
    segment.verdict = judge(scan, hasHeader: header != nil, confirmsEarly: segment.confirmsEarly)
    if case .clean(let end) = scan.verdict { segment.end = end }
    if case .torn(let at, _, _) = segment.verdict { segment.end = at }
    suspect(scan, of: segment)
    take(scan, of: segment, from: bytes)
    account(for: scan, of: segment)
    // Of two epochs' segments that begin at one number nobody could tell which is older.
    if needsNewEpoch { nextSequence = max(nextSequence, name.first + 1) }
    segments.append(segment)
  }

  /// Nil for a damaged one.
  private static func header(
    _ bytes: UnsafeRawBufferPointer, _ name: JournalSegmentName, _ path: String
  ) throws(HookupError) -> JournalSegmentHeader? {
    switch JournalSegmentHeader.read(bytes) {
    case .header(let header): return header.name == name ? header : nil
    case .damaged: return nil
    case .unknownVersion(let version):
      throw HookupError(
        .storage,
        "outbox file '\(path)' has format version \(version) and this program reads version "
          + "\(JournalSegmentHeader.version): use the program that wrote it, or another directory")
    }
  }

  /// The next segment that is not a leftover.
  private var following: JournalSegmentName? {
    names.dropFirst(segments.count + 1).first { $0.first >= spanEnd }
  }

  private func judge(_ scan: JournalScan, hasHeader: Bool, confirmsEarly: Bool) -> Verdict {
    let seen = scan.highestSequence >= names[segments.count].first ? scan.highestSequence : nil
    guard hasHeader else {
      var bytes = JournalSegmentHeader.encodedBytes
      switch scan.verdict {
      case .clean: break
      case .torn(let at, let more), .corrupt(let at, let more): bytes = at + more
      }
      return .corrupt(at: 0, bytes: bytes, through: seen)
    }
    switch scan.verdict {
    case .clean: return .clean
    case .corrupt(let at, let bytes): return .corrupt(at: at, bytes: bytes, through: seen)
    case .torn(let at, let bytes):
      if let following, following.epoch == names[segments.count].epoch {
        // All of a segment is made durable before the next is begun, unless writing to it failed; then what failed is
        // beyond the next one's first sequence.
        return scan.lastSequence + 1 >= following.first
          ? .torn(at: at, bytes: bytes, keepsTail: false)
          : .corrupt(at: at, bytes: bytes, through: seen)
      }
      let isAmbiguous = !scan.strays.isEmpty || scan.gaveUp || confirmsEarly
      return .torn(at: at, bytes: bytes, keepsTail: isAmbiguous)
    }
  }

  /// Two segments of one epoch follow each other without a hole.
  private mutating func noteHole(before name: JournalSegmentName, settledBefore: UInt64) {
    // A hole in an epoch that is over was reported when the epoch ended.
    guard let last = segments.last(where: { $0.verdict != .superseded }),
      last.name.epoch == name.epoch, name.epoch == names.last?.epoch, let reached
    else { return }
    let from = max(reached, settledBefore)
    guard from < name.first else { return }
    missing.append(from...name.first - 1)
    needsNewEpoch = true
  }

  private mutating func take(
    _ scan: JournalScan, of segment: Segment, from bytes: UnsafeRawBufferPointer
  ) {
    var stays = true
    if case .corrupt = segment.verdict { stays = false }
    // It began with all that was withdrawn by then.
    if stays { withdrawals = [] }
    let void = following?.first ?? .max
    for record in scan.records {
      switch record.kind {
      case .settled: settle(record, bytes, stays)
      case .withdrawn: withdrawals += JournalRecordCodec.ranges(of: record, in: bytes)
      case .message:
        guard stays, record.sequence < void else { continue }
        let location = JournalIndex.Location(
          segment: segment.id, offset: UInt32(clamping: record.start),
          payloadBytes: UInt32(clamping: record.payloadBytes))
        guard index.append(record.sequence, at: location) else { continue }
        let timeout = record.ackTimeoutMilliseconds
        entries.append(
          PendingMessages.Message(
            sequence: record.sequence, bytes: record.payload.count,
            ackTimeout: timeout == 0 ? nil : .milliseconds(timeout), tag: record.tag))
      }
    }
    for record in scan.strays where record.kind == .settled { settle(record, bytes, false) }
  }

  private mutating func settle(
    _ record: JournalRecord, _ bytes: UnsafeRawBufferPointer, _ stays: Bool
  ) {
    let ranges = JournalRecordCodec.ranges(of: record, in: bytes)
    for range in ranges { settle(range) }
    if !stays { settledToRepeat += ranges }
  }

  private mutating func settle(_ range: ClosedRange<UInt64>) {
    index.settle(range)
    entries.removeAll(in: range)
    if !suspects.isEmpty || !missing.isEmpty { settledOfSuspects.append(range) }
  }

  /// Takes note of what goes with a segment that is set aside, or with its end.
  private mutating func suspect(_ scan: JournalScan, of segment: Segment) {
    var first = segment.name.first
    switch segment.verdict {
    case .clean, .superseded, .torn(_, _, keepsTail: false): return
    case .torn: first = scan.lastSequence + 1
    case .corrupt: break
    }
    // When good records reach to the end, none can have stood behind them.
    let isComplete = scan.reachesEnd && scan.highestSequence >= segment.name.first
    let last =
      following.map { $0.first - 1 }
      ?? scan.highestSequence + (isComplete ? 0 : Self.hidden(in: segment.verdict))
    guard first <= last else { return }
    suspects.append(first...min(last, JournalSegmentName.sequenceLimit - 1))
  }

  /// How many messages can have stood in bytes that cannot be read.
  private static func hidden(in verdict: Verdict) -> UInt64 {
    switch verdict {
    case .clean, .superseded: 0
    case .torn(_, let bytes, let keepsTail):
      keepsTail ? UInt64(bytes / JournalRecordCodec.headerBytes + 1) : 0
    case .corrupt(_, let bytes, _): UInt64(bytes / JournalRecordCodec.headerBytes + 1)
    }
  }

  /// Moves ``nextSequence`` beyond everything that the segment holds or may have held.
  private mutating func account(for scan: JournalScan, of segment: Segment) {
    let isLast = following == nil
    let hidden = isLast ? Self.hidden(in: segment.verdict) : 0
    switch segment.verdict {
    case .clean, .superseded: break
    case .torn: if hidden > 0 { needsNewEpoch = true }
    case .corrupt: needsNewEpoch = true
    }
    if isLast { nextSequence = max(nextSequence, scan.lastSequence + 1) }
    if hidden > 0 { nextSequence = max(nextSequence, scan.highestSequence + 1 + hidden) }
    nextSequence = min(nextSequence, JournalSegmentName.sequenceLimit)
    reached = max(scan.lastSequence + 1, spanEnd)
    if case .corrupt = segment.verdict { reached = nil }
  }
}
