import HookupCore
import NIOCore

/// The part of ``TwoSlotFile`` that touches the file.
///
/// `@unchecked Sendable`: one thread at a time uses it; who that is, is decided with the mailbox's mutex held.
final class TwoSlotWriter<Value: TwoSlotValue>: @unchecked Sendable {
  typealias Codec = TwoSlotCodec<Value>

  let directory: String
  let name: String
  let files: any FileLayer
  /// Nil after a failure, and before there is one: the next write makes the file anew, and what failed is never
  /// synchronized again.
  private var file: OpenFile?
  private var newest = 0
  private var generation: UInt64 = 0

  init(directory: String, name: String, files: any FileLayer) {
    self.directory = directory
    self.name = name
    self.files = files
  }

  var path: String { "\(directory)/\(name)" }
  private var temporary: String { path + ".temporary" }

  // MARK: Opening

  /// Reads the file, or makes one with `initial`, and says what was found.
  /// - Parameters:
  ///   - subject: what is in the file, for sentences: `the received cursor`.
  ///   - isExpected: whether a file that is missing is worth a notice.
  func open(
    initial: Value, subject: String, isExpected: Bool
  ) throws(HookupError) -> (value: Value, recovery: TwoSlotRecovery) {
    let names = try naming { () throws(FileFailure) -> Set<String> in
      try files.makeDirectory(directory)
      return Set(try files.names(in: directory))
    }
    guard names.contains(name) else {
      try naming { () throws(FileFailure) in try create(initial) }
      guard isExpected else { return (initial, TwoSlotRecovery(state: .new)) }
      let notice = "file '\(path)' is missing: \(subject) is lost, and begins anew"
      return (initial, TwoSlotRecovery(state: .missing, notices: [notice]))
    }
    switch try naming({ () throws(FileFailure) in try read() }) {
    case .good(let slot, let number, let isOtherDamaged):
      newest = number
      generation = slot.generation
      guard isOtherDamaged else { return (slot.value, TwoSlotRecovery(state: .restored)) }
      let notice =
        "file '\(path)' has a slot that was cut off or damaged: \(subject) is the one before it"
      return (slot.value, TwoSlotRecovery(state: .older, notices: [notice]))
    case .unknownVersion(let version):
      closeFile()
      throw HookupError(
        .storage,
        "file '\(path)' has format version \(version) and this program reads version "
          + "\(Codec.version): use the program that wrote it, or another directory")
    case .damaged:
      closeFile()
      var number = 1
      while names.contains("\(name).damaged-\(number)") { number += 1 }
      let target = "\(path).damaged-\(number)"
      try naming { () throws(FileFailure) in
        try files.rename(path, to: target)
        try files.synchronizeDirectory(directory)
        try create(initial)
      }
      let notice =
        "file '\(path)' is damaged and was set aside as '\(target)': \(subject) is lost, and begins anew"
      return (initial, TwoSlotRecovery(state: .damaged, notices: [notice]))
    }
  }

  /// Opens the file and reads it. What was written before the last process ended may not be durable: it is now.
  private func read() throws(FileFailure) -> Codec.Reading {
    let file = try files.open(path, creating: false)
    do throws(FileFailure) {
      var failure: FileFailure?
      let bytes = [UInt8](unsafeUninitializedCapacity: Codec.maximumReadBytes) { bytes, count in
        do throws(FileFailure) {
          count = try files.read(file, at: 0, into: UnsafeMutableRawBufferPointer(bytes))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      try files.synchronize(file)
      self.file = file
      return bytes.withUnsafeBytes { Codec.read($0) }
    } catch {
      files.close(file)
      throw error
    }
  }

  // MARK: Writing

  /// Returns once `value` is durable; after a failure the value before it may be the one that is found again.
  func write(_ value: Value) throws(FileFailure) {
    // Counted also when it fails: what was half done is never taken for newer.
    generation &+= 1
    guard let file else {
      try create(value)
      return
    }
    let target = 1 - newest
    let bytes = Codec.encode(Codec.Slot(generation: generation, value: value), at: target)
    do throws(FileFailure) {
      try write(bytes, to: file, at: Codec.position(of: target))
      try files.synchronize(file)
      newest = target
    } catch {
      closeFile()
      throw error
    }
  }

  /// Makes the file under a temporary name, durable and whole, before it takes the place of what has the name.
  private func create(_ value: Value) throws(FileFailure) {
    // One that was left over, and perhaps failed, is not written to again.
    try files.remove(temporary)
    let file = try files.open(temporary, creating: true)
    do throws(FileFailure) {
      let slot = Codec.Slot(generation: generation, value: value)
      try write(Codec.encodeFile(slot), to: file, at: 0)
      try files.synchronize(file)
      try files.rename(temporary, to: path)
      try files.synchronizeDirectory(directory)
      self.file = OpenFile(descriptor: file.descriptor, path: path)
      newest = 0
    } catch {
      files.close(file)
      throw error
    }
  }

  private func write(
    _ buffer: ByteBuffer, to file: OpenFile, at position: Int
  ) throws(FileFailure) {
    try buffer.withUnsafeReadableBytes { bytes throws(FileFailure) in
      try files.write(file, at: position, bytes)
    }
  }

  func closeFile() {
    if let file { files.close(file) }
    file = nil
  }
}

/// What opening a file of two slots found.
package struct TwoSlotRecovery: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    /// There was no file, and none was expected: the value is the initial one.
    case new
    /// The value is the one that was stored last.
    case restored
    /// One slot was not good: the value is one store behind what was written last. When that write was cut off, nobody
    /// was told that it was durable; when the slot was damaged later, somebody may have been.
    case older
    /// There was no file though one was expected: the value is the initial one.
    case missing
    /// The file was damaged and set aside: the value is the initial one.
    case damaged
  }

  package var state: State
  /// A sentence for each thing that had to be repaired.
  package var notices: [String]

  package init(state: State, notices: [String] = []) {
    self.state = state
    self.notices = notices
  }

  /// Whether what was remembered is gone.
  package var isLost: Bool { state == .missing || state == .damaged }
}
