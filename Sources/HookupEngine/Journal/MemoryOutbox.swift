import HookupCore
import NIOCore
import Synchronization

/// An outbox that ends with the process. Completions run before the call returns.
package final class MemoryOutbox: OutboxStorage {
  private struct State {
    var entries = TailCache(maximumBytes: .max)
    var next: UInt64 = 1
    var isClosed = false
  }

  private let state = Mutex(State())

  package let recovered: OutboxRecovery

  /// - Parameter epoch: the id of its numbering.
  package init(epoch: UInt64 = .random(in: 1...UInt64.max)) {
    var recovered = OutboxRecovery()
    recovered.epoch = epoch
    self.recovered = recovered
  }

  package var fileBytes: Int? { nil }

  package func append(
    _ entries: [OutboxEntry], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    let result: Result<Void, HookupError> = state.withLock { state in
      guard !state.isClosed else { return .failure(.outboxClosed) }
      if case .failure(let refusal) = OutboxAppendRule.check(entries, next: state.next) {
        return .failure(refusal)
      }
      state.entries.append(entries)
      if let last = entries.last { state.next = last.sequence + 1 }
      return .success(())
    }
    completion(result)
  }

  package func settle(_ sequences: [UInt64]) {
    state.withLock { state in
      for sequence in sequences { state.entries.remove(sequence) }
    }
  }

  package func withdraw(
    _ sequences: [UInt64], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    // Nobody opens it again.
    completion(state.withLock { $0.isClosed } ? .failure(.outboxClosed) : .success(()))
  }

  package func read(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int,
    completion: @escaping @Sendable (Result<[OutboxEntry], HookupError>) -> Void
  ) {
    let result: Result<[OutboxEntry], HookupError> = state.withLock { state in
      guard !state.isClosed else { return .failure(.outboxClosed) }
      return .success(
        state.entries.entries(
          from: sequence, maximumCount: maximumCount, maximumBytes: maximumBytes))
    }
    completion(result)
  }

  package func close(completion: @escaping @Sendable (Result<Void, HookupError>) -> Void) {
    state.withLock { state in
      state.isClosed = true
      state.entries = TailCache(maximumBytes: .max)
    }
    completion(.success(()))
  }
}

/// What every outbox asks of the entries of one append.
enum OutboxAppendRule {
  /// How many bytes the entries take in a file, or why they may not be appended.
  /// - Parameter next: the lowest sequence that was not given yet. A higher one is taken: the entries between failed.
  static func check(_ entries: [OutboxEntry], next: UInt64) -> Result<Int, HookupError> {
    guard let first = entries.first else { return .success(0) }
    var expected = first.sequence
    var bytes = 0
    guard expected >= next else {
      return refusal(
        .invalidArgument,
        "outbox entry \(expected) was numbered already: the next free number is \(next)")
    }
    // By their places: a copy of an entry costs more than all the rest.
    for place in entries.indices {
      guard entries[place].sequence == expected, expected < JournalSegmentName.sequenceLimit else {
        return refusal(
          .invalidArgument,
          "outbox entry \(entries[place].sequence) stands where \(expected) belongs")
      }
      let size = entries[place].payload.readableBytes
      guard size <= JournalRecordCodec.maximumPayloadBytes else {
        return refusal(
          .messageTooBig,
          "a message of \(size) bytes does not fit into the outbox: the limit is "
            + "\(JournalRecordCodec.maximumPayloadBytes) bytes")
      }
      expected += 1
      bytes += JournalRecordCodec.encodedBytes(of: entries[place])
    }
    guard bytes <= FileOutboxOptions.maximumAppendBytes else {
      return refusal(
        .messageTooBig,
        "\(bytes) bytes in one append do not fit into the outbox: the limit is "
          + "\(FileOutboxOptions.maximumAppendBytes); append fewer at a time")
    }
    return .success(bytes)
  }

  private static func refusal(
    _ code: HookupError.Code, _ message: String
  ) -> Result<Int, HookupError> {
    .failure(HookupError(code, message))
  }
}

extension HookupError {
  static var outboxClosed: HookupError {
    HookupError(.closed, "the outbox is closed: open it again to use it")
  }
}
