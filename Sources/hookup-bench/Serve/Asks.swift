import Synchronization

/// The `ack_request`s that a legacy peer sent on one connection and that are neither acked nor given up. Ids count up
/// from 1.
struct Asks {
  /// One of them: either its ack or its time-out decides it, whichever is first.
  final class Ask: Sendable {
    let id: UInt64
    fileprivate let isOpen = Mutex(true)

    init(id: UInt64) {
      self.id = id
    }

    /// The ack came, or the time is up; true for the one that was first.
    func decide() -> Bool {
      isOpen.withLock { isOpen in
        defer { isOpen = false }
        return isOpen
      }
    }
  }

  private var open: [UInt64: Ask] = [:]
  private var lastID: UInt64 = 0

  /// Nil when so many wait already.
  mutating func open(limit: Int) -> Ask? {
    if open.count >= limit { open = open.filter { $0.value.isWaiting } }
    guard open.count < limit else { return nil }
    lastID += 1
    let ask = Ask(id: lastID)
    open[lastID] = ask
    return ask
  }

  /// Whether this ack is the first word on its ask; late and unknown acks are not.
  mutating func acked(_ id: UInt64) -> Bool {
    open.removeValue(forKey: id)?.decide() ?? false
  }

  mutating func removeAll() { open = [:] }
}

extension Asks.Ask {
  var isWaiting: Bool { isOpen.withLock { $0 } }
}
