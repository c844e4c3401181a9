import HookupEngine
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file system in memory that forgets what was not made durable, and fails when it is told to.
///
/// After a crash each 64 bytes (or as many as a test says) that were written and not flushed are there or not, by chance; so is a new length. Changes to the
/// directory survive in order, up to some point.
final class SimulatedFiles: FileLayer {
  fileprivate struct Inode {
    var bytes: [UInt8] = []
    var durable: [UInt8] = []
    /// A flush failed: what was not durable then never will be.
    var isPoisoned = false
  }

  fileprivate enum Change {
    case name(String, Int)
    case rename(String, String)
    case remove(String)
  }

  fileprivate struct State {
    var inodes: [Int: Inode] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var changes: [Change] = []
    var open: [Int32: Int] = [:]
    var locks: Set<String> = []
    var nextNumber = 1
    var calls = 0
    var counts: [String: Int] = [:]
    var crashAt: Int?
    var isCrashed = false
    var fault: (@Sendable (String, String, Int) -> Int32?)?
    var capacity = Int.max
    var violations: [String] = []
  }

  private let state: Mutex<State>

  init() { state = Mutex(State()) }
  private init(_ state: State) { self.state = Mutex(state) }

  // MARK: For tests

  /// From this call on, counted from 0, every call fails.
  func crash(at call: Int) { state.withLock { $0.crashAt = call } }
  /// Gives the `errno` with which the nth call of this verb on this path fails; n counts from 1.
  func fail(_ fault: (@Sendable (_ verb: String, _ path: String, _ n: Int) -> Int32?)?) {
    state.withLock { $0.fault = fault }
  }
  /// The most bytes that all files may hold.
  func limit(to bytes: Int) { state.withLock { $0.capacity = bytes } }
  var calls: Int { state.withLock { $0.calls } }
  func count(of verb: String) -> Int { state.withLock { $0.counts[verb] ?? 0 } }
  var isCrashed: Bool { state.withLock { $0.isCrashed } }
  /// What a file system forgives and a medium does not: a flush after a failed one.
  var violations: [String] { state.withLock { $0.violations } }
  func size(of path: String) -> Int? {
    state.withLock { state in state.names[path].flatMap { state.inodes[$0]?.bytes.count } }
  }
  func change(_ path: String, _ body: (inout [UInt8]) -> Void) {
    state.withLock { state in
      guard let number = state.names[path] else { return }
      var inode = state.inodes[number] ?? Inode()
      body(&inode.bytes)
      inode.durable = inode.bytes
      state.inodes[number] = inode
    }
  }
  var paths: [String] { state.withLock { $0.names.keys.sorted() } }

  /// What is there after power was lost.
  /// - Parameter sector: bytes that are written together or not at all.
  func afterCrash(seed: UInt64, sector: Int = 64) -> SimulatedFiles {
    state.withLock { old in
      var random = SplitMix(state: seed)
      var new = State()
      new.durableNames = old.durableNames
      for change in old.changes.prefix(Int.random(in: 0...old.changes.count, using: &random)) {
        Self.apply(change, to: &new.durableNames)
      }
      new.names = new.durableNames
      new.nextNumber = old.nextNumber
      for number in Set(new.names.values) {
        guard let inode = old.inodes[number] else { continue }
        let bytes = Self.survivors(of: inode, sector, &random)
        new.inodes[number] = Inode(bytes: bytes, durable: bytes)
      }
      return SimulatedFiles(new)
    }
  }

  /// What is there after the process was killed: everything, durable or not.
  func afterKill() -> SimulatedFiles {
    state.withLock { old in
      var new = old
      new.crashAt = nil
      new.isCrashed = false
      new.locks = []
      return SimulatedFiles(new)
    }
  }

  private static func survivors(
    of inode: Inode, _ size: Int, _ random: inout SplitMix
  ) -> [UInt8] {
    let length = Bool.random(using: &random) ? inode.bytes.count : inode.durable.count
    return (0..<(length + size - 1) / size).flatMap { sector -> [UInt8] in
      let isNew = Bool.random(using: &random)
      return (sector * size..<min(length, sector * size + size)).map { position in
        let new = position < inode.bytes.count ? inode.bytes[position] : 0
        let old = position < inode.durable.count ? inode.durable[position] : 0
        return isNew ? new : old
      }
    }
  }

  private static func apply(_ change: Change, to names: inout [String: Int]) {
    switch change {
    case .name(let path, let number): names[path] = number
    case .rename(let path, let target):
      if let number = names.removeValue(forKey: path) { names[target] = number }
    case .remove(let path): names[path] = nil
    }
  }

  // MARK: FileLayer

  private func call<R: Sendable>(
    _ verb: String, _ path: String, _ body: (inout State) throws(FileFailure) -> R
  ) throws(FileFailure) -> R {
    let result: Result<R, FileFailure> = state.withLock { state in
      if let crashAt = state.crashAt, state.calls >= crashAt { state.isCrashed = true }
      state.calls += 1
      state.counts[verb, default: 0] += 1
      if state.isCrashed { return .failure(FileFailure(verb, path, EIO)) }
      do throws(FileFailure) {
        if let number = state.fault?(verb, path, state.counts[verb] ?? 0) {
          if verb == "flush", let inode = state.names[path] {
            state.inodes[inode]?.isPoisoned = true
          }
          throw FileFailure(verb, path, number)
        }
        return .success(try body(&state))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  func makeDirectory(_ path: String) throws(FileFailure) {
    try call("create directory", path) { _ in }
  }

  func names(in directory: String) throws(FileFailure) -> [String] {
    try call("list", directory) { state in
      state.names.keys.filter { $0.hasPrefix(directory + "/") }
        .map { String($0.dropFirst(directory.count + 1)) }
    }
  }

  func lock(_ path: String) throws(FileFailure) -> LockOutcome {
    try call("lock", path) { state in
      guard state.locks.insert(path).inserted else { return .taken(by: 42) }
      return .held(OpenFile(descriptor: -1, path: path))
    }
  }

  func open(_ path: String, creating: Bool) throws(FileFailure) -> OpenFile {
    try call("open", path) { state throws(FileFailure) in
      if creating {
        let number = state.nextNumber
        state.nextNumber += 1
        state.inodes[number] = Inode()
        state.names[path] = number
        state.changes.append(.name(path, number))
      }
      guard let number = state.names[path] else { throw FileFailure("open", path, ENOENT) }
      let descriptor = Int32(state.nextNumber)
      state.nextNumber += 1
      state.open[descriptor] = number
      return OpenFile(descriptor: descriptor, path: path)
    }
  }

  func size(_ file: OpenFile) throws(FileFailure) -> Int {
    try call("size", file.path) { state throws(FileFailure) in
      state.inodes[try Self.number(file, state)]?.bytes.count ?? 0
    }
  }

  func read(
    _ file: OpenFile, at position: Int, into bytes: UnsafeMutableRawBufferPointer
  ) throws(FileFailure) -> Int {
    let found = try call("read", file.path) { state throws(FileFailure) -> [UInt8] in
      let all = state.inodes[try Self.number(file, state)]?.bytes ?? []
      return Array(all.dropFirst(position).prefix(bytes.count))
    }
    bytes.copyBytes(from: found)
    return found.count
  }

  func write(
    _ file: OpenFile, at position: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(FileFailure) {
    let new = Array(bytes)
    try call("write", file.path) { state throws(FileFailure) in
      let number = try Self.number(file, state)
      let room = state.capacity - state.used(but: number)
      let part = new.prefix(max(0, min(new.count, room - position)))
      state.inodes[number]?.put(Array(part), at: position)
      if part.count < new.count { throw FileFailure("write to", file.path, ENOSPC) }
    }
  }

  func reserve(_ file: OpenFile, bytes: Int) throws(FileFailure) {
    try call("reserve", file.path) { state throws(FileFailure) in
      let number = try Self.number(file, state)
      guard state.used(but: number) + bytes <= state.capacity else {
        throw FileFailure("reserve", file.path, ENOSPC)
      }
      let length = state.inodes[number]?.bytes.count ?? 0
      state.inodes[number]?.put([], at: max(length, bytes))
    }
  }

  func truncate(_ file: OpenFile, to bytes: Int) throws(FileFailure) {
    try call("truncate", file.path) { state throws(FileFailure) in
      let number = try Self.number(file, state)
      let length = state.inodes[number]?.bytes.count ?? 0
      if bytes < length { state.inodes[number]?.bytes.removeLast(length - bytes) }
    }
  }

  func synchronize(_ file: OpenFile) throws(FileFailure) {
    try call("flush", file.path) { state throws(FileFailure) in
      let number = try Self.number(file, state)
      guard var inode = state.inodes[number], !inode.isPoisoned else {
        state.violations.append("\(file.path) was flushed again after a failure")
        return
      }
      inode.durable = inode.bytes
      state.inodes[number] = inode
    }
  }

  func close(_ file: OpenFile) {
    state.withLock { state in
      state.open[file.descriptor] = nil
      if file.descriptor == -1 { state.locks.remove(file.path) }
    }
  }

  func rename(_ path: String, to target: String) throws(FileFailure) {
    try call("rename", path) { state throws(FileFailure) in
      guard state.names[path] != nil else { throw FileFailure("rename", path, ENOENT) }
      Self.apply(.rename(path, target), to: &state.names)
      state.changes.append(.rename(path, target))
    }
  }

  func remove(_ path: String) throws(FileFailure) {
    try call("remove", path) { state in
      guard state.names.removeValue(forKey: path) != nil else { return }
      state.changes.append(.remove(path))
    }
  }

  func removeDirectory(_ path: String) throws(FileFailure) {
    try call("remove directory", path) { _ in }
  }

  func lastChange(of path: String) throws(FileFailure) -> Int64 {
    try call("look at", path) { _ in wallClockMilliseconds() / 1_000 }
  }

  func synchronizeDirectory(_ path: String) throws(FileFailure) {
    try call("flush directory", path) { state in
      state.durableNames = state.names
      state.changes = []
    }
  }

  private static func number(_ file: OpenFile, _ state: State) throws(FileFailure) -> Int {
    guard let number = state.open[file.descriptor] else {
      throw FileFailure("use", file.path, EBADF)
    }
    return number
  }
}

extension SimulatedFiles {
  /// The outbox in the directory that the tests use.
  func openOutbox(
    _ options: FileOutboxOptions = .small()
  ) throws(HookupError) -> FileOutbox {
    try FileOutbox.open(directory: "/d", options: options, files: self, freshEpoch: 7)
  }
}

extension SimulatedFiles.State {
  fileprivate func used(but number: Int) -> Int {
    Set(names.values).reduce(0) { $0 + ($1 == number ? 0 : inodes[$1]?.bytes.count ?? 0) }
  }
}

extension SimulatedFiles.Inode {
  fileprivate mutating func put(_ new: [UInt8], at position: Int) {
    let end = position + new.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    bytes.replaceSubrange(position..<end, with: new)
  }
}

/// Chance from a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
