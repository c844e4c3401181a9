import Synchronization

/// A queue from one event loop to one reader: batches go in, single elements come out of an `AsyncSequence`.
///
/// Its limits are limits on the producer's side: ``push(_:bytes:mayDrop:)`` always takes a batch it may not drop, and says when the
/// producer is to stop feeding; `onRoom` says when it may go on. So the queue holds at most its limit and the batches that were under
/// way.
package final class EventQueue<Element: Sendable>: AsyncSequence, Sendable {
  private struct State {
    var elements: [Element] = []
    var hasHadReader = false
    var bytes = 0
    var isFinished = false
    var isOverLimit = false
    var holdsWriters = true
    var reader: CheckedContinuation<[Element]?, Never>?
    var writer: CheckedContinuation<Void, Never>?
  }

  private let limit: Int
  private let maximumBytes: Int
  private let onRoom: @Sendable () -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: elements beyond which a push returns false.
  ///   - maximumBytes: the same for the bytes that pushes were told of; 4 MiB by default.
  ///   - onRoom: called on the reader's task when a queue that was over its limit has been read empty.
  package init(
    limit: Int, maximumBytes: Int = 4 << 20, onRoom: @escaping @Sendable () -> Void = {}
  ) {
    self.limit = limit
    self.maximumBytes = maximumBytes
    self.onRoom = onRoom
  }

  /// Adds elements, from any thread. After ``finish()`` they are dropped.
  /// - Parameters:
  ///   - bytes: what the batch holds in memory, about.
  ///   - mayDrop: whether the batch is dropped when nobody reads: beyond the limit while there never was a reader, beyond twice the
  ///     limit with one.
  /// - Returns: whether there is still room; false asks the producer to pause until `onRoom`.
  @discardableResult
  package func push(_ batch: [Element], bytes: Int = 0, mayDrop: Bool = false) -> Bool {
    guard !batch.isEmpty else { return true }
    let (reader, hasRoom) = state.withLock {
      state -> (CheckedContinuation<[Element]?, Never>?, Bool) in
      guard !state.isFinished else { return (nil, true) }
      if let reader = state.reader {
        state.reader = nil
        return (reader, true)
      }
      let dropsFrom = state.hasHadReader ? 2 * limit : limit
      if mayDrop && state.elements.count >= dropsFrom { return (nil, !state.isOverLimit) }
      state.elements.append(contentsOf: batch)
      state.bytes += bytes
      if state.elements.count > limit || state.bytes > maximumBytes { state.isOverLimit = true }
      return (nil, !state.isOverLimit)
    }
    reader?.resume(returning: batch)
    return hasRoom
  }

  /// Returns when the queue is below its limit, finished, or the task is cancelled: how a producer that may wait does. For one task at a
  /// time; others pass.
  package func waitForRoom() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          let mustWait = state.isOverLimit && state.holdsWriters && !state.isFinished
          if !mustWait || Task.isCancelled || state.writer != nil { return true }
          state.writer = continuation
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      let writer = state.withLock { state in
        defer { state.writer = nil }
        return state.writer
      }
      writer?.resume()
    }
  }

  /// Lets every producer pass from now on: what is still to be queued is little, and nobody may be reading any more.
  package func stopHoldingWriters() {
    let writer = state.withLock { state in
      state.holdsWriters = false
      defer { state.writer = nil }
      return state.writer
    }
    writer?.resume()
  }

  /// Ends the sequence after what is queued. Idempotent.
  package func finish() {
    let (reader, writer) = state.withLock { state in
      state.isFinished = true
      defer {
        state.reader = nil
        state.writer = nil
      }
      return (state.reader, state.writer)
    }
    reader?.resume(returning: nil)
    writer?.resume()
  }

  private func nextBatch() async -> [Element]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (batch, freed, writer) = state.withLock { state in takeBatch(&state, continuation) }
        writer?.resume()
        if freed { onRoom() }
        if let batch { continuation.resume(returning: batch) }
      }
    } onCancel: {
      let reader = state.withLock { state in
        defer { state.reader = nil }
        return state.reader
      }
      reader?.resume(returning: nil)
    }
  }

  /// What a reader gets now: a batch, the end, or neither, and then it waits. And whom that sets free.
  private func takeBatch(
    _ state: inout State, _ reader: CheckedContinuation<[Element]?, Never>
  ) -> (batch: [Element]??, freed: Bool, writer: CheckedContinuation<Void, Never>?) {
    state.hasHadReader = true
    guard state.elements.isEmpty else {
      let batch = state.elements
      state.elements = []
      state.bytes = 0
      defer {
        state.isOverLimit = false
        state.writer = nil
      }
      return (.some(batch), state.isOverLimit, state.writer)
    }
    if state.isFinished || Task.isCancelled || state.reader != nil {
      return (.some(nil), false, nil)
    }
    state.reader = reader
    return (nil, false, nil)
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    let queue: EventQueue
    private var batch: [Element] = []
    private var index = 0

    init(queue: EventQueue) { self.queue = queue }

    package mutating func next() async -> Element? {
      if index == batch.count {
        guard let fresh = await queue.nextBatch() else { return nil }
        batch = fresh
        index = 0
      }
      defer { index += 1 }
      return batch[index]
    }
  }

  /// There is one reader: a second iterator that waits at the same time gets the end at once.
  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: self) }
}
