import ArgumentParser
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the program reads from and writes to the system, unbuffered.
enum StandardStreams {
  /// Files beyond this are no configuration.
  private static let maximumFileBytes = 1 << 20

  /// Writes one line at once. A reader that is gone is no error.
  static func say(_ line: String, to descriptor: CInt) {
    try? put(line + "\n", to: descriptor)
  }

  /// Writes all of `text` to standard output.
  /// - Throws: ``HookupError/Code/storage`` when it cannot be written, for instance because the disk is full.
  static func print(_ text: String) throws(HookupError) { try put(text, to: STDOUT_FILENO) }

  private static func put(_ text: String, to descriptor: CInt) throws(HookupError) {
    var bytes = ArraySlice(Array(text.utf8))
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw HookupError(.storage, "the output cannot be written: \(reason)")
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Says what went wrong, and gives the status to end with.
  static func failure(_ error: HookupError) -> ExitCode {
    say("hookup-chat-server: \(error.message)", to: STDERR_FILENO)
    return ExitCode(1)
  }

  /// - Throws: ``HookupError/Code/storage`` when the file cannot be read, is larger than 1 MiB or not UTF-8.
  static func contents(of path: String) throws(HookupError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Int(read(descriptor, &buffer, buffer.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { break }
      bytes += buffer[..<count]
      guard bytes.count <= maximumFileBytes else {
        throw HookupError(.storage, "\(path) is larger than 1 MiB: it is no configuration file")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw HookupError(.storage, "\(path) is not UTF-8 text")
    }
    return text
  }

  private static func failure(_ path: String) -> HookupError {
    HookupError(.storage, "\(path) cannot be read: \(reason)")
  }

  private static var reason: String {
    strerror(errno).map { String(cString: $0) } ?? "errno \(errno)"
  }

  static var environment: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }
}
