import HookupCore
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The exclusive use of a data directory: one process, and one user of it in that process.
///
/// A `flock` on the file `lock` in the directory, which holds the owner's process id for messages. The kernel lets go of it
/// when the process ends, however it ends; the file stays.
package final class DirectoryLock: Sendable {
  package let directory: String
  private let descriptor: NIOLockedValueBox<CInt>

  /// Makes the directory, and those above it, when it does not exist (mode 0700), and locks it.
  /// - Throws: ``HookupError/Code/locked`` with the directory and the owner's process id;
  ///   ``HookupError/Code/storage`` when the directory cannot be made or written.
  package init(directory: String) throws(HookupError) {
    self.directory = directory
    try Self.makeDirectory(directory)
    let path = directory + "/lock"
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard opened >= 0 else {
      throw HookupError(
        .storage, "\(directory) cannot be written (\(Self.reason(errno))): choose another directory"
      )
    }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let failure = errno
      let owner = Self.owner(opened)
      close(opened)
      guard failure == EWOULDBLOCK else {
        throw HookupError(.storage, "\(path) cannot be locked (\(Self.reason(failure)))")
      }
      throw HookupError(
        .locked,
        "\(directory) is in use by another process\(owner.map { " (pid \($0))" } ?? ""): "
          + "stop it or choose another directory")
    }
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(opened, 0) == 0, pwrite(opened, text, text.count, 0) == text.count else {
      let failure = errno
      close(opened)
      throw HookupError(
        .storage, "\(path) cannot be written (\(Self.reason(failure))): make room on the disk")
    }
    descriptor = NIOLockedValueBox(opened)
  }

  /// Lets go of the directory. Idempotent.
  package func release() {
    let held = descriptor.withLockedValue { held in
      defer { held = -1 }
      return held
    }
    guard held >= 0 else { return }
    // A process that is being started right now shares the descriptor, and the lock, until it has become its program.
    flock(held, LOCK_UN)
    close(held)
  }

  deinit {
    release()
  }

  /// Makes the names of the directory's files durable; what is in them is their writer's business.
  /// - Throws: ``HookupError/Code/storage``.
  package func syncDirectory() throws(HookupError) {
    let opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else {
      throw HookupError(.storage, "\(directory) cannot be opened (\(Self.reason(errno)))")
    }
    defer { close(opened) }
    guard fsync(opened) == 0 else {
      throw HookupError(.storage, "\(directory) cannot be synced (\(Self.reason(errno)))")
    }
  }

  private static func makeDirectory(_ directory: String) throws(HookupError) {
    guard mkdir(directory, 0o700) != 0, errno != EEXIST else { return }
    if errno == ENOENT, let slash = directory.lastIndex(of: "/"), slash > directory.startIndex {
      try makeDirectory(String(directory[..<slash]))
      if mkdir(directory, 0o700) == 0 || errno == EEXIST { return }
    }
    throw HookupError(
      .storage,
      "\(directory) cannot be made (\(reason(errno))): check the path or choose another directory")
  }

  /// The process id that the owner wrote.
  private static func owner(_ descriptor: CInt) -> Int? {
    var buffer = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    let digits = buffer[..<count].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private static func reason(_ failure: CInt) -> String {
    strerror(failure).map { String(cString: $0) } ?? "errno \(failure)"
  }
}
