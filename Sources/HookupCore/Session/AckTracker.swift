/// The messages of one connection that were sent with a request for an ack and have not been acked yet.
///
/// Ids count up from 1 and are never reused. The owner calls ``add(_:timeout:now:)`` before it
/// sends, ``acknowledge(_:)`` for each ack that arrives, ``expire(now:)`` whenever ``nextDeadline`` has come,
/// and ``removeAll()`` when the connection ends: each payload comes back from exactly one of the last three.
package struct AckTracker<Payload: Sendable>: Sendable {
  /// Outstanding messages at most; then ``add(_:timeout:now:)`` refuses.
  package let limit: Int

  private struct Entry {
    var payload: Payload
    var deadline: MonotonicInstant
  }

  private var entries: [UInt64: Entry] = [:]
  /// A binary heap, earliest deadline first. It may hold ids that were acked; they are skipped when they
  /// come to the top, and swept when they outnumber the live ones.
  private var heap: [Deadline] = []
  private var lastID: UInt64 = 0

  package init(limit: Int = Limits.inFlightMessages) {
    self.limit = max(1, limit)
  }

  /// Messages that wait for their ack.
  package var count: Int { entries.count }
  package var isFull: Bool { entries.count >= limit }
  /// The id that the next message gets.
  package var nextID: UInt64 { lastID + 1 }
  /// What the deadline heap holds, settled ones included: at most twice ``count`` and a few.
  var retainedDeadlines: Int { heap.count }

  /// The earliest moment at which a message fails; nil when none waits.
  package var nextDeadline: MonotonicInstant? { heap.first?.instant }

  /// Gives `payload` the next id; its ack is due `timeout` from `now`. Nil when ``limit`` are outstanding.
  package mutating func add(
    _ payload: Payload, timeout: Duration, now: MonotonicInstant
  ) -> UInt64? {
    guard !isFull else { return nil }
    lastID += 1
    let deadline = now + timeout
    entries[lastID] = Entry(payload: payload, deadline: deadline)
    push(Deadline(instant: deadline, id: lastID))
    return lastID
  }

  /// Takes the message that was acked under `id`. Nil for an id that was never given, was acked before or has
  /// expired: a harmless race with the peer, to be ignored.
  package mutating func acknowledge(_ id: UInt64) -> Payload? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    dropSettled()
    return entry.payload
  }

  /// Takes back a message that was never sent, so that it neither fails nor holds a place. Its id is not reused.
  package mutating func withdraw(_ id: UInt64) {
    _ = acknowledge(id)
  }

  /// Takes all messages whose deadline is at or before `now`, earliest deadline first, then lowest id.
  package mutating func expire(now: MonotonicInstant) -> [Payload] {
    var expired: [Payload] = []
    while let first = heap.first, first.instant <= now {
      _ = pop()
      if let entry = entries.removeValue(forKey: first.id) { expired.append(entry.payload) }
    }
    dropSettled()
    return expired
  }

  /// Takes all that is outstanding, lowest id first: the connection is over, no ack can come.
  package mutating func removeAll() -> [Payload] {
    let left = entries.sorted { $0.key < $1.key }.map(\.value.payload)
    entries.removeAll()
    heap.removeAll()
    return left
  }

  // MARK: The heap

  private struct Deadline: Comparable {
    var instant: MonotonicInstant
    var id: UInt64

    static func < (left: Deadline, right: Deadline) -> Bool {
      (left.instant, left.id) < (right.instant, right.id)
    }
  }

  /// Keeps the invariant that the heap's top is a live entry, so that ``nextDeadline`` is exact.
  private mutating func dropSettled() {
    while let first = heap.first, entries[first.id] == nil { _ = pop() }
    guard heap.count > 2 * entries.count + 16 else { return }
    heap.removeAll { entries[$0.id] == nil }
    // An ascending array is a heap.
    heap.sort()
  }

  private mutating func push(_ deadline: Deadline) {
    heap.append(deadline)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func pop() -> Deadline? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      guard least != parent else { return top }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
