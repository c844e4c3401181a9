import HookupCore
import NIOCore

/// The part of ``FileOutbox`` that touches files: which segments there are, what is where, what is to be written.
///
/// `@unchecked Sendable`: whoever opens the outbox hands it to the writing thread and keeps no reference; from then on only
/// that thread uses it.
final class OutboxWriter: @unchecked Sendable {
  /// A file of the journal.
  struct Segment {
    let id: UInt32
    var name: JournalSegmentName
    var path: String
    /// Bytes of records and header; what is beyond is space reserved ahead.
    var used: Int
    /// Bytes known to be durable, at most `used`.
    var durable: Int
    /// The file's length.
    var allocated: Int
  }

  let directory: String
  let options: FileOutboxOptions
  let files: any FileLayer
  let lock: OpenFile
  let epoch: UInt64

  /// In order of age.
  var segments: [Segment]
  /// The last segment, open for writing; nil when the next append needs a new one.
  var file: OpenFile?
  var index: JournalIndex
  var nextSequence: UInt64
  var nextID: UInt32
  var cache: TailCache
  /// The file that was read last, unless it is ``file``.
  var reader: (id: UInt32, file: OpenFile)?
  /// A segment that holds confirmed entries which may not be durable and whose descriptor failed: what is
  /// unsettled from its durable length on must be written again before anything else.
  var unsafeSegment: UInt32?

  /// Settled, but the files do not say so yet.
  var unsavedSettled: [ClosedRange<UInt64>]
  /// The last segment says that these are withdrawn. Some may be settled, which the files do not say yet.
  var withdrawn: Set<UInt64>
  var settleDeadline: MonotonicInstant?
  var syncDeadline: MonotonicInstant?
  var mergeNotBefore = MonotonicInstant.zero
  var needsCompaction = true

  var buffer = ByteBuffer()

  /// Space that is reserved ahead in a file's first step, in bytes; each later step doubles it. Appending within reserved space makes
  /// fdatasync about 1.5 times as fast, since the file's length does not change.
  static let reserveBytes = 1 << 20
  static let temporaryName = "outbox.temporary"

  init(
    directory: String, options: FileOutboxOptions, files: any FileLayer, lock: OpenFile,
    epoch: UInt64, segments: [Segment], file: OpenFile?, recovery: JournalRecovery
  ) {
    self.directory = directory
    self.options = options
    self.files = files
    self.lock = lock
    self.epoch = epoch
    self.segments = segments
    self.file = file
    index = recovery.index
    nextSequence = recovery.nextSequence
    nextID = UInt32(clamping: recovery.names.count) + 1
    unsavedSettled = recovery.settledToRepeat
    withdrawn = recovery.withdrawn
    cache = TailCache(maximumBytes: options.cacheBytes)
    if !unsavedSettled.isEmpty { settleDeadline = .now + options.settleDelay }
  }

  var usedBytes: Int { segments.reduce(0) { $0 + $1.used } }

  // MARK: The thread

  private enum Work {
    case operations([FileOutbox.Operation])
    case close
  }

  func run(_ mailbox: Monitor<FileOutbox.Mailbox>) {
    while true {
      let deadline = settleDeadline.map { min($0, syncDeadline ?? $0) } ?? syncDeadline
      let work = mailbox.wait(until: deadline) { mailbox -> Work? in
        guard mailbox.operations.isEmpty else {
          defer {
            mailbox.operations = []
            mailbox.queuedBytes = 0
          }
          return .operations(mailbox.operations)
        }
        return mailbox.isClosing ? .close : nil
      }
      switch work {
      case .operations(let operations): perform(operations)
      case nil: break
      case .close:
        close(mailbox)
        return
      }
      attendToDeadlines()
      compactIfNeeded()
      let bytes = usedBytes
      mailbox.withLock { $0.fileBytes = bytes }
    }
  }

  private func close(_ mailbox: Monitor<FileOutbox.Mailbox>) {
    let result = finish()
    while true {
      var late: [FileOutbox.Operation] = []
      var closers: [FileOutbox.Completion] = []
      mailbox.withLock { mailbox in
        swap(&late, &mailbox.operations)
        swap(&closers, &mailbox.closers)
        if late.isEmpty, closers.isEmpty { mailbox.closed = result }
      }
      if late.isEmpty, closers.isEmpty { return }
      for case .refuse(let refuse) in late { refuse() }
      for closer in closers { closer(result) }
    }
  }

  /// Performs operations in order; appends that fit together share one write.
  private func perform(_ operations: [FileOutbox.Operation]) {
    var rest = operations[...]
    while !rest.isEmpty { rest = rest.dropFirst(performGroup(rest)) }
  }

  private enum Outcome {
    /// The offset of the first record.
    case staged(Int)
    case refused(HookupError)
    case none
  }

  /// - Returns: how many operations were performed, at least one.
  private func performGroup(_ operations: ArraySlice<FileOutbox.Operation>) -> Int {
    buffer.clear()
    var hasStaged = false
    var outcomes: [Outcome] = []
    var expected = nextSequence
    for operation in operations {
      let bytes: Int
      switch operation {
      case .append(let entries, _) where !entries.isEmpty:
        switch OutboxAppendRule.check(entries, next: expected) {
        case .success(let sum): bytes = sum
        case .failure(let refusal):
          outcomes.append(.refused(refusal))
          continue
        }
      case .withdraw(let sequences, _) where !sequences.isEmpty:
        bytes = JournalRecordCodec.encodedBytes(ofRanges: sequences.count)
      default:
        outcomes.append(.none)
        continue
      }
      if !hasStaged {
        do throws(HookupError) {
          try prepareSegment(for: bytes)
          stageSettled()
        } catch {
          outcomes.append(.refused(error))
          continue
        }
      } else if !fits(bytes) {
        break
      }
      hasStaged = true
      switch operation {
      case .append(let entries, _):
        outcomes.append(.staged(stage(entries)))
        expected = (entries.last?.sequence ?? expected) + 1
      case .withdraw(let sequences, _): outcomes.append(.staged(stage(withdrawn: sequences)))
      default: break
      }
    }
    let failure = hasStaged ? flush() : nil
    complete(operations, outcomes, failure)
    // One large append does not keep its memory.
    if buffer.capacity > 4 << 20 { buffer = ByteBuffer() }
    return outcomes.count
  }

  private func fits(_ bytes: Int) -> Bool {
    let total = buffer.readableBytes + bytes
    guard total <= options.groupBytes, let segment = segments.last else { return false }
    return segment.used + total <= options.segmentBytes
  }

  /// - Returns: the offset of the first record.
  private func stage(_ entries: [OutboxEntry]) -> Int {
    guard let segment = segments.last else { return 0 }
    let codec = JournalRecordCodec(name: segment.name)
    // Taken out of the object while it grows, so that the loop does not check for exclusive access each time.
    var bytes = ByteBuffer()
    swap(&bytes, &buffer)
    defer { swap(&bytes, &buffer) }
    let start = segment.used + bytes.readableBytes
    var position = start
    let durable = segment.durable
    for place in entries.indices {
      codec.write(entries[place], at: position, durable: durable, into: &bytes)
      position = segment.used + bytes.readableBytes
    }
    return start
  }

  /// - Returns: the offset of the record.
  private func stage(withdrawn sequences: [UInt64]) -> Int {
    guard let segment = segments.last else { return 0 }
    let position = segment.used + buffer.readableBytes
    JournalRecordCodec(name: segment.name).write(
      withdrawn: sequences.map { $0...$0 }, at: position, durable: segment.durable, into: &buffer)
    return position
  }

  private func complete(
    _ operations: ArraySlice<FileOutbox.Operation>, _ outcomes: [Outcome], _ failure: HookupError?
  ) {
    for (operation, outcome) in zip(operations, outcomes) {
      switch operation {
      case .append(let entries, let completion):
        switch outcome {
        case .none: completion(.success(()))
        case .refused(let error): completion(.failure(error))
        case .staged(let offset):
          // First the caller, who waits; nobody sees the index before the next operation has its turn.
          completion(failure.map { .failure($0) } ?? .success(()))
          if failure == nil { admit(entries, at: offset) }
        }
      case .settle(let sequences): settle(sequences)
      case .withdraw(let sequences, let completion):
        switch outcome {
        case .none: completion(.success(()))
        case .refused(let error): completion(.failure(error))
        case .staged:
          if failure == nil { withdrawn.formUnion(sequences) }
          completion(failure.map { .failure($0) } ?? .success(()))
        }
      case .read(let sequence, let maximumCount, let maximumBytes, let completion):
        completion(read(from: sequence, maximumCount, maximumBytes))
      case .refuse(let refuse): refuse()
      }
    }
  }

  /// Takes entries that are as durable as the options ask into the outbox. Their records lie one after another in the last
  /// segment, from `offset` on.
  private func admit(_ entries: [OutboxEntry], at offset: Int) {
    guard let segment = segments.last, let last = entries.last else { return }
    index.append(entries, segment: segment.id, from: offset)
    cache.append(entries)
    nextSequence = last.sequence + 1
  }

  private func settle(_ sequences: [UInt64]) {
    if Self.settle(sequences, &index, &cache, &unsavedSettled) { needsCompaction = true }
    if !unsavedSettled.isEmpty, settleDeadline == nil {
      settleDeadline = .now + options.settleDelay
    }
  }

  /// (With the parts as parameters, so that the loop does not check for exclusive access each time.)
  /// - Returns: whether any of them was there.
  private static func settle(
    _ sequences: [UInt64], _ index: inout JournalIndex, _ cache: inout TailCache,
    _ unsaved: inout [ClosedRange<UInt64>]
  ) -> Bool {
    var found = false
    for sequence in sequences where index.settle(sequence) {
      found = true
      cache.remove(sequence)
      if let last = unsaved.last, last.upperBound + 1 == sequence {
        unsaved[unsaved.count - 1] = last.lowerBound...sequence
      } else {
        unsaved.append(sequence...sequence)
      }
    }
    return found
  }
}
