import Synchronization

/// Lets one task pass while it is open, and holds it while it is closed: how a reader that has fallen behind stops its writer.
final class Gate: Sendable {
  private struct State {
    var isOpen = true
    var isRemoved = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func close() { state.withLock { $0.isOpen = $0.isRemoved } }

  func open() { pass(for: false) }

  /// Opens it for good: closing it changes nothing any more.
  func remove() { pass(for: true) }

  private func pass(for good: Bool) {
    let waiter = state.withLock { state in
      state.isOpen = true
      state.isRemoved = state.isRemoved || good
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Returns when the gate is open, or the task is cancelled. For one task at a time.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          if state.isOpen || Task.isCancelled || state.waiter != nil { return true }
          state.waiter = continuation
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      open()
    }
  }
}
