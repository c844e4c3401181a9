import Synchronization

/// What a test waits for: values put in by callbacks, taken out in order by one task.
final class Mailbox<Value: Sendable>: Sendable {
  private struct State: ~Copyable {
    var values: [Value] = []
    var reader: CheckedContinuation<Value, any Error>?
  }

  private let state = Mutex(State())

  func put(_ value: Value) {
    let reader = state.withLock { state in
      if let reader = state.reader.take() { return Optional(reader) }
      state.values.append(value)
      return nil
    }
    reader?.resume(returning: value)
  }

  /// Waits for the next value; throws when the test is cancelled, at its time limit.
  func next() async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Value, any Error>) in
        let result: Result<Value, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if !state.values.isEmpty { return .success(state.values.removeFirst()) }
          state.reader = continuation
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      state.withLock { $0.reader.take() }?.resume(throwing: CancellationError())
    }
  }

  var count: Int { state.withLock { $0.values.count } }
}
