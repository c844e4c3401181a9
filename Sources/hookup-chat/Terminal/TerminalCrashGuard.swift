import CNcursesw
import Glibc
import HookupCore

/// Gives the terminal back when the program dies of a fatal signal, and keeps stderr off the screen while it is up.
///
/// The handler itself is C (`hk_guard_handler`): it writes one string, sets the saved modes, describes the crash in a file, puts the
/// default actions back and returns to the faulting instruction. Where SWIFT_BACKTRACE is set, the Swift runtime's own report follows on
/// a clean screen.
@TerminalActor
final class TerminalCrashGuard {
  /// What undoes every mode that this program or ncurses may have set, in any order, on any xterm-like terminal:
  /// paste, mouse and focus reports off, normal cursor keys and keypad, plain text, cursor shown, main screen.
  static let restoreSequence =
    "\u{1b}[?2004l\u{1b}[?1006l\u{1b}[?1002l\u{1b}[?1000l\u{1b}[?1004l"
    + "\u{1b}[?1l\u{1b}>\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l"

  /// The log that takes stderr is begun anew beyond this many bytes.
  static let maximumLogBytes = 1 << 20

  /// Gives the calling thread a stack for the handler, which stays. The one that the Swift runtime gives to the main thread is too small to
  /// find the calls that led to a crash.
  nonisolated static func useSignalStack() {
    let bytes = 64 << 10
    _ = hk_use_signal_stack(malloc(bytes), bytes)
  }

  /// Never freed once installed: a handler may run at any instant.
  private let state: UnsafeMutablePointer<hk_guard>
  private var savedError: Int32 = -1
  private var logPath: String?
  private var logStart: off_t = 0

  /// Saves the terminal's modes and takes over the fatal signals.
  ///
  /// - Throws: ``HookupError`` when `terminal` is none.
  init(terminal: Int32) throws {
    state = .allocate(capacity: 1)
    state.initialize(to: hk_guard())
    guard hk_guard_install(state, terminal) == 0 else {
      let reason = String(cString: strerror(errno))
      state.deallocate()
      throw HookupError(.noTerminal, "cannot read the terminal's settings: \(reason)")
    }
    redirectError()
    let report = TerminalProcess.crashDirectory().map { "\($0)/hookup-chat-\(getpid()).txt" }
    let names = [report, logPath].compactMap { $0 }.joined(separator: " and ")
    let hint = names.isEmpty ? "" : " What is known is in \(names)."
    hk_guard_set_texts(
      state, Self.restoreSequence, "\nhookup-chat crashed.\(hint)\n", report ?? "", savedError)
  }

  /// Whether a crash restores the terminal. Off while the terminal belongs to somebody else (^Z).
  var isArmed: Bool {
    get { state.pointee.armed != 0 }
    set { state.pointee.armed = newValue ? 1 : 0 }
  }

  /// Puts the modes back, gives the signals and stderr back, and says where the log is if it grew.
  func remove() {
    hk_guard_restore_modes(state)
    hk_guard_remove(state)
    restoreError()
  }

  private func redirectError() {
    // Somebody who sent stderr elsewhere wants it there.
    guard isatty(STDERR_FILENO) == 1 else { return }
    let path = TerminalProcess.stateDirectory().map { $0 + "/hookup-chat.log" }
    var log: Int32 = -1
    if let path { log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600) }
    if log >= 0 {
      if lseek(log, 0, SEEK_END) > off_t(Self.maximumLogBytes) { ftruncate(log, 0) }
      logStart = lseek(log, 0, SEEK_END)
      logPath = path
    } else {
      log = open("/dev/null", O_WRONLY | O_CLOEXEC)
    }
    guard log >= 0 else { return }
    savedError = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
    if savedError >= 0 { dup2(log, STDERR_FILENO) }
    close(log)
  }

  private func restoreError() {
    guard savedError >= 0 else { return }
    let end = lseek(STDERR_FILENO, 0, SEEK_END)
    dup2(savedError, STDERR_FILENO)
    close(savedError)
    savedError = -1
    guard let logPath, end > logStart else { return }
    let notice = "hookup-chat: there were messages, see \(logPath)\n"
    _ = notice.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
