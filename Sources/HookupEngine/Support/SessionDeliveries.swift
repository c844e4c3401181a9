import HookupCore
import NIOCore

/// The numbered messages of the other side that were delivered here and are not yet committed, in order: which of them may be
/// committed now, and which are. At most as many as the window that was granted.
struct SessionDeliveries: Sendable {
  /// What a handler says of a message.
  enum Verdict: Hashable, Sendable {
    /// Commit its cursor.
    case confirmed(refusal: String?)
    /// Its cursor is durable already.
    case committed(refusal: String?)
    case failed(HookupError)

    static func == (left: Verdict, right: Verdict) -> Bool {
      switch (left, right) {
      case (.confirmed(let left), .confirmed(let right)): left == right
      case (.committed(let left), .committed(let right)): left == right
      case (.failed(let left), .failed(let right)): left == right
      default: false
      }
    }

    func hash(into hasher: inout Hasher) {
      switch self {
      case .confirmed(let refusal), .committed(let refusal): hasher.combine(refusal)
      case .failed(let error): hasher.combine(error.message)
      }
    }
  }

  private enum State {
    /// The handler has it. Can transition to confirmed, durable.
    case delivered
    /// Can transition to committing.
    case confirmed(refusal: String?)
    /// The store has it. Can transition to durable.
    case committing(refusal: String?)
    case durable(refusal: String?)
  }

  private struct Entry {
    /// The number, or the last one of a skip.
    var sequence: UInt64
    var tag: UInt64
    var state: State
  }

  /// By rising numbers.
  private var entries = CircularBuffer<Entry>(initialCapacity: 1)
  /// How many of the first ones need no look any more: the store has them, or they are durable.
  private var taken = 0

  var isEmpty: Bool { entries.isEmpty }

  mutating func deliver(_ sequence: UInt64, tag: UInt64) {
    entries.append(Entry(sequence: sequence, tag: tag, state: .delivered))
  }

  /// A stretch of numbers without messages, to be committed in its turn.
  mutating func skip(through sequence: UInt64, tag: UInt64) {
    entries.append(Entry(sequence: sequence, tag: tag, state: .confirmed(refusal: nil)))
  }

  /// What a handler said. Of a number that is not at hand, or was settled before, it says nothing new.
  mutating func confirm(_ sequence: UInt64, refusal: String?, isDurable: Bool) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entry(middle).sequence < sequence { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entry(low).sequence == sequence,
      case .delivered = entry(low).state
    else { return }
    let index = entries.index(entries.startIndex, offsetBy: low)
    entries[index].state = isDurable ? .durable(refusal: refusal) : .confirmed(refusal: refusal)
  }

  /// The cursor that may be committed now: `cursor` brought to the last of all those that are confirmed one behind the other. Nil
  /// when there is none.
  mutating func takeConfirmed(_ cursor: SessionCursor) -> SessionCursor? {
    var cursor = cursor
    var isAny = false
    while taken < entries.count {
      let index = entries.index(entries.startIndex, offsetBy: taken)
      switch entries[index].state {
      case .committing, .durable: break
      case .delivered: return isAny ? cursor : nil
      case .confirmed(let refusal):
        isAny = true
        cursor.committed = entries[index].sequence
        cursor.tag = entries[index].tag
        if let refusal {
          cursor.refusals.append(
            SessionRefusal(sequence: entries[index].sequence, reason: refusal))
        }
        entries[index].state = .committing(refusal: refusal)
      }
      taken += 1
    }
    return isAny ? cursor : nil
  }

  /// What the store was given up to `sequence` is durable.
  mutating func committed(through sequence: UInt64) {
    // Not over `indices`: they hold the entries, which would be copied at the first change.
    for offset in 0..<taken {
      let index = entries.index(entries.startIndex, offsetBy: offset)
      guard entries[index].sequence <= sequence else { return }
      if case .committing(let refusal) = entries[index].state {
        entries[index].state = .durable(refusal: refusal)
      }
    }
  }

  /// The next thing to tell the session's machine: everything up to `sequence` is committed, and it is refused if there is a
  /// reason.
  mutating func nextDurable() -> (sequence: UInt64, refusal: String?)? {
    var through: UInt64?
    while let first = entries.first, case .durable(let refusal) = first.state {
      guard refusal == nil || through == nil else { break }
      entries.removeFirst()
      taken = max(0, taken - 1)
      through = first.sequence
      if let refusal { return (first.sequence, refusal) }
    }
    return through.map { ($0, nil) }
  }

  mutating func removeAll() {
    entries.removeAll()
    taken = 0
  }

  private func entry(_ offset: Int) -> Entry {
    entries[entries.index(entries.startIndex, offsetBy: offset)]
  }
}
