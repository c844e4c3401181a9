import CNcursesw
import Glibc
import HookupCore
import HookupTUI

/// What is done with the terminal while the screen is away from it, and beside the screen.
extension NcursesTerminal {
  /// Wheel and clicks come as keys, or the terminal selects text by itself.
  func setMouse(_ isOn: Bool) {
    hasMouse = isOn
    write(isOn ? Self.enableMouse : Self.disableMouse)
  }

  func use(_ theme: Theme) {
    painter.use(theme)
    forget()
  }

  /// Asks the terminal to show a notification (OSC 9), through tmux where there is one. `text` is sanitised.
  func notify(_ text: String) {
    guard notifies else { return }
    let order = "\u{1b}]9;\(text)\u{7}"
    guard TerminalProcess.environment("TMUX") != nil else { return write(order) }
    write("\u{1b}Ptmux;" + order.replacing("\u{1b}", with: "\u{1b}\u{1b}") + "\u{1b}\\")
  }

  /// Shows lines as they are, without a frame, until a key is pressed or a signal comes: for copying, and for the
  /// terminal's own links. The lines are sanitised.
  func showPlain(_ lines: [String]) {
    leave()
    write("\u{1b}[H\u{1b}[2J" + lines.joined(separator: "\n") + "\n\n[any key goes back]")
    reset_prog_mode()
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    _ = poll(&descriptor, 1, -1)
    tcflush(STDIN_FILENO, TCIFLUSH)
    continued()
  }

  /// Lets a person write in `$VISUAL`, `$EDITOR` or vi. Nil when the editor could not be used; then the text is as it was.
  /// - Throws: ``HookupError`` with one sentence.
  func edit(_ text: String, limit: Int) throws -> String {
    let file = try DraftFile(text)
    defer { file.remove() }
    leave()
    defer { continued() }
    let words =
      (TerminalProcess.environment("VISUAL") ?? TerminalProcess.environment("EDITOR") ?? "vi")
      .split(separator: " ").map(String.init)
    let status = ForegroundProcess.run(words + [file.path])
    guard status == 0 else {
      throw HookupError(
        .invalidArgument,
        "\(words.first ?? "the editor") ended with \(status): the draft is as it was")
    }
    return try file.read(limit: limit)
  }

  /// Gives the terminal away until ``continued()``.
  private func leave() {
    write(Self.disableReports)
    def_prog_mode()
    endwin()
    crashGuard.isArmed = false
  }
}

/// A draft in a file that only this person can read.
struct DraftFile {
  let path: String
  private let directory: String

  /// - Throws: ``HookupError/Code/storage``.
  init(_ text: String) throws {
    let base = TerminalProcess.environment("TMPDIR") ?? "/tmp"
    var template = Array("\(base)/hookup-chat-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.failure("make a directory in '\(base)'") }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    path = directory + "/message.txt"
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure("write '\(path)'") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else {
      throw Self.failure("write '\(path)'")
    }
  }

  /// - Throws: ``HookupError/Code/storage``; ``HookupError/Code/messageTooBig`` beyond `limit` bytes.
  func read(limit: Int) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.failure("read '\(path)'") }
    defer { close(file) }
    // One for the line end that editors add, one to see that there is more.
    var bytes = [UInt8](repeating: 0, count: limit + 2)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress! + count, $0.count - count)
      }
      guard got > 0 else { break }
      count += got
    }
    guard count <= limit + 1 else {
      throw HookupError(
        .messageTooBig, "what was written is over \(limit) bytes: the draft is as it was")
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  func remove() {
    // Editors leave copies beside it.
    if let entries = opendir(directory) {
      while let entry = readdir(entries) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { unlink(directory + "/" + name) }
      }
      closedir(entries)
    }
    rmdir(directory)
  }

  private static func failure(_ what: String) -> HookupError {
    HookupError(.storage, "cannot \(what): \(String(cString: strerror(errno)))")
  }
}

/// A program that has the terminal while it runs.
enum ForegroundProcess {
  /// Runs it to its end and returns its exit code, 128 and the signal that ended it, or 127 when it is not there. When it
  /// stops (^Z), this program stops with it.
  static func run(_ words: [String]) -> Int32 {
    guard let child = try? SpawnedProgram.start(words) else { return 127 }
    var status: Int32 = 0
    while true {
      let result = waitpid(child, &status, WUNTRACED)
      if result < 0, errno == EINTR { continue }
      guard result == child else { return 127 }
      // WIFSTOPPED, which is a macro.
      guard status & 0xFF == 0x7F else { break }
      hk_stop(0)
      kill(child, SIGCONT)
    }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }
}
