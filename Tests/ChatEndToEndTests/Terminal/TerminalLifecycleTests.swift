import Foundation
import Glibc
import Testing

/// The real program on a real (pseudo) terminal: whatever happens to it, the terminal is given back.
@Suite(.serialized) struct TerminalLifecycleTests {
  private static let enter = "\u{1b}[?1049h"
  private static let leave = "\u{1b}[?1049l"
  private static let pasteOff = "\u{1b}[?2004l"

  /// The program on its terminal, with the first screen painted.
  private struct Stage {
    var terminal: PseudoTerminal
    var modesBefore: String
    var home: TemporaryHome
  }

  private static func start() throws -> Stage {
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let before = terminal.modes
    let home = try TemporaryHome()
    // A port where nobody listens: an unreachable server is a state on the screen.
    let arguments = [
      "ws://127.0.0.1:9/", "--nick", "alice", "--room", "ops", "--data", home.path + "/data",
    ]
    let environment = ["TERM": "xterm-256color", "HOME": home.path, "LANG": "C.UTF-8"]
    try terminal.spawn(program(), arguments, environment: environment)
    try terminal.wait(for: enter)
    try terminal.wait(for: "[#ops]")
    #expect(terminal.modes != before)
    return Stage(terminal: terminal, modesBefore: before, home: home)
  }

  /// The program that was built beside these tests.
  private static func program() -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    // The tests run inside a helper program of the toolchain; the test bundle is its first path argument.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
    if bundle == nil { _ = readlink("/proc/self/exe", &path, Int(PATH_MAX)) }
    let own =
      bundle
      ?? String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let directory = own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return directory.joined(separator: "/") + "/hookup-chat"
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
  func `a signal to end leaves the terminal as it was`(signal: Int32) throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    kill(terminal.pid, signal)
    guard case .exited = try terminal.waitForEnd() else {
      Issue.record("ended by a signal")
      return
    }
    try terminal.wait(for: Self.pasteOff)
    try terminal.wait(for: Self.leave)
    #expect(terminal.modes == stage.modesBefore)
  }

  @Test(arguments: [
    (SIGSEGV, "SEGV"), (SIGABRT, "ABRT"), (SIGILL, "ILL"), (SIGTRAP, "TRAP"), (SIGBUS, "BUS"),
    (SIGFPE, "FPE"),
  ])
  func `a fatal signal leaves the terminal as it was, a report, and still ends the program`(
    signal: Int32, name: String
  ) throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    kill(terminal.pid, signal)
    #expect(try terminal.waitForEnd() == .signalled(signal))
    try terminal.wait(for: Self.pasteOff)
    try terminal.wait(for: Self.leave)
    try terminal.wait(for: "hookup-chat crashed.")
    #expect(terminal.modes == stage.modesBefore)
    let path = "\(stage.home.path)/.local/state/hookup/crash/hookup-chat-\(terminal.pid).txt"
    try terminal.wait(for: path)
    let report = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(report.first?.hasPrefix("signal \(name) at 0x") == true)
    #expect(report.count > 3, "\(report)")
  }

  @Test func `Control-Q leaves the terminal as it was`() throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    terminal.type("\u{11}")
    #expect(try terminal.waitForEnd() == .exited(0))
    try terminal.wait(for: Self.leave)
    #expect(terminal.modes == stage.modesBefore)
  }

  @Test func `a new size is painted at once`() throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    let seen = terminal.output.count
    terminal.resize(columns: 100, rows: 50)
    // Row 50 exists now, and the cursor stands behind the prompt in it.
    try terminal.wait(for: "\u{1b}[50;8H", from: seen)
  }

  @Test func `Control-Z where nobody could continue us comes straight back`() throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    let seen = terminal.output.count
    terminal.type("\u{1a}")
    let left = try terminal.wait(for: Self.leave, from: seen)
    let entered = try terminal.wait(for: Self.enter, from: left)
    try terminal.wait(for: "[#ops]", from: entered)
  }

  @Test func `typed text and a paste of two lines stand in the input`() throws {
    let stage = try Self.start()
    let terminal = stage.terminal
    let seen = terminal.output.count
    terminal.type("grüße")
    try terminal.wait(for: "grüße", from: seen)
    terminal.type("\u{1b}[200~one\rtwo\u{1b}[201~")
    try terminal.wait(for: "two", from: seen)
    try terminal.wait(for: "one", from: seen)
  }

  @Test(arguments: ["", "trap '' HUP; "])
  func `a terminal that goes away ends the program, also when hang-ups are ignored`(prefix: String)
    throws
  {
    let terminal = try PseudoTerminal(columns: 80, rows: 24)
    let home = try TemporaryHome()
    let command = "\(prefix)exec \(Self.program()) ws://127.0.0.1:9/ --nick alice --room ops"
    try terminal.spawn(
      "/bin/sh", ["-c", command + " --data " + home.path],
      environment: ["TERM": "xterm", "HOME": home.path, "SWIFT_BACKTRACE": "enable=no"])
    try terminal.wait(for: "[#ops]")
    terminal.hangUp()
    guard case .exited = try terminal.waitForEnd() else {
      Issue.record("ended by a signal")
      return
    }
  }

  @Test func `without a terminal type there is one sentence and exit code 1`() throws {
    for type in ["dumb", "no-such-terminal"] {
      let terminal = try PseudoTerminal(columns: 80, rows: 24)
      let before = terminal.modes
      let home = try TemporaryHome()
      try terminal.spawn(
        Self.program(), ["ws://127.0.0.1:9/", "--nick", "alice", "--data", home.path + "/data"],
        environment: ["TERM": type, "HOME": home.path, "SWIFT_BACKTRACE": "enable=no"])
      #expect(try terminal.waitForEnd() == .exited(1))
      try terminal.wait(for: "\"\(type)\"")
      #expect(terminal.modes == before)
    }
  }
}

/// A directory of its own for a program, removed with this value.
final class TemporaryHome {
  let path: String

  init() throws {
    var template = Array(
      (FileManager.default.temporaryDirectory.path + "/hookup-XXXXXX").utf8CString)
    guard let path = mkdtemp(&template) else {
      throw PseudoTerminal.Failure(description: "no temporary directory")
    }
    self.path = String(cString: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
