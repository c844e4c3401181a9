import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A Unix-domain socket that a server listens on, and its file.
struct UnixSocket: Sendable {
  static let maximumPathBytes = ServerConfiguration.maximumUnixSocketPathBytes

  let path: String
  /// Bound, not listening yet. Whoever gets it closes it.
  let descriptor: CInt
  /// The file, to know it again.
  private let file: FileIdentity

  /// Binds the socket; nobody whom `mode` excludes can connect at any moment. A socket file on which nobody listens is
  /// replaced. Two servers that do this in the same instant may both believe that the path is theirs; one of them then hears
  /// of nobody.
  /// - Throws: ``HookupError/Code/bindFailed`` with the path and the reason.
  init(path: String, mode: UInt16) throws(HookupError) {
    self.path = path
    try Self.removeStale(path)
    let descriptor = try Self.makeSocket(path)
    do throws(HookupError) {
      // Some systems give the file the socket's own mode, which closes the gap before `chmod`; and nobody can connect before
      // `listen` in any case.
      fchmod(descriptor, mode_t(mode))
      guard Self.withAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
        throw Self.failure(path, errno)
      }
      guard chmod(path, mode_t(mode)) == 0, let file = FileIdentity(path) else {
        let code = errno
        unlink(path)
        throw Self.failure(path, code)
      }
      self.file = file
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  /// Removes the file, unless another server has put its own there meanwhile.
  func remove() {
    if FileIdentity(path) == file { unlink(path) }
  }

  private static func removeStale(_ path: String) throws(HookupError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw HookupError(
        .bindFailed, "\(quoted(path)) is there and is no socket: choose another path for the socket"
      )
    }
    let probe = try makeSocket(path)
    defer { close(probe) }
    let isRefused =
      withAddress(path) { connect(probe, $0, $1) } != 0 && errno == ECONNREFUSED
    guard isRefused else {
      throw HookupError(
        .bindFailed,
        "the socket \(quoted(path)) is in use by another program: stop it, or choose another path")
    }
    unlink(path)
  }

  /// Does not block, so that asking a server that is busy does not wait for it.
  private static func makeSocket(_ path: String) throws(HookupError) -> CInt {
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw failure(path, errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    return descriptor
  }

  private static func withAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { place in
      // The validation has seen to it that it fits, with its NUL.
      place.copyBytes(from: path.utf8.prefix(place.count - 1))
    }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func failure(_ path: String, _ code: CInt) -> HookupError {
    let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    return HookupError(.bindFailed, "the socket \(quoted(path)) cannot be listened on: \(reason)")
  }
}

/// Which file a path leads to. The time is part of it because the number of a file that was removed is soon used again.
private struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64
  private let seconds: Int64
  private let nanoseconds: Int64

  /// Nil when there is none.
  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    #if canImport(Darwin)
      let modified = status.st_mtimespec
    #else
      let modified = status.st_mtim
    #endif
    seconds = Int64(modified.tv_sec)
    nanoseconds = Int64(modified.tv_nsec)
  }
}
