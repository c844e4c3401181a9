import Glibc
import HookupCore

/// What a process must do for the terminal before it does anything else, and where it leaves its traces.
enum TerminalProcess {
  /// Call first in `main`, and only when the full screen will be shown: starts the program once more with SWIFT_BACKTRACE
  /// set, because the Swift runtime reads it only at start and would otherwise meet a crash with a question and a wait
  /// of half a minute. Does nothing when the variable is set already or there is no terminal.
  static func prepare() {
    guard getenv("SWIFT_BACKTRACE") == nil, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1
    else { return }
    startAgain(backtrace: backtraceSettings())
  }

  /// `$XDG_STATE_HOME/hookup`, made with mode 0700 when it is missing; nil when it cannot be had.
  static func stateDirectory() -> String? {
    baseDirectory("XDG_STATE_HOME", underHome: ".local/state").flatMap {
      makeDirectory($0 + "/hookup")
    }
  }

  /// `$XDG_DATA_HOME/hookup`, where `hookup-chat-server` keeps its data too.
  /// - Throws: ``HookupError/Code/storage`` when neither it nor the home directory is known.
  static func dataDirectory() throws(HookupError) -> String {
    guard let base = baseDirectory("XDG_DATA_HOME", underHome: ".local/share") else {
      throw HookupError(
        .storage, "neither $XDG_DATA_HOME nor $HOME names a directory: set one of them")
    }
    return base + "/hookup"
  }

  /// `$XDG_CONFIG_HOME/hookup`, whether it is there or not; nil when neither it nor the home directory is known.
  static func configurationDirectory() -> String? {
    baseDirectory("XDG_CONFIG_HOME", underHome: ".config").map { $0 + "/hookup" }
  }

  /// A base directory as the XDG specification finds it: a relative value of the variable does not count.
  private static func baseDirectory(_ variable: String, underHome path: String) -> String? {
    if let base = environment(variable), base.hasPrefix("/") { return base }
    if let home = environment("HOME"), home.hasPrefix("/") { return home + "/" + path }
    return nil
  }

  /// The directory for crash reports, made when it is missing.
  static func crashDirectory() -> String? {
    stateDirectory().flatMap { makeDirectory($0 + "/crash") }
  }

  /// What this machine is called, for a list of devices.
  static var hostName: String {
    var name = [CChar](repeating: 0, count: 65)
    guard gethostname(&name, 64) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// An environment variable that is set and not empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// All variables.
  static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let end = text.firstIndex(of: "=") {
        variables[String(text[..<end])] = String(text[text.index(after: end)...])
      }
      next += 1
    }
    return variables
  }

  private static func backtraceSettings() -> String {
    let settings = "enable=yes,interactive=no,color=no"
    // The settings are separated by commas and know no quotes.
    guard let directory = crashDirectory(), !directory.contains(",") else { return settings }
    return settings + ",output-to=" + directory
  }

  /// Replaces this process by the same program with SWIFT_BACKTRACE set; returns when that fails, which costs only the
  /// crash report.
  private static func startAgain(backtrace: String) {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
    guard length > 0, setenv("SWIFT_BACKTRACE", backtrace, 1) == 0 else { return }
    execv(path, CommandLine.unsafeArgv)
  }

  /// Makes `path` and its parents, mode 0700 for those that are missing.
  private static func makeDirectory(_ path: String) -> String? {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      mkdir(made, 0o700)
    }
    return access(path, W_OK | X_OK) == 0 ? path : nil
  }
}
