import HookupCore
import NIOCore

/// An outbox in a directory of checksummed, append-only files, as the page Protocol describes them. Entries survive the end of the
/// process at any instruction, and power loss as ``FileOutboxOptions/sync`` says.
///
/// A thread of its own does all file access. What was queued while it flushed goes out in its next write. An append that
/// fails leaves none of its entries in the outbox; only a crash right after the failure can bring them back.
package final class FileOutbox: OutboxStorage {
  typealias Completion = @Sendable (Result<Void, HookupError>) -> Void
  typealias ReadCompletion = @Sendable (Result<[OutboxEntry], HookupError>) -> Void

  /// What the writing thread is asked to do.
  enum Operation: Sendable {
    case append([OutboxEntry], Completion)
    case settle([UInt64])
    case withdraw([UInt64], Completion)
    case read(from: UInt64, maximumCount: Int, maximumBytes: Int, ReadCompletion)
    /// Runs in its turn and does nothing else: tells a caller no, in the order of the calls.
    case refuse(@Sendable () -> Void)
  }

  /// What callers and the writing thread share.
  struct Mailbox: Sendable {
    var operations: [Operation] = []
    var queuedBytes = 0
    var fileBytes: Int
    var isClosing = false
    /// Set when the writing thread has ended.
    var closed: Result<Void, HookupError>?
    var closers: [Completion] = []
  }

  package let recovered: OutboxRecovery
  package let directory: String
  /// The id of this outbox's numbering; a new one when it cannot be shown that no number was lost.
  package let epoch: UInt64
  private let mailbox: Monitor<Mailbox>

  /// Opens the outbox in `directory`, which is made if it does not exist; repairs what a crash left behind and says so
  /// in ``recovered``. Blocks while it reads the files.
  /// - Parameter freshEpoch: the epoch to use if a new one is needed.
  /// - Throws: ``HookupError/Code/locked`` when another process uses the directory; ``HookupError/Code/storage``.
  package static func open(
    directory: String, options: FileOutboxOptions = FileOutboxOptions(),
    files: any FileLayer = SystemFiles(), freshEpoch: UInt64 = .random(in: 1...UInt64.max)
  ) throws(HookupError) -> FileOutbox {
    var opening = OutboxOpening(
      directory: directory, options: options, files: files, freshEpoch: freshEpoch)
    let writer = try opening.open()
    let mailbox = Monitor(Mailbox(fileBytes: writer.usedBytes))
    let outbox = FileOutbox(
      recovered: opening.recovered, directory: directory, epoch: writer.epoch, mailbox: mailbox)
    do throws(HookupError) {
      try WorkerThread.start { writer.run(mailbox) }
    } catch {
      _ = writer.finish()
      mailbox.change { $0.closed = .failure(error) }
      throw error
    }
    return outbox
  }

  private init(
    recovered: OutboxRecovery, directory: String, epoch: UInt64, mailbox: Monitor<Mailbox>
  ) {
    self.recovered = recovered
    self.directory = directory
    self.epoch = epoch
    self.mailbox = mailbox
  }

  deinit {
    mailbox.change { $0.isClosing = true }
  }

  package var fileBytes: Int? { mailbox.withLock { $0.fileBytes } }

  package func append(
    _ entries: [OutboxEntry], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    let bytes = entries.indices.reduce(64) { $0 + 96 + entries[$1].payload.readableBytes }
    enqueue(.append(entries, completion), bytes: bytes) { completion(.failure($0)) }
  }

  package func settle(_ sequences: [UInt64]) {
    guard !sequences.isEmpty else { return }
    // Never refused for want of room: what is settled was appended, and that is bounded.
    enqueue(.settle(sequences), bytes: 0) { _ in }
  }

  package func withdraw(
    _ sequences: [UInt64], completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    enqueue(.withdraw(sequences, completion), bytes: 64 + 8 * sequences.count) {
      completion(.failure($0))
    }
  }

  package func read(
    from sequence: UInt64, maximumCount: Int, maximumBytes: Int,
    completion: @escaping @Sendable (Result<[OutboxEntry], HookupError>) -> Void
  ) {
    let operation = Operation.read(
      from: sequence, maximumCount: maximumCount, maximumBytes: maximumBytes, completion)
    enqueue(operation, bytes: 64) { completion(.failure($0)) }
  }

  package func close(completion: @escaping @Sendable (Result<Void, HookupError>) -> Void) {
    var closed: Result<Void, HookupError>?
    mailbox.change { mailbox in
      mailbox.isClosing = true
      closed = mailbox.closed
      if closed == nil { mailbox.closers.append(completion) }
    }
    if let closed { completion(closed) }
  }

  private func enqueue(
    _ operation: Operation, bytes: Int, refuse: @escaping @Sendable (HookupError) -> Void
  ) {
    var isClosed = false
    mailbox.change { mailbox in
      isClosed = mailbox.closed != nil
      guard !isClosed else { return }
      if mailbox.isClosing {
        mailbox.operations.append(.refuse { refuse(.outboxClosed) })
      } else if bytes > 0, mailbox.queuedBytes + bytes > FileOutboxOptions.maximumQueuedBytes {
        mailbox.operations.append(
          .refuse {
            refuse(
              HookupError(
                .bufferFull,
                "more than \(FileOutboxOptions.maximumQueuedBytes) bytes wait to be written to the "
                  + "outbox: append at the speed of the disk"))
          })
      } else {
        mailbox.queuedBytes += bytes
        mailbox.operations.append(operation)
      }
    }
    if isClosed { refuse(.outboxClosed) }
  }
}
