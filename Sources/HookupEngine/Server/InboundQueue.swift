/// The events of one connection that its handler has not dealt with, and whether reading must pause for them.
///
/// A value; ``ServerConnection`` holds it under its lock. It counts what waits and what the handler took last and may
/// still be working on, so that the limits hold for both together.
struct InboundQueue<Element: Sendable>: Sendable {
  let maximumCount: Int
  let maximumBytes: Int

  private struct Entry {
    var element: Element
    var bytes: Int
  }

  private var entries: [Entry] = []
  private var head = 0
  private var waitingBytes = 0
  private var takenCount = 0
  private var takenBytes = 0

  init(maximumCount: Int, maximumBytes: Int) {
    self.maximumCount = max(1, maximumCount)
    self.maximumBytes = max(1, maximumBytes)
  }

  var isEmpty: Bool { head == entries.count }
  /// Events that were not taken.
  var waitingCount: Int { entries.count - head }
  /// Whether the socket is not to be read: a limit is reached. What one read brought is always taken, so the queue goes
  /// beyond its limit by at most that.
  var isFull: Bool {
    entries.count - head + takenCount >= maximumCount || waitingBytes + takenBytes >= maximumBytes
  }

  mutating func append(_ element: Element, bytes: Int) {
    entries.append(Entry(element: element, bytes: bytes))
    waitingBytes += bytes
  }

  /// Takes the oldest events, about half the limit at most, so that reading goes on while they are dealt with. What
  /// was taken before counts as done. Empty when nothing waits.
  mutating func take() -> [Element] {
    var taken: [Element] = []
    takenBytes = 0
    while head < entries.count, taken.count < max(1, maximumCount / 2),
      takenBytes < max(1, maximumBytes / 2)
    {
      taken.append(entries[head].element)
      takenBytes += entries[head].bytes
      head += 1
    }
    takenCount = taken.count
    waitingBytes -= takenBytes
    if head == entries.count {
      entries.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 1_024 {
      // Half-read batches at the front are let go now and then, not one by one.
      entries.removeFirst(head)
      head = 0
    }
    return taken
  }

  /// Forgets all that waits.
  mutating func removeAll() {
    entries.removeAll()
    head = 0
    waitingBytes = 0
  }
}
