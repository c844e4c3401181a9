import Glibc
import HookupCore

/// A window's lines as a file of the person's.
enum ExportedFile {
  /// Writes a new file in the working directory, which others cannot read. Returns its path.
  /// - Throws: ``HookupError/Code/storage``: an existing file is never written over.
  static func write(_ name: String, _ lines: [String]) throws(HookupError) -> String {
    let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else {
      let reason =
        errno == EEXIST ? "it exists: choose another name" : String(cString: strerror(errno))
      throw HookupError(.storage, "cannot write '\(name)': \(reason)")
    }
    defer { close(file) }
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 else {
        throw HookupError(
          .storage, "'\(name)' is not whole: \(String(cString: strerror(errno)))")
      }
      done += count
    }
    return name
  }
}
