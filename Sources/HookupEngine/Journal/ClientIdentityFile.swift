import HookupCore

/// The file `identity` of an outbox directory: who this installation is, and how often it has dialled.
///
/// Open it after the outbox, which holds the directory's lock.
package final class ClientIdentityFile: Sendable {
  private let file: TwoSlotFile<InstallationIdentity>
  /// 32 hexadecimal digits, as found or made on opening.
  package let id: String

  /// Blocks while it reads. A file that does not exist is made, with the fresh id; one that is damaged is set aside, and
  /// the same.
  /// - Parameters:
  ///   - isExpected: whether a file that is missing is a loss, because the outbox has given numbers before:
  ///     ``OutboxRecovery/nextSequence`` is above 1.
  ///   - freshID: 128 bits for a new installation.
  /// - Throws: ``HookupError/Code/storage``, also for a version that this program does not know; then nothing is touched.
  package static func open(
    directory: String, files: any FileLayer = SystemFiles(), isExpected: Bool = false,
    freshID: (high: UInt64, low: UInt64) = (
      .random(in: 0...UInt64.max), .random(in: 0...UInt64.max)
    )
  ) throws(HookupError) -> ClientIdentityFile {
    ClientIdentityFile(
      try TwoSlotFile(
        directory: directory, name: "identity", subject: "the identity of this client",
        initial: InstallationIdentity(high: freshID.high, low: freshID.low, connections: 0),
        isExpected: isExpected, files: files
      ) { identity, state in
        // A slot that is not good held one number more than the other, and that number may have been used.
        if state == .older { identity.connections += 1 }
      })
  }

  private init(_ file: TwoSlotFile<InstallationIdentity>) {
    self.file = file
    id = file.value.id
  }

  /// What was found. When it was lost, ``id`` is a new one, and servers take this for another client.
  package var recovered: TwoSlotRecovery { file.recovered }

  /// How often this installation has dialled, at most, as far as is known to be durable.
  package var connections: UInt64 { file.value.connections }

  /// Gives the number of the next dial to `completion`, on a thread of the file's own, once it is durable that the number is
  /// used. Numbers rise from 1 over all processes; one whose store failed is not given again.
  package func nextConnectionNumber(
    completion: @escaping @Sendable (Result<UInt64, HookupError>) -> Void
  ) {
    file.update {
      let number = $0.connections + 1
      guard number < JournalSegmentName.sequenceLimit else {
        return HookupError(
          .storage, "file '\(file.path)' has no connection numbers left: remove it to begin anew")
      }
      $0.connections = number
      return nil
    } completion: {
      completion($0.map(\.connections))
    }
  }

  /// What is known to be durable.
  package var value: InstallationIdentity { file.value }

  /// Changes who this is and how it numbers, durably before any dial that is counted after this call.
  package func renew(
    _ change: @escaping (inout InstallationIdentity) -> Void,
    completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    file.update {
      change(&$0)
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
