import Foundation

/// A tmux server of its own, with one session for each terminal.
///
/// tmux tells nobody when a screen has changed, so waiting for one looks again every 30 ms until a deadline.
final class Tmux {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux")

  private let socket = "hookup-\(UUID().uuidString.prefix(8))"
  private let home: String
  private let pace = NSCondition()

  init(home: String) { self.home = home }

  deinit { _ = try? run(["kill-server"]) }

  func start(_ name: String, columns: Int, rows: Int, _ command: String) throws {
    try run([
      "new-session", "-d", "-s", name, "-x", "\(columns)", "-y", "\(rows)",
      "env HOME=\(home) SWIFT_BACKTRACE=enable=no TERM=screen-256color LANG=C.UTF-8 \(command); echo status=$?; cat",
    ])
  }

  /// Types text and Enter.
  func type(_ line: String, in name: String) throws {
    try run(["send-keys", "-t", name, "-l", line])
    try press("Enter", in: name)
  }

  func press(_ key: String, in name: String) throws { try run(["send-keys", "-t", name, key]) }

  func resize(_ name: String, columns: Int, rows: Int) throws {
    try run(["resize-window", "-t", name, "-x", "\(columns)", "-y", "\(rows)"])
  }

  func screen(_ name: String) throws -> String { try run(["capture-pane", "-p", "-t", name]) }

  /// The screen once it is as wanted.
  /// - Throws: the last screen, when it is not so within `seconds`.
  @discardableResult
  func wait(
    for name: String, seconds: Double = 20, _ what: String, _ isThere: (String) -> Bool
  ) throws -> String {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
      let shown = try screen(name)
      if isThere(shown) { return shown }
      guard Date() < deadline else { throw HarnessError("\(name) never showed \(what):\n\(shown)") }
      pace.withLock { _ = pace.wait(until: Date(timeIntervalSinceNow: 0.03)) }
    }
  }

  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/tmux")
    process.arguments = ["-L", socket, "-f", "/dev/null"] + arguments
    process.environment = [
      "HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "screen-256color",
    ]
    // The first command leaves a server behind, which would keep a pipe open.
    let path = URL(fileURLWithPath: "\(home)/tmux-output")
    try Data().write(to: path)
    let output = try FileHandle(forWritingTo: path)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    try output.close()
    let text = String(decoding: try Data(contentsOf: path), as: UTF8.self)
    guard process.terminationStatus == 0 else { throw HarnessError("tmux \(arguments): \(text)") }
    return text
  }
}
