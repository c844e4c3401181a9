import Glibc

/// Standard output and error, written at once.
enum Streams {
  static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads any more.
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }

  static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
  static func complain(_ text: String) { write("hookup-bench: " + text + "\n", to: STDERR_FILENO) }
}
