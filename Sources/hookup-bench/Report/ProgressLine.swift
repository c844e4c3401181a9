import Glibc

/// One line on standard error that is written over again and again; nothing at all unless that is a terminal.
struct ProgressLine: Sendable {
  private let isShown: Bool

  init(isShown: Bool = isatty(STDERR_FILENO) == 1) {
    self.isShown = isShown
  }

  func show(_ text: String) {
    guard isShown else { return }
    // Carriage return, the text, erase to the end of the line (ECMA-48 EL).
    Streams.write("\r\(text)\u{1B}[K", to: STDERR_FILENO)
  }

  func clear() {
    guard isShown else { return }
    Streams.write("\r\u{1B}[K", to: STDERR_FILENO)
  }
}
