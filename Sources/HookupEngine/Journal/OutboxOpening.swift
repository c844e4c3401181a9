import HookupCore
import NIOCore

/// Opens an outbox directory: takes the lock, reads the segments, repairs, and makes the writer.
struct OutboxOpening {
  let directory: String
  let options: FileOutboxOptions
  let files: any FileLayer
  let freshEpoch: UInt64
  private(set) var recovered = OutboxRecovery()
  private var existing: Set<String> = []

  init(
    directory: String, options: FileOutboxOptions, files: any FileLayer, freshEpoch: UInt64
  ) {
    self.directory = directory
    self.options = options
    self.files = files
    self.freshEpoch = freshEpoch
  }

  mutating func open() throws(HookupError) -> OutboxWriter {
    let lock = try takeLock()
    do throws(HookupError) {
      existing = Set(
        try naming { () throws(FileFailure) in try files.names(in: directory) })
      let recovery = try recover()
      return try repair(recovery, lock)
    } catch {
      files.close(lock)
      throw error
    }
  }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  private func takeLock() throws(HookupError) -> OpenFile {
    let outcome = try naming { () throws(FileFailure) -> LockOutcome in
      try files.makeDirectory(directory)
      return try files.lock(path("lock"))
    }
    switch outcome {
    case .held(let file): return file
    case .taken(let owner):
      let who = owner.map { "process \($0)" } ?? "another process"
      throw HookupError(
        .locked,
        "outbox directory '\(directory)' is in use by \(who): end it first, or choose another directory"
      )
    }
  }

  // MARK: Reading

  private func recover() throws(HookupError) -> JournalRecovery {
    var recovery = JournalRecovery(names: existing.compactMap { JournalSegmentName($0) })
    // One buffer for all files: what is given back in between would stay with the process.
    var room = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)
    defer { room.deallocate() }
    for name in recovery.names {
      let path = path(name.description)
      let file = try naming { () throws(FileFailure) -> OpenFile in
        try files.open(path, creating: false)
      }
      defer { files.close(file) }
      let size = try naming { () throws(FileFailure) -> Int in try files.size(file) }
      guard size <= FileOutboxOptions.maximumFileBytes else {
        throw HookupError(
          .storage,
          "outbox file '\(path)' has \(size) bytes, more than any outbox file: move it elsewhere")
      }
      if room.count < size {
        room.deallocate()
        room = .allocate(byteCount: max(size, options.segmentBytes), alignment: 16)
      }
      let target = UnsafeMutableRawBufferPointer(rebasing: room[..<size])
      let count = try naming { () throws(FileFailure) -> Int in
        try files.read(file, at: 0, into: target)
      }
      try recovery.add(UnsafeRawBufferPointer(rebasing: target[..<count]), path: path)
    }
    return recovery
  }

  private func contents(_ path: String, from start: Int = 0) throws(FileFailure) -> [UInt8] {
    let file = try files.open(path, creating: false)
    defer { files.close(file) }
    let size = try files.size(file)
    var failure: FileFailure?
    let bytes = [UInt8](unsafeUninitializedCapacity: max(0, size - start)) { bytes, count in
      do throws(FileFailure) {
        count = try files.read(file, at: start, into: UnsafeMutableRawBufferPointer(bytes))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  // MARK: Repairing

  /// In this order: first a segment that remembers the next sequence, if one is needed, then what removes bytes. A crash
  /// between any two steps leaves something that is repaired the same way.
  private mutating func repair(
    _ recovery: JournalRecovery, _ lock: OpenFile
  ) throws(HookupError) -> OutboxWriter {
    recovered.nextSequence = recovery.nextSequence
    recovered.lost = recovery.lost
    recovered.epoch = recovery.epoch ?? freshEpoch
    recovered.isNewEpoch = recovery.epoch == nil
    recovered.pending = recovery.entries
    recovered.withdrawn = recovery.withdrawn
    let kept = recovery.segments.filter(\.stays)
    let segments = kept.map { segment in
      OutboxWriter.Segment(
        id: segment.id, name: segment.name, path: path(segment.name.description),
        used: segment.end, durable: segment.end, allocated: segment.end)
    }
    let writer = OutboxWriter(
      directory: directory, options: options, files: files, lock: lock,
      epoch: recovered.epoch, segments: segments, file: nil, recovery: recovery)
    for missing in recovery.missing {
      recovered.notices.append(
        "outbox directory '\(directory)' lacks a file: messages \(missing.lowerBound) to \(missing.upperBound) "
          + "are not in it")
    }
    if recovery.needsNewEpoch {
      try writer.startSegment(first: recovery.nextSequence, copying: [])
    }
    do throws(FileFailure) {
      for segment in recovery.segments { try repair(segment) }
      try files.remove(path(OutboxWriter.temporaryName))
      if !recovery.needsNewEpoch, let last = kept.last { try resume(writer, last) }
    } catch {
      if let file = writer.file { files.close(file) }
      throw error.asError
    }
    return writer
  }

  private mutating func repair(_ segment: JournalRecovery.Segment) throws(FileFailure) {
    let path = path(segment.name.description)
    switch segment.verdict {
    case .clean: break
    case .superseded: try files.remove(path)
    case .torn(let at, let bytes, let keepsTail):
      var notice =
        "outbox file '\(path)' ended in a write that was cut off: \(bytes) bytes from byte \(at) on"
      if keepsTail {
        let tail = try contents(path, from: at)
        let copy = try store(tail, aside: segment.name.description)
        notice += " were moved to '\(copy)'; messages in them are not sent"
      } else {
        notice += " were removed"
      }
      let file = try files.open(path, creating: false)
      defer { files.close(file) }
      try files.truncate(file, to: at)
      try files.synchronize(file)
      recovered.notices.append(notice)
    case .corrupt(let at, let bytes, let through):
      let target = self.path(freeName(segment.name.description))
      try files.rename(path, to: target)
      try files.synchronizeDirectory(directory)
      let range = through.map { "\(segment.name.first) to \($0)" } ?? "\(segment.name.first) and up"
      recovered.notices.append(
        "outbox file '\(path)' is damaged (\(bytes) bytes from byte \(at) on) and was set aside whole as "
          + "'\(target)': messages \(range) that were not settled are not sent")
    }
  }

  private mutating func store(_ bytes: [UInt8], aside name: String) throws(FileFailure) -> String {
    let path = path(freeName(name))
    let file = try files.open(path, creating: true)
    defer { files.close(file) }
    var failure: FileFailure?
    bytes.withUnsafeBytes { bytes in
      do throws(FileFailure) {
        try files.write(file, at: 0, bytes)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    try files.synchronize(file)
    try files.synchronizeDirectory(directory)
    return path
  }

  private mutating func freeName(_ name: String) -> String {
    var number = 1
    while existing.contains("\(name).damaged-\(number)") { number += 1 }
    existing.insert("\(name).damaged-\(number)")
    return "\(name).damaged-\(number)"
  }

  /// Goes on in the last segment, if that can be. What was written before the last process ended may not be durable:
  /// it is now, before any of it is sent.
  private func resume(
    _ writer: OutboxWriter, _ last: JournalRecovery.Segment
  ) throws(FileFailure) {
    let file = try files.open(path(last.name.description), creating: false)
    do throws(FileFailure) {
      try files.synchronize(file)
      writer.segments[writer.segments.count - 1].allocated = try files.size(file)
    } catch {
      files.close(file)
      throw error
    }
    if last.confirmsEarly == options.confirmsEarly, last.end < options.segmentBytes {
      writer.file = file
    } else {
      files.close(file)
    }
  }
}

extension JournalRecovery.Segment {
  /// Whether the file remains a part of the outbox.
  fileprivate var stays: Bool {
    switch verdict {
    case .clean, .torn: true
    case .corrupt, .superseded: false
    }
  }
}
