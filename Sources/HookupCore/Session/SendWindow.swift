/// The numbers of everything in the outbox that is not settled, and how far each has come: which are durable, which are on
/// the wire and under which ack id, which wait.
///
/// Holds no payloads: see ``PendingMessages`` for what a message takes. Numbers are contiguous from ``first``; what is settled
/// out of order leaves a hole.
package struct SendWindow: Sendable {
  /// What ends a message's time on the wire.
  private enum Awaited: Sendable {
    case nothing
    case ack(id: UInt64)
    case cumulativeAck
  }

  /// A message that was handed to the socket of this connection.
  private struct Flight: Sendable {
    var awaited: Awaited
    var sentAt: MonotonicInstant
    /// When the missing ack is to be reported; nil when none is wanted or it was reported.
    var deadline: MonotonicInstant?
  }

  /// The lowest number that may be unsettled; all below are settled.
  package var first: UInt64 { messages.firstSequence ?? next }
  /// The number the next entry will have.
  package private(set) var next: UInt64
  /// The next number to hand to the socket.
  package private(set) var cursor: UInt64
  /// All numbers up to this one are durable, or failed to become so.
  package private(set) var durable: UInt64
  /// The highest number that is known to be durable: after a restart those above it may be given again.
  package private(set) var lastStored: UInt64
  package var count: Int { messages.count }
  package private(set) var bytes = 0
  package var inFlightCount: Int { flights.count }
  package private(set) var inFlightBytes = 0
  /// A lower bound of the next ack deadline; exact after ``expire(at:)``.
  package private(set) var nextDeadline: MonotonicInstant?

  private var messages: PendingMessages
  /// Those that a skip stands for on the wire; all of them unsettled.
  private var withdrawn: Set<UInt64> = []
  /// How many messages are withdrawn and not settled, and their bytes.
  package var withdrawnCount: Int { withdrawn.count }
  package private(set) var withdrawnBytes = 0
  /// At most as many as may be in flight.
  private var flights = SequenceQueue<Flight>()
  private var sequenceOfID: [UInt64: UInt64] = [:]
  private var nextID: UInt64 = 1
  /// On the wire and waiting for a cumulative ack.
  private var cumulativeCount = 0

  /// Starts with what the outbox held when it was opened, all of it below `nextSequence`.
  package init(
    nextSequence: UInt64, pending: PendingMessages, withdrawn: Set<UInt64> = []
  ) {
    messages = pending
    next = nextSequence
    cursor = pending.firstSequence ?? nextSequence
    durable = nextSequence - 1
    lastStored = nextSequence - 1
    lastTransmitted = nextSequence - 1
    bytes = pending.reduce(0) { $0 + $1.bytes }
    for sequence in withdrawn { withdraw(sequence) }
  }

  /// The same with messages in rising order.
  package init(
    nextSequence: UInt64,
    pending: [(sequence: UInt64, bytes: Int, ackTimeout: Duration?, tag: UInt64)],
    withdrawn: Set<UInt64> = []
  ) {
    var messages = PendingMessages()
    for item in pending {
      messages.append(
        PendingMessages.Message(
          sequence: item.sequence, bytes: item.bytes, ackTimeout: item.ackTimeout, tag: item.tag))
    }
    self.init(nextSequence: nextSequence, pending: messages, withdrawn: withdrawn)
  }

  /// What is shown as the deadline of a message without one.
  private static let usualPatience = Duration.seconds(5)

  /// Gives the next number to a message of `bytes` payload. Its `tag` tells it from any other message of that number.
  package mutating func append(bytes size: Int, ackTimeout: Duration?, tag: UInt64 = 0) -> UInt64 {
    let sequence = next
    let message = PendingMessages.Message(
      sequence: sequence, bytes: size, ackTimeout: ackTimeout, tag: tag)
    next += 1
    messages.append(message)
    bytes += message.bytes
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
  package func isUnsettled(_ sequence: UInt64) -> Bool { messages.contains(sequence) }

  /// A connection is new: nothing is in flight on it, and ack ids count from 1 again.
  package mutating func beginConnection() {
    flights = SequenceQueue()
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
    guard sequence >= cursor, sequence <= durable, let message = messages[sequence] else {
      return .skip
    }
    cursor = sequence + 1
    var flight = Flight(awaited: .nothing, sentAt: now, deadline: nil)
    var id: UInt64?
    if acking != .none, !isWithdrawn(sequence), let timeout = message.ackTimeout {
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
    messages.countTry(sequence)
    lastTransmitted = max(lastTransmitted, sequence)
    // Above all others: the cursor never goes back while a connection lasts.
    flights.append(flight, at: sequence)
    inFlightBytes += message.bytes
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
    guard let flight = flights[sequence], case .nothing = flight.awaited else { return false }
    return true
  }

  /// The tag of a number that is not settled; nil for any other.
  package func tag(of sequence: UInt64) -> UInt64? { messages[sequence]?.tag }

  /// The tag of the first number after `sequence` that is not settled; nil when there is none.
  package func tag(after sequence: UInt64) -> UInt64? {
    guard sequence < .max else { return nil }
    return messages.firstSequence(from: sequence + 1).flatMap { tag(of: $0) }
  }

  /// The bytes of a number that is not settled; nil for any other.
  package func bytes(of sequence: UInt64) -> Int? { messages[sequence]?.bytes }

  /// The highest number that was on the wire, or may have been before this process started; 0 when none was.
  package private(set) var lastTransmitted: UInt64

  /// Numbers that follow one another and had the same end.
  package struct Settled: Hashable, Sendable {
    package var numbers: ClosedRange<UInt64>
    package var wasWithdrawn: Bool
  }

  /// Takes all numbers up to `sequence` out. Returns those that were not settled.
  package mutating func settle(through sequence: UInt64) -> [Settled] {
    var settled: [Settled] = []
    while let number = messages.firstSequence, number <= sequence {
      let wasWithdrawn = isWithdrawn(number)
      if let last = settled.last, last.numbers.upperBound + 1 == number,
        last.wasWithdrawn == wasWithdrawn
      {
        settled[settled.count - 1].numbers = last.numbers.lowerBound...number
      } else {
        settled.append(Settled(numbers: number...number, wasWithdrawn: wasWithdrawn))
      }
      settle(number)
    }
    return settled
  }

  // MARK: Withdrawing

  /// Whether `sequence` can be withdrawn: durable, and never handed to a socket by this process. Of what it found in its outbox nobody
  /// knows.
  package func canWithdraw(_ sequence: UInt64) -> Bool {
    isUnsettled(sequence) && sequence <= durable && sequence > lastTransmitted
      && !isWithdrawn(sequence)
  }

  /// From now on a skip stands for this message. It keeps its number and its place until it is settled. Unknown and settled numbers are
  /// ignored.
  package mutating func withdraw(_ sequence: UInt64) {
    guard let size = bytes(of: sequence), withdrawn.insert(sequence).inserted else { return }
    withdrawnBytes += size
  }

  package func isWithdrawn(_ sequence: UInt64) -> Bool {
    !withdrawn.isEmpty && withdrawn.contains(sequence)
  }

  /// Passes over all that `sequence` and what is below it need: they go on the wire no more on this connection.
  package mutating func pass(through sequence: UInt64) {
    cursor = max(cursor, min(sequence + 1, next))
    skipSettled()
  }

  /// Takes a number out for good. Unknown and settled numbers are ignored.
  package mutating func settle(_ sequence: UInt64) {
    guard let message = messages.remove(sequence) else { return }
    if !withdrawn.isEmpty, withdrawn.remove(sequence) != nil { withdrawnBytes -= message.bytes }
    if let flight = flights.remove(sequence) {
      inFlightBytes -= message.bytes
      switch flight.awaited {
      case .ack(let id): sequenceOfID[id] = nil
      case .cumulativeAck: cumulativeCount -= 1
      case .nothing: break
      }
    }
    bytes -= message.bytes
    skipSettled()
  }

  /// The numbers whose ack is overdue, each reported once for each time it was sent.
  package mutating func expire(at now: MonotonicInstant) -> [UInt64] {
    guard let bound = nextDeadline, bound <= now else { return [] }
    var overdue: [(sequence: UInt64, flight: Flight)] = []
    var next: MonotonicInstant?
    flights.walk { sequence, flight in
      guard let deadline = flight.deadline else { return true }
      if deadline <= now {
        overdue.append((sequence, flight))
      } else {
        next = min(next ?? deadline, deadline)
      }
      return true
    }
    nextDeadline = next
    for (sequence, flight) in overdue {
      var flight = flight
      flight.deadline = nil
      flights.replace(flight, at: sequence)
    }
    return overdue.map(\.sequence)
  }

  /// What is on the wire and waits for its ack, oldest first, at most `limit`.
  package func pendingAcks(limit: Int) -> [PendingAck] {
    var rows: [PendingAck] = []
    flights.walk { sequence, flight in
      guard rows.count < limit else { return false }
      if case .nothing = flight.awaited { return true }
      guard !isWithdrawn(sequence) else { return true }
      guard let message = messages[sequence] else { return true }
      let timeout = message.ackTimeout ?? Self.usualPatience
      rows.append(
        PendingAck(
          sequence: sequence, sentAt: flight.sentAt, deadline: flight.sentAt + timeout,
          tries: messages.tries(sequence), bytes: message.bytes))
      return true
    }
    return rows
  }

  /// The largest message on the wire, the oldest of them if several are.
  package var largestInFlight: UInt64? {
    var largest: (sequence: UInt64, bytes: Int)?
    flights.walk { sequence, _ in
      if !isWithdrawn(sequence), let bytes = bytes(of: sequence), bytes > largest?.bytes ?? -1 {
        largest = (sequence, bytes)
      }
      return true
    }
    return largest?.sequence
  }

  /// All unsettled numbers, in order.
  package var unsettled: [UInt64] { messages.map(\.sequence) }

  /// Whether something on the wire waits for an ack.
  package var awaitsAcks: Bool { !sequenceOfID.isEmpty || cumulativeCount > 0 }

  private mutating func skipSettled() {
    cursor = messages.firstSequence(from: cursor) ?? next
  }
}
