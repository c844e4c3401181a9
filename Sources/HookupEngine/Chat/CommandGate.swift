import Synchronization

/// Lets so many commands of one connection in at a time, and no further one before one of them is done.
final class CommandGate: Sendable {
  private struct State {
    var free: Int
    var isOpen = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state: Mutex<State>

  init(limit: Int) {
    state = Mutex(State(free: max(1, limit)))
  }

  /// Waits until another command may come in. One task at a time. Returns at once when the task is cancelled.
  func enter() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let mayEnter = state.withLock { state in
          if state.isOpen { return true }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          precondition(state.waiter == nil, "two tasks enter one gate")
          state.waiter = continuation
          return false
        }
        if mayEnter { continuation.resume() }
      }
    } onCancel: {
      open()
    }
  }

  /// A command is done.
  func leave() {
    let waiter = state.withLock { state in
      // Who waits gets the place.
      if let waiter = state.waiter.take() { return waiter as CheckedContinuation<Void, Never>? }
      state.free += 1
      return nil
    }
    waiter?.resume()
  }

  /// Lets everything in from now on: the connection ends, and nothing it says counts.
  func open() {
    let waiter = state.withLock { state in
      state.isOpen = true
      return state.waiter.take()
    }
    waiter?.resume()
  }
}
