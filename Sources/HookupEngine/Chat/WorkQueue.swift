import Synchronization

/// Work that one task does in the order in which others gave it. Whoever gives it sees to it that it does not grow.
///
/// Not cancelled with a task: the queue ends when it is told to and all that was given is taken, so that a shutdown loses
/// nothing.
final class WorkQueue<Element: Sendable>: Sendable {
  struct State {
    var waiting: [Element] = []
    var isFinished = false
    var taker: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func append(_ element: Element) {
    let taker = state.withLock { state in
      state.waiting.append(element)
      return state.taker.take()
    }
    taker?.resume()
  }

  /// Takes everything that waits, without waiting.
  func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
  }

  /// Nothing more is given; what waits is still taken.
  func finish() {
    let taker = state.withLock { state in
      state.isFinished = true
      return state.taker.take()
    }
    taker?.resume()
  }

  /// Waits for work and takes what is there, at most `maximumCount` elements and, after the first, elements of at most
  /// `maximumWeight` together. Nil at the end. One task at a time.
  func next(
    maximumCount: Int = .max, maximumWeight: Int = .max, weight: (Element) -> Int = { _ in 0 }
  ) async -> [Element]? {
    while true {
      let (taken, isFinished) = state.withLock { state in
        (
          state.take(maximumCount: maximumCount, maximumWeight: maximumWeight, weight: weight),
          state.isFinished
        )
      }
      if !taken.isEmpty { return taken }
      if isFinished { return nil }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.waiting.isEmpty || state.isFinished { return true }
          precondition(state.taker == nil, "two tasks take from one queue")
          state.taker = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }
}

extension WorkQueue.State {
  fileprivate mutating func take(
    maximumCount: Int, maximumWeight: Int, weight: (Element) -> Int
  ) -> [Element] {
    var total = 0
    var count = 0
    for element in waiting.prefix(maximumCount) {
      total += weight(element)
      if count > 0, total > maximumWeight { break }
      count += 1
    }
    guard count < waiting.count else {
      defer { waiting = [] }
      return waiting
    }
    defer { waiting.removeFirst(count) }
    return Array(waiting.prefix(count))
  }
}
