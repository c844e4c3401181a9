import HookupCore

@testable import HookupEngine

extension ReceivedCursorFile {
  func store(_ cursor: ReceivedCursor) async -> Result<Void, HookupError> {
    await withCheckedContinuation { continuation in
      store(cursor) { continuation.resume(returning: $0) }
    }
  }

  func close() async {
    await withCheckedContinuation { continuation in close { continuation.resume() } }
  }
}

extension ClientIdentityFile {
  func nextConnectionNumber() async throws(HookupError) -> UInt64 {
    try await withCheckedContinuation { continuation in
      nextConnectionNumber { continuation.resume(returning: $0) }
    }.get()
  }

  func close() async {
    await withCheckedContinuation { continuation in close { continuation.resume() } }
  }
}

/// A cursor that can be told from every other by its number.
func cursor(_ number: UInt64) -> ReceivedCursor {
  ReceivedCursor(epoch: 9, rx: number, tag: number &* 0x9E37_79B9_7F4A_7C15)
}
