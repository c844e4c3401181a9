import HookupCore

/// Files of one machine: what a process sees of them, and what of that would survive a crash.
///
/// A file that a crash has hit keeps what was synced and of the rest any subset of blocks. A failed fsync
/// forgets which blocks were dirty, as Linux does: a second one on the same file succeeds and has written nothing.
struct SimulatedDisk {
  struct File: Hashable {
    /// What a process reads.
    var bytes: [UInt8] = []
    /// What is on the platter.
    var durable: [UInt8] = []
    /// From here on blocks are dirty.
    var dirtyFrom = 0
    /// Whether an fsync of it has failed.
    var isPoisoned = false
  }

  enum Fault: Error { case full, syncFailed }

  /// A block: what a crash keeps or loses as a whole.
  static let blockBytes = 64

  private(set) var files: [String: File] = [:]
  var isFull = false
  /// How many of the next fsyncs fail.
  var failingSyncs = 0

  subscript(name: String) -> File? { files[name] }
  var names: [String] { files.keys.sorted() }

  mutating func append(_ bytes: some Sequence<UInt8>, to name: String) throws(Fault) {
    guard !isFull else { throw .full }
    files[name, default: File()].bytes.append(contentsOf: bytes)
  }

  mutating func sync(_ name: String) throws(Fault) {
    guard var file = files[name] else { return }
    defer { files[name] = file }
    if failingSyncs > 0 {
      failingSyncs -= 1
      file.dirtyFrom = file.bytes.count
      file.isPoisoned = true
      throw .syncFailed
    }
    // What a failed sync has forgotten stays unwritten.
    while file.durable.count < file.dirtyFrom { file.durable.append(0) }
    file.durable += file.bytes[file.dirtyFrom...]
    file.dirtyFrom = file.bytes.count
  }

  /// Made under another name, synced and renamed: there as a whole or not at all.
  mutating func replace(_ name: String, with bytes: [UInt8]) throws(Fault) {
    guard !isFull else { throw .full }
    guard failingSyncs == 0 else {
      failingSyncs -= 1
      throw .syncFailed
    }
    files[name] = File(bytes: bytes, durable: bytes, dirtyFrom: bytes.count)
  }

  mutating func truncate(_ name: String, to count: Int) {
    guard var file = files[name] else { return }
    file.bytes.removeLast(max(0, file.bytes.count - count))
    file.durable = file.bytes
    file.dirtyFrom = count
    files[name] = file
  }

  mutating func remove(_ name: String) { files[name] = nil }

  mutating func flip(bit: Int, of name: String) {
    guard var file = files[name], bit / 8 < file.durable.count else { return }
    file.durable[bit / 8] ^= 1 << (bit % 8)
    if bit / 8 < file.bytes.count { file.bytes[bit / 8] ^= 1 << (bit % 8) }
    files[name] = file
  }

  /// A copy of what is on the platter.
  var platter: SimulatedDisk {
    var copy = self
    for name in names {
      guard var file = files[name] else { continue }
      file.bytes = file.durable
      file.dirtyFrom = file.bytes.count
      copy.files[name] = file
    }
    return copy
  }

  /// The power goes. What was not synced survives in part.
  mutating func crash(_ random: inout RandomSource) {
    for name in names {
      guard var file = files[name] else { continue }
      var kept = file.durable
      if kept.count < file.bytes.count {
        let rest = file.bytes[kept.count...]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: break
        case 1: kept += rest.prefix(Int.random(in: 0...rest.count, using: &random))
        case 2: kept += rest
        case 3: kept += rest.map { _ in UInt8(0) }
        default:
          // Any subset of the blocks.
          kept += rest
          var position = file.durable.count
          while position < kept.count {
            let end = min(kept.count, (position / Self.blockBytes + 1) * Self.blockBytes)
            if Bool.random(using: &random) { for index in position..<end { kept[index] = 0 } }
            position = end
          }
        }
      }
      file.bytes = kept
      file.durable = kept
      file.dirtyFrom = kept.count
      file.isPoisoned = false
      files[name] = file
    }
  }
}
