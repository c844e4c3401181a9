import NIOCore

/// The numbers of everything in the outbox that is not settled, and how far each has come: which are durable, which are on
/// the wire and under which ack id, which wait.
///
/// Holds no payloads: at most ``Limits/outboxMessages`` small entries. Numbers are contiguous from ``first``; what is
/// settled out of order stays as a mark until all before it is settled.
package struct SendWindow: Sendable {
  private struct Entry: Sendable {
    var bytes: Int
    var ackTimeout: Duration?
    var tag: UInt64
    var tries = 0
    var state = State.waiting
  }

  private enum State: Sendable {
    /// In the outbox, not on this connection's wire. Can transition to inFlight, settled.
    case waiting
    /// Handed to the socket of this connection. Can transition to waiting (connection lost), settled.
    case inFlight(Flight)
    case settled
  }

  /// What ends a message's time on the wire.
  private enum Awaited: Sendable {
    case nothing
    case ack(id: UInt64)
    case cumulativeAck
  }

  private struct Flight: Sendable {
    var awaited: Awaited
    var sentAt: MonotonicInstant
    /// When the missing ack is to be reported; nil when none is wanted or it was reported.
    var deadline: MonotonicInstant?
  }

  /// The lowest number that may be unsettled; all below are settled.
  package private(set) var first: UInt64
  /// The next number to hand to the socket.
  package private(set) var cursor: UInt64
  /// All numbers up to this one are durable, or failed to become so.
  package private(set) var durable: UInt64
  /// The highest number that is known to be durable: after a restart those above it may be given again.
  package private(set) var lastStored: UInt64
  package private(set) var count = 0
  package private(set) var bytes = 0
  package private(set) var inFlightCount = 0
  package private(set) var inFlightBytes = 0
  /// A lower bound of the next ack deadline; exact after ``expire(at:)``.
  package private(set) var nextDeadline: MonotonicInstant?

  private var entries = CircularBuffer<Entry>()
  private var sequenceOfID: [UInt64: UInt64] = [:]
  private var nextID: UInt64 = 1
  /// On the wire and waiting for a cumulative ack.
  private var cumulativeCount = 0

  /// Starts with what the outbox held when it was opened: `pending` in rising order, below `nextSequence`.
  package init(
    nextSequence: UInt64,
    pending: [(sequence: UInt64, bytes: Int, ackTimeout: Duration?, tag: UInt64)]
  ) {
    first = pending.first?.sequence ?? nextSequence
    cursor = first
    durable = nextSequence - 1
    lastStored = nextSequence - 1
    lastTransmitted = nextSequence - 1
    for item in pending {
      while first + UInt64(entries.count) < item.sequence { entries.append(Self.hole) }
      entries.append(Entry(bytes: item.bytes, ackTimeout: item.ackTimeout, tag: item.tag))
      count += 1
      bytes += item.bytes
    }
    while first + UInt64(entries.count) < nextSequence { entries.append(Self.hole) }
  }

  /// What is shown as the deadline of a message without one.
  private static let usualPatience = Duration.seconds(5)

  private static var hole: Entry {
    var entry = Entry(bytes: 0, ackTimeout: nil, tag: 0)
    entry.state = .settled
    return entry
  }

  /// The number the next entry will have.
  package var next: UInt64 { first + UInt64(entries.count) }

  /// Gives the next number to a message of `bytes` payload. Its `tag` tells it from any other message of that number.
  package mutating func append(bytes size: Int, ackTimeout: Duration?, tag: UInt64 = 0) -> UInt64 {
    let sequence = next
    entries.append(Entry(bytes: size, ackTimeout: ackTimeout, tag: tag))
    count += 1
    bytes += size
    return sequence
  }

  /// All numbers up to `sequence` are on disk.
  package mutating func confirm(through sequence: UInt64) {
    durable = max(durable, min(sequence, next - 1))
    lastStored = max(lastStored, durable)
  }

  /// These numbers could not be stored.
  package mutating func fail(_ range: ClosedRange<UInt64>) {
    for sequence in range { settle(sequence) }
    durable = max(durable, min(range.upperBound, next - 1))
  }

  /// Whether there is a durable number that waits for the wire.
  package var hasWaiting: Bool { cursor <= durable && cursor < next }

  /// Whether `sequence` is in the outbox and not settled.
  package func isUnsettled(_ sequence: UInt64) -> Bool {
    guard sequence >= first, sequence < next else { return false }
    if case .settled = self[sequence].state { return false }
    return true
  }

  /// A connection is new: nothing is in flight on it, and ack ids count from 1 again.
  package mutating func beginConnection() {
    for index in entries.indices {
      guard case .inFlight = entries[index].state else { continue }
      entries[index].state = .waiting
    }
    inFlightCount = 0
    inFlightBytes = 0
    sequenceOfID.removeAll(keepingCapacity: true)
    cumulativeCount = 0
    nextID = 1
    nextDeadline = nil
    cursor = first
    skipSettled()
  }

  /// How a connection tells that a message has arrived.
  package enum Acking: Hashable, Sendable {
    /// Not at all: written means done.
    case none
    /// One ack for each message that wants one.
    case each
    /// One number for all messages up to it.
    case cumulative
  }

  /// Puts `sequence`, which must not lie below the cursor, on the wire. Returns the ack id it travels under, nil when it has none;
  /// or returns `.skip` when it needs no sending.
  package mutating func transmit(
    _ sequence: UInt64, at now: MonotonicInstant, acking: Acking
  ) -> Transmission {
    guard sequence >= cursor, sequence <= durable, isUnsettled(sequence) else { return .skip }
    cursor = sequence + 1
    let index = index(of: sequence)
    var flight = Flight(awaited: .nothing, sentAt: now, deadline: nil)
    var id: UInt64?
    if acking != .none, let timeout = entries[index].ackTimeout {
      let deadline = now + timeout
      flight.deadline = deadline
      nextDeadline = min(nextDeadline ?? deadline, deadline)
      if acking == .each {
        id = nextID
        flight.awaited = .ack(id: nextID)
        sequenceOfID[nextID] = sequence
        nextID += 1
      }
    }
    if acking == .cumulative {
      flight.awaited = .cumulativeAck
      cumulativeCount += 1
    }
    entries[index].tries += 1
    lastTransmitted = max(lastTransmitted, sequence)
    entries[index].state = .inFlight(flight)
    inFlightCount += 1
    inFlightBytes += entries[index].bytes
    skipSettled()
    return .send(id: id)
  }

  package enum Transmission: Hashable, Sendable {
    case send(id: UInt64?)
    case skip
  }

  /// The number that travelled under `id` on this connection; nil for an unknown id or one acked before (harmless).
  package mutating func acknowledge(_ id: UInt64) -> UInt64? {
    guard let sequence = sequenceOfID[id], isUnsettled(sequence) else { return nil }
    settle(sequence)
    return sequence
  }

  /// Whether `sequence` is on the wire and waits for no ack: written means done.
  package func isSettledByWriting(_ sequence: UInt64) -> Bool {
    guard isUnsettled(sequence), case .inFlight(let flight) = self[sequence].state else {
      return false
    }
    if case .nothing = flight.awaited { return true }
    return false
  }

  /// The tag of a number that is not settled; nil for any other.
  package func tag(of sequence: UInt64) -> UInt64? {
    isUnsettled(sequence) ? self[sequence].tag : nil
  }

  /// The tag of the first number after `sequence` that is not settled; nil when there is none.
  package func tag(after sequence: UInt64) -> UInt64? {
    var next = max(sequence + 1, first)
    while next < self.next {
      if let tag = tag(of: next) { return tag }
      next += 1
    }
    return nil
  }

  /// The bytes of a number that is not settled; nil for any other.
  package func bytes(of sequence: UInt64) -> Int? {
    isUnsettled(sequence) ? self[sequence].bytes : nil
  }

  /// The highest number that was on the wire, or may have been before this process started; 0 when none was.
  package private(set) var lastTransmitted: UInt64

  /// Takes all numbers up to `sequence` out. Returns those that were not settled, as ranges.
  package mutating func settle(through sequence: UInt64) -> [ClosedRange<UInt64>] {
    var ranges: [ClosedRange<UInt64>] = []
    while first <= sequence, first < next {
      let number = first
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
      // Its front is never settled, so that this moves `first`.
      settle(number)
    }
    return ranges
  }

  /// Passes over all that `sequence` and what is below it need: they go on the wire no more on this connection.
  package mutating func pass(through sequence: UInt64) {
    cursor = max(cursor, min(sequence + 1, next))
    skipSettled()
  }

  /// Takes a number out for good. Unknown and settled numbers are ignored.
  package mutating func settle(_ sequence: UInt64) {
    guard isUnsettled(sequence) else { return }
    let index = index(of: sequence)
    if case .inFlight(let flight) = entries[index].state {
      inFlightCount -= 1
      inFlightBytes -= entries[index].bytes
      switch flight.awaited {
      case .ack(let id): sequenceOfID[id] = nil
      case .cumulativeAck: cumulativeCount -= 1
      case .nothing: break
      }
    }
    entries[index].state = .settled
    count -= 1
    bytes -= entries[index].bytes
    while let oldest = entries.first, case .settled = oldest.state {
      entries.removeFirst()
      first += 1
    }
    skipSettled()
  }

  /// The numbers whose ack is overdue, each reported once for each time it was sent.
  package mutating func expire(at now: MonotonicInstant) -> [UInt64] {
    guard let bound = nextDeadline, bound <= now else { return [] }
    var overdue: [UInt64] = []
    nextDeadline = nil
    var sequence = first
    for index in entries.indices {
      defer { sequence += 1 }
      guard case .inFlight(var flight) = entries[index].state, let deadline = flight.deadline else {
        continue
      }
      if deadline <= now {
        flight.deadline = nil
        entries[index].state = .inFlight(flight)
        overdue.append(sequence)
      } else {
        nextDeadline = min(nextDeadline ?? deadline, deadline)
      }
    }
    return overdue
  }

  /// What is on the wire and waits for its ack, oldest first, at most `limit`.
  package func pendingAcks(limit: Int) -> [PendingAck] {
    var rows: [PendingAck] = []
    var sequence = first
    for entry in entries {
      defer { sequence += 1 }
      guard rows.count < limit, sequence < cursor else { break }
      guard case .inFlight(let flight) = entry.state else { continue }
      if case .nothing = flight.awaited { continue }
      let timeout = entry.ackTimeout ?? Self.usualPatience
      rows.append(
        PendingAck(
          sequence: sequence, sentAt: flight.sentAt, deadline: flight.sentAt + timeout,
          tries: entry.tries,
          bytes: entry.bytes))
    }
    return rows
  }

  /// The largest message on the wire, the oldest of them if several are.
  package var largestInFlight: UInt64? {
    var largest: (sequence: UInt64, bytes: Int)?
    for (sequence, entry) in zip(first..., entries) {
      guard sequence < cursor else { break }
      guard case .inFlight = entry.state, entry.bytes > largest?.bytes ?? -1 else { continue }
      largest = (sequence, entry.bytes)
    }
    return largest?.sequence
  }

  /// All unsettled numbers, in order.
  package var unsettled: [UInt64] {
    zip(first..., entries).compactMap { sequence, entry in
      if case .settled = entry.state { nil } else { sequence }
    }
  }

  /// Whether something on the wire waits for an ack.
  package var awaitsAcks: Bool { !sequenceOfID.isEmpty || cumulativeCount > 0 }

  private mutating func skipSettled() {
    if cursor < first { cursor = first }
    while cursor < next, case .settled = self[cursor].state { cursor += 1 }
  }

  private subscript(sequence: UInt64) -> Entry { entries[index(of: sequence)] }

  private func index(of sequence: UInt64) -> CircularBuffer<Entry>.Index {
    entries.index(entries.startIndex, offsetBy: Int(sequence - first))
  }
}
