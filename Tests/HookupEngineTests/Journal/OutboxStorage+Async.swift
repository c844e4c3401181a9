import HookupCore
import HookupEngine
import NIOCore

extension OutboxStorage {
  func append(_ entries: [OutboxEntry]) async -> Result<Void, HookupError> {
    await withCheckedContinuation { continuation in
      append(entries) { continuation.resume(returning: $0) }
    }
  }

  /// Appends entries with the text that ``entry(_:attempt:)`` gives.
  func append(_ sequences: ClosedRange<UInt64>) async -> Result<Void, HookupError> {
    await append(sequences.map { entry($0) })
  }

  func withdraw(_ sequences: [UInt64]) async -> Result<Void, HookupError> {
    await withCheckedContinuation { continuation in
      withdraw(sequences) { continuation.resume(returning: $0) }
    }
  }

  func read(from sequence: UInt64, count: Int = .max, bytes: Int = .max) async throws(HookupError)
    -> [OutboxEntry]
  {
    try await withCheckedContinuation { continuation in
      read(from: sequence, maximumCount: count, maximumBytes: bytes) {
        continuation.resume(returning: $0)
      }
    }.get()
  }

  func sequences() async throws(HookupError) -> [UInt64] {
    try await read(from: 0).map(\.sequence)
  }

  @discardableResult
  func close() async -> Result<Void, HookupError> {
    await withCheckedContinuation { continuation in
      close { continuation.resume(returning: $0) }
    }
  }
}

/// A message that can be told from every other: by its number, and by how often the number was tried.
func entry(_ sequence: UInt64, attempt: Int = 1) -> OutboxEntry {
  let filler = String(repeating: "·", count: Int(sequence * 7 % 50))
  return OutboxEntry(
    sequence: sequence, flags: UInt8(sequence % 256),
    ackTimeoutMilliseconds: UInt32(sequence % 1_000),
    payload: ByteBuffer(string: "\(sequence).\(attempt) \(filler)"))
}

extension Result {
  var isSuccess: Bool { if case .success = self { true } else { false } }
  var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
