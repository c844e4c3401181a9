import Synchronization

/// A slot for the newest value of something: the writer never waits, the reader skips what it was too slow for.
final class LatestValue<Value: Sendable>: Sendable {
  private let slot: Mutex<Value?>
  private let wake: @Sendable () -> Void

  /// `wake` is called, on the writer's thread, when the slot was empty: once for a burst.
  init(wake: @escaping @Sendable () -> Void) {
    slot = Mutex(nil)
    self.wake = wake
  }

  func publish(_ value: Value) {
    let wasEmpty = slot.withLock { slot in
      defer { slot = value }
      return slot == nil
    }
    if wasEmpty { wake() }
  }

  /// The newest value since the last call, if there is one.
  func take() -> Value? {
    slot.withLock { slot in
      defer { slot = nil }
      return slot
    }
  }
}
