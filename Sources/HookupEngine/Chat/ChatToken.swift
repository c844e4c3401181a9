import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The token that logs a profile in without a password: one line in the profile's directory, readable by its user only.
///
/// It is worth a login and no more: a lost one costs a password, so that it is written without ceremony.
struct ChatToken: Sendable {
  private let path: String
  private let nick: Nick

  init(directory: String, nick: Nick) {
    path = directory + "/token"
    self.nick = nick
  }

  /// Nil when there is none, or one of another nick.
  func read() -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 2, words[1] == nick.folded else { return nil }
    return String(words[0])
  }

  /// Nil removes it.
  func write(_ token: String?) {
    guard let token else {
      unlink(path)
      return
    }
    let partial = path + ".partial"
    unlink(partial)
    let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    let bytes = Array("\(token) \(nick.folded)\n".utf8)
    let isWritten =
      bytes.withUnsafeBytes { writeBytes(file, $0.baseAddress, $0.count) } == bytes.count
    let isSynced = fsync(file) == 0
    close(file)
    if isWritten, isSynced { rename(partial, path) } else { unlink(partial) }
  }
}

/// The system's call, whose name the method above has.
private func writeBytes(_ file: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(file, bytes, count)
}
