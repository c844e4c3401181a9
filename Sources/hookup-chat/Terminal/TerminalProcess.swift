import Glibc
import HookupCore

/// What a process knows of itself and where it leaves its traces.
enum TerminalProcess {
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
