import HookupCore
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The public directory: opens its files and nothing else. All of it blocks, so it is called on a thread pool.
struct StaticFileStore: Sendable {
  /// What a path leads to.
  enum Lookup: Sendable {
    case file(ServedFile)
    /// A directory that was named without its final slash: its relative links would be wrong.
    case redirect(location: String)
    case notFound
  }

  /// The directory without symbolic links in its path.
  private let root: String

  /// - Throws: ``HookupError/Code/invalidArgument`` when there is no such directory.
  init(directory: String) throws(HookupError) {
    guard let resolved = realpath(directory, nil) else {
      throw Self.unusable(directory, systemMessage(errno))
    }
    defer { free(resolved) }
    var status = stat()
    guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Self.unusable(directory, "it is not a directory")
    }
    root = String(cString: resolved)
  }

  private static func unusable(_ directory: String, _ why: String) -> HookupError {
    HookupError(
      .invalidArgument, "the public directory \(quoted(directory)) cannot be served: \(why)")
  }

  func open(_ path: StaticFilePath) -> Lookup {
    let place = root + "/" + path.relativePath
    guard let found = openInside(place) else { return .notFound }
    guard found.isDirectory else {
      // `page.html/` names a directory that is not there.
      if path.namesDirectory { return .notFound }
      return .file(found.file(named: path.components.last ?? ""))
    }
    guard path.namesDirectory || path.components.isEmpty else {
      return .redirect(location: path.directoryLocation)
    }
    guard let index = openInside(place + "/index.html"), !index.isDirectory else {
      return .notFound
    }
    return .file(index.file(named: "index.html"))
  }

  private struct Found {
    var descriptor: Descriptor
    var status: stat

    var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }

    func file(named name: String) -> ServedFile {
      #if canImport(Darwin)
        let modified = status.st_mtimespec
      #else
        let modified = status.st_mtim
      #endif
      let facts = StaticFileFacts(
        size: Int64(status.st_size), modifiedSeconds: Int64(modified.tv_sec),
        modifiedNanoseconds: Int64(modified.tv_nsec))
      return ServedFile(descriptor: descriptor, facts: facts, contentType: ContentType.of(name))
    }
  }

  /// A regular file or directory under the root; nil for everything else. Where a link led is asked of the open
  /// descriptor, not of the path: nobody can swap the file between the question and the reading.
  private func openInside(_ place: String) -> Found? {
    // Not to block on a pipe, and not to become the controlling terminal of a device.
    let number = systemOpen(place, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard number >= 0 else { return nil }
    let descriptor = Descriptor(number: number)
    var status = stat()
    guard fstat(number, &status) == 0,
      [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT),
      let real = descriptor.path, real == root || real.hasPrefix(root == "/" ? "/" : root + "/")
    else { return nil }
    return Found(descriptor: descriptor, status: status)
  }
}

/// A file that is being served; closed when nobody holds it.
struct ServedFile: Sendable {
  let descriptor: Descriptor
  let facts: StaticFileFacts
  let contentType: String

  /// Reads up to `count` bytes from `offset`; fewer at the end of the file.
  func read(from offset: Int64, count: Int) throws(HookupError) -> ByteBuffer {
    var buffer = ByteBuffer()
    var failure: CInt = 0
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
      let length = pread(descriptor.number, bytes.baseAddress, count, off_t(offset))
      if length < 0 { failure = errno }
      return max(0, length)
    }
    guard failure == 0 else {
      throw HookupError(.storage, "a public file cannot be read: \(systemMessage(failure))")
    }
    return buffer
  }
}

/// An open file descriptor, closed with its last reference.
final class Descriptor: Sendable {
  let number: CInt

  init(number: CInt) {
    self.number = number
  }

  deinit {
    _ = close(number)
  }

  /// The path of what is open, without symbolic links; nil when the system does not tell.
  var path: String? {
    #if canImport(Darwin)
      var buffer = [CChar](repeating: 0, count: Int(MAXPATHLEN))
      guard fcntl(number, F_GETPATH, &buffer) == 0 else { return nil }
    #else
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      guard readlink("/proc/self/fd/\(number)", &buffer, buffer.count - 1) > 0 else { return nil }
    #endif
    return buffer.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { String(cString: $0) }
    }
  }
}

/// `open`, under a name that a method called `open` does not hide.
private func systemOpen(_ path: String, _ flags: CInt) -> CInt {
  open(path, flags)
}

private func systemMessage(_ code: CInt) -> String {
  strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
