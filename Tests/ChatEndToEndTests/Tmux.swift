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

  // The directory may be gone by now.
  deinit { _ = try? spawn(["kill-server"], output: "/dev/null") }

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

  /// Pastes text as a terminal does that brackets pastes when the program asked for it.
  func paste(_ text: String, in name: String) throws {
    let path = "\(home)/tmux-paste"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try run(["load-buffer", path])
    try run(["paste-buffer", "-p", "-r", "-t", name])
  }

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

  /// The same for the screen with its colours, as escape sequences.
  func waitForColours(
    _ name: String, seconds: Double = 20, _ what: String, _ isThere: (String) -> Bool
  ) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while true {
      let shown = try run(["capture-pane", "-e", "-p", "-t", name])
      if isThere(shown) { return }
      guard Date() < deadline else { throw HarnessError("\(name) never showed \(what):\n\(shown)") }
      pace.withLock { _ = pace.wait(until: Date(timeIntervalSinceNow: 0.03)) }
    }
  }

  /// Runs one tmux command and returns what it printed.
  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let path = "\(home)/tmux-output"
    let status = try spawn(arguments, output: path)
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    guard status == 0 else { throw HarnessError("tmux \(arguments): \(text)") }
    return text
  }

  /// Runs one tmux command and returns how it ended. By `posix_spawn`: Foundation's Process waits for the end of every process that a
  /// command leaves behind, and the first one leaves the server.
  private func spawn(_ arguments: [String], output path: String) throws -> Int32 {
    let words = ["/usr/bin/tmux", "-L", socket, "-f", "/dev/null"] + arguments
    let environment = [
      "HOME=\(home)", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TERM=screen-256color",
    ]
    let (child, failure) = Spawning.start(words, environment: environment) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(
        &actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    guard failure == 0 else { throw HarnessError("tmux does not start") }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }
}
