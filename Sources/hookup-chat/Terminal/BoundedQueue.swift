import Synchronization

/// A queue whose writers wait, without blocking a thread, while it is full: a slow reader slows what feeds it down.
///
/// Elements stay in the order in which ``send(_:)`` was called, also those of writers that had to wait. Once closed, the
/// queue takes nothing more and no writer waits.
final class BoundedQueue<Element: Sendable>: Sendable {
  private struct Writer {
    var id: UInt64
    var element: Element
    var continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var elements: [Element] = []
    var writers: [Writer] = []
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 0
    var isClosed = false
  }

  /// Elements that are held before writers wait.
  let capacity: Int
  private let state = Mutex(State())
  private let wake: @Sendable () -> Void

  /// `wake` is called, on the writer's thread, when the queue was empty: once for a burst.
  init(capacity: Int, wake: @escaping @Sendable () -> Void) {
    self.capacity = max(1, capacity)
    self.wake = wake
  }

  /// Appends `element`, waiting for room. False when it was not taken: the queue is closed or the task was cancelled.
  @discardableResult
  func send(_ element: Element) async -> Bool {
    let (taken, id) = state.withLock { state -> (Taken, UInt64) in
      if state.isClosed { return (.refused, 0) }
      if state.elements.count < capacity, state.writers.isEmpty {
        state.elements.append(element)
        return (state.elements.count == 1 ? .first : .queued, 0)
      }
      state.nextID += 1
      return (.full, state.nextID)
    }
    switch taken {
    case .refused: return false
    case .first: wake()
    case .queued: break
    case .full: return await waitForRoom(element, id: id)
    }
    return true
  }

  private enum Taken { case refused, first, queued, full }

  private func waitForRoom(_ element: Element, id: UInt64) async -> Bool {
    defer { state.withLock { _ = $0.cancelled.remove(id) } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Between the first look and this one the reader may have made room, the queue may have been closed and the
        // task cancelled.
        let answer = state.withLock { state -> (answer: Bool, wakes: Bool)? in
          if state.isClosed || state.cancelled.remove(id) != nil { return (false, false) }
          if state.elements.count < capacity, state.writers.isEmpty {
            state.elements.append(element)
            return (true, state.elements.count == 1)
          }
          state.writers.append(Writer(id: id, element: element, continuation: continuation))
          return nil
        }
        guard let answer else { return }
        if answer.wakes { wake() }
        continuation.resume(returning: answer.answer)
      }
    } onCancel: {
      let waiting = state.withLock { state -> Writer? in
        guard let index = state.writers.firstIndex(where: { $0.id == id }) else {
          if !state.isClosed { state.cancelled.insert(id) }
          return nil
        }
        return state.writers.remove(at: index)
      }
      waiting?.continuation.resume(returning: false)
    }
  }

  /// Takes up to `maximum` elements, oldest first, and lets as many waiting writers in.
  func take(_ maximum: Int) -> [Element] {
    let (taken, admitted) = state.withLock { state -> ([Element], [Writer]) in
      let taken = Array(state.elements.prefix(maximum))
      state.elements.removeFirst(taken.count)
      let admitted = Array(state.writers.prefix(max(0, capacity - state.elements.count)))
      state.writers.removeFirst(admitted.count)
      state.elements.append(contentsOf: admitted.map(\.element))
      return (taken, admitted)
    }
    for writer in admitted { writer.continuation.resume(returning: true) }
    return taken
  }

  var isEmpty: Bool { state.withLock { $0.elements.isEmpty } }
  var hasWaitingWriters: Bool { state.withLock { !$0.writers.isEmpty } }
  var count: Int { state.withLock { $0.elements.count } }

  /// Refuses everything from now on; what is queued can still be taken.
  func close() {
    let writers = state.withLock { state -> [Writer] in
      state.isClosed = true
      state.cancelled = []
      defer { state.writers = [] }
      return state.writers
    }
    for writer in writers { writer.continuation.resume(returning: false) }
  }
}
