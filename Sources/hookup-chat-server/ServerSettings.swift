import HookupEngine
import Logging

/// What the server is to do: the defaults, the configuration file over them, the flags over both.
struct ServerSettings {
  var chat = ChatServerConfiguration()
  var store = ChatStoreLimits()
  /// Nil: ``DataDirectory/standard(_:)``.
  var data: String?
  var logLevel = Logger.Level.info
  var logFormat = LogFormat.text
  /// The file of the audit log, or "stderr"; nil: none.
  var auditLog: String?
  /// HOST:PORT of the page for health and measurements; nil: none.
  var observe: String?
  /// The admin socket's path; nil: in the data directory; empty: none.
  var adminSocket: String?
  /// What was set, by key, as it was written: what a reload compares.
  var given: [String: String] = [:]

  /// The accounts' settings; there always are accounts.
  var accounts: AccountSettings {
    get { chat.accounts ?? AccountSettings() }
    set { chat.accounts = newValue }
  }

  /// The server's TLS, without files as long as none are given.
  var tls: ServerTLS {
    get {
      chat.server.tls ?? ServerTLS(certificateChainFile: "", privateKeyFile: "")
    }
    set { chat.server.tls = newValue }
  }
}

extension ServerSettings {
  /// Where the rooms are.
  /// - Throws: ``HookupError/Code/invalidArgument`` when nobody says and there is no home.
  func directory() throws(HookupError) -> String {
    if let data { return data }
    return try DataDirectory.standard(StandardStreams.environment)
  }

  /// Nil when there is to be none.
  func adminSocket(in directory: String) -> String? {
    let path = adminSocket ?? directory + "/admin.sock"
    return path.isEmpty ? nil : path
  }
}

/// Where data is when nobody says: the XDG Base Directory Specification.
enum DataDirectory {
  /// `$XDG_DATA_HOME/hookup`, or `~/.local/share/hookup` when that is not set or not absolute.
  /// - Throws: ``HookupError/Code/invalidArgument`` when there is no home either.
  static func standard(_ environment: [String: String]) throws(HookupError) -> String {
    if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return base + "/hookup" }
    guard let home = environment["HOME"], home.hasPrefix("/") else {
      throw HookupError(
        .invalidArgument, "neither XDG_DATA_HOME nor HOME is set: say where with --data DIR")
    }
    return home + "/.local/share/hookup"
  }
}
