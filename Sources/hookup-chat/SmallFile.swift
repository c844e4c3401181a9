import Glibc
import HookupCore

/// Files that are read whole: configuration, passwords.
enum SmallFile {
  /// A larger one is refused.
  static let maximumBytes = 256 << 10

  /// Nil when it is not there and need not be.
  /// - Parameter isSecret: refuses one that others can read.
  /// - Throws: ``HookupError/Code/storage``, ``HookupError/Code/invalidArgument``.
  static func read(
    _ path: String, mustExist: Bool, isSecret: Bool = false
  ) throws(HookupError) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT, !mustExist { return nil }
      throw HookupError(.storage, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    if isSecret, fstat(file, &status) == 0, status.st_mode & 0o077 != 0 {
      throw HookupError(
        .invalidArgument, "others can read '\(path)': chmod 600 it, or choose another file")
    }
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes[count...].withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress, $0.count)
      }
      guard got >= 0 else {
        throw HookupError(.storage, "cannot read '\(path)': \(String(cString: strerror(errno)))")
      }
      if got == 0 { break }
      count += got
    }
    guard count <= maximumBytes else {
      throw HookupError(
        .invalidArgument, "'\(path)' is longer than \(maximumBytes) bytes: that is another file")
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
