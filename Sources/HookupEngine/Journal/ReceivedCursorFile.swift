import HookupCore

/// The file `received` of an outbox directory: how far this client took its peer's numbered messages.
///
/// Open it after the outbox, which holds the directory's lock.
package final class ReceivedCursorFile: Sendable {
  private let file: TwoSlotFile<ReceivedCursor>

  /// Blocks while it reads. A file that does not exist is made, with ``ReceivedCursor/none``.
  /// - Parameter isExpected: whether a file that is missing is a loss, because this client has dialled before.
  /// - Throws: ``HookupError/Code/storage``, also for a version that this program does not know; then nothing is touched.
  package static func open(
    directory: String, files: any FileLayer = SystemFiles(), isExpected: Bool = false
  ) throws(HookupError) -> ReceivedCursorFile {
    ReceivedCursorFile(
      try TwoSlotFile(
        directory: directory, name: "received", subject: "how far messages were received",
        initial: .none, isExpected: isExpected, files: files))
  }

  private init(_ file: TwoSlotFile<ReceivedCursor>) {
    self.file = file
  }

  /// What was found. When it was lost, ``value`` is ``ReceivedCursor/none``: the peer sends again, or reports, what was
  /// received before.
  package var recovered: TwoSlotRecovery { file.recovered }

  /// What is known to be durable.
  package var value: ReceivedCursor { file.value }

  /// Makes `cursor` durable by fdatasync, and then runs `completion` on a thread of the file's own, in the order of the calls.
  /// Of stores that come while one is being written only the last is written, and all of them complete with it. After a failure
  /// the value on disk is the last durable one or one that failed; the next store makes the file anew.
  package func store(
    _ cursor: ReceivedCursor,
    completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    file.update {
      $0 = cursor
      return nil
    } completion: {
      completion($0.map { _ in })
    }
  }

  /// Writes what waits and lets go of the file. Idempotent.
  package func close(completion: @escaping @Sendable () -> Void) {
    file.close(completion: completion)
  }
}
