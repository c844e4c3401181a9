import CNcursesw
import Glibc
import HookupCore
import HookupTUI

/// Choices of the person at the terminal about the terminal itself.
struct TerminalOptions: Hashable, Sendable {
  /// Whether colours are used where the terminal has them; default true. NO_COLOR and `TERM=…-mono` say no as well.
  var colours = true
  /// Whether no more than the eight basic colours are used where the terminal has more; default false.
  var onlyBasicColours = false
  var theme = Theme.dark
  /// Whether wheel and clicks reach the program from the start; default false: the terminal selects text.
  var mouse = false
  /// Whether the terminal is asked to show notifications (OSC 9); default false.
  var notifies = false

  init() {}
}

/// The terminal through ncurses: the one place that knows it. Paints ``ScreenBuffer`` and reads bytes and key names.
@TerminalActor
final class NcursesTerminal {
  /// Bracketed paste and focus reports, which ncurses does not know of.
  private static let enableReports = "\u{1b}[?2004h\u{1b}[?1004h"
  static let disableReports = "\u{1b}[?1006l\u{1b}[?1000l\u{1b}[?1004l\u{1b}[?2004l"
  /// Presses and the wheel, in xterm's SGR form.
  static let enableMouse = "\u{1b}[?1000h\u{1b}[?1006h"
  static let disableMouse = "\u{1b}[?1006l\u{1b}[?1000l"
  /// How long ncurses waits after an ESC for the rest of a sequence, milliseconds.
  private static let escapeDelay: Int32 = 25
  /// How often a stop that comes back in the background is repeated before the loss of the terminal is accepted.
  private static let maximumStops = 16

  private let screen: OpaquePointer
  let crashGuard: TerminalCrashGuard
  /// Keys are read from a pad of one cell: reading from a window would refresh it.
  let pad: UnsafeMutablePointer<WINDOW>
  var painter: CellPainter
  /// What the terminal shows; nil when that is unknown.
  var shown: ScreenBuffer?
  var startupPages = StartupPages()
  private var isOpen = true
  private(set) var columns = 80
  private(set) var rows = 24
  /// Whether text beyond ASCII can be shown.
  let isUnicode: Bool
  let notifies: Bool
  var hasMouse: Bool

  /// Takes the terminal over: full screen, raw keys, colours.
  ///
  /// - Throws: ``HookupError`` with one sentence when there is no terminal or none that can be drawn on; the terminal is
  ///   as it was then.
  init(options: TerminalOptions = TerminalOptions()) throws {
    try Self.checkTerminal()
    isUnicode = Self.setLocale()
    crashGuard = try TerminalCrashGuard(terminal: STDOUT_FILENO)
    guard let screen = hk_newterm() else {
      crashGuard.remove()
      throw Self.unknownType()
    }
    guard hk_has_string("cup") != 0, let pad = newpad(1, 1) else {
      endwin()
      delscreen(screen)
      crashGuard.remove()
      throw HookupError(
        .noTerminal,
        "the terminal type \(Self.typeName()) cannot move its cursor; \(Self.wayOut)")
    }
    self.screen = screen
    self.pad = pad
    raw()
    noecho()
    nonl()
    keypad(pad, true)
    nodelay(pad, true)
    set_escdelay(Self.escapeDelay)
    typeahead(-1)
    // Mouse reports come as bytes, which the key decoder knows.
    define_key(nil, KEY_MOUSE)
    painter = CellPainter(options: options)
    notifies = options.notifies
    hasMouse = options.mouse
    enableReports()
    resize()
  }

  private func enableReports() {
    write(Self.enableReports)
    if hasMouse { write(Self.enableMouse) }
  }

  /// Gives the terminal back as it was. Does nothing the second time; every step is tried, whatever the others did.
  func close() {
    guard isOpen else { return }
    isOpen = false
    write(Self.disableReports)
    curs_set(1)
    endwin()
    delwin(pad)
    delscreen(screen)
    crashGuard.remove()
  }

  /// Takes over the terminal's new size; the next ``draw(_:)`` paints everything.
  func resize() {
    var (width, height): (Int32, Int32) = (0, 0)
    if hk_window_size(STDOUT_FILENO, &width, &height) == 0 { resize_term(height, width) }
    columns = Int(getmaxx(hk_stdscr()))
    rows = Int(getmaxy(hk_stdscr()))
    forget()
  }

  /// Makes the next ``draw(_:)`` clear the screen and paint everything.
  func forget() {
    shown = nil
    clearok(hk_curscr(), true)
  }

  func bell() { beep() }

  /// Stops this program as ^Z does elsewhere and returns when it goes on in the foreground.
  ///
  /// - Parameter group: whether the whole job stops, as for a key, or only this process, as for a signal to it.
  func suspend(group: Bool) {
    write(Self.disableReports)
    def_prog_mode()
    endwin()
    crashGuard.isArmed = false
    hk_stop(group ? 1 : 0)
    continued()
  }

  /// After SIGCONT: the shell may have changed the terminal's modes and the screen.
  func continued() {
    var stops = 0
    // Put in the background, we wait for the foreground: stopped, as any program that writes to the terminal.
    while case let foreground = tcgetpgrp(STDIN_FILENO), foreground > 0, foreground != getpgrp(),
      stops < Self.maximumStops
    {
      stops += 1
      hk_stop(0)
    }
    crashGuard.isArmed = true
    reset_prog_mode()
    enableReports()
    painter.cursorIsVisible = nil
    resize()
  }

  /// Whether the terminal takes bytes now, so that a frame will not wait for a stopped or slow one.
  var isWritable: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&descriptor, 1, 0) == 1
  }

  func write(_ text: String) {
    _ = text.withCString { Glibc.write(STDOUT_FILENO, $0, strlen($0)) }
  }
}

// MARK: - What there is

extension NcursesTerminal {
  private static let wayOut = "without one there are `hookup-chat --plain`, `send` and `tail`"

  private static func checkTerminal() throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      throw HookupError(
        .noTerminal, "hookup-chat needs a terminal on its input and output; \(wayOut)")
    }
    switch TerminalProcess.environment("TERM") {
    case nil:
      throw HookupError(
        .noTerminal,
        "TERM is not set, so the terminal's type is unknown: set it, for example TERM=xterm-256color; \(wayOut)"
      )
    case "dumb", "unknown": throw unknownType()
    default: return
    }
  }

  private static func unknownType() -> HookupError {
    HookupError(
      .noTerminal,
      "cannot draw on a terminal of the type \(typeName()): set TERM to one that is known here, for example "
        + "xterm-256color; \(wayOut)")
  }

  /// TERM in quotes, fit to be shown.
  private static func typeName() -> String {
    let name = TerminalProcess.environment("TERM") ?? ""
    return "\"" + String(name.filter { $0.isASCII && ("!"..."~").contains($0) }.prefix(40)) + "\""
  }

  /// The user's locale, with UTF-8 text where the system has it at all; true when it has.
  private static func setLocale() -> Bool {
    setlocale(LC_ALL, "")
    if isUTF8() { return true }
    for name in ["C.UTF-8", "C.utf8", "en_US.UTF-8"] where setlocale(LC_CTYPE, name) != nil {
      if isUTF8() { return true }
    }
    return false
  }

  private static func isUTF8() -> Bool {
    guard let name = nl_langinfo(nl_item(CODESET)) else { return false }
    return ["UTF-8", "utf8"].contains(String(cString: name))
  }
}
