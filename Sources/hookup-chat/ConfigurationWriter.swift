import Glibc
import HookupCore

/// `--init`: the sample as a file to begin with.
enum ConfigurationWriter {
  /// Writes the sample where the configuration is looked for, never over a file that is there, and says where.
  /// - Throws: ``HookupError/Code/storage``.
  static func write(to path: String?) throws(HookupError) {
    guard let path = path ?? TerminalProcess.configurationDirectory().map({ $0 + "/chat.toml" })
    else {
      throw HookupError(
        .storage, "neither $XDG_CONFIG_HOME nor $HOME names a directory: use --config FILE")
    }
    // The directories above it, for this person only.
    var made = ""
    for part in path.split(separator: "/").dropLast() where path.hasPrefix("/") {
      made += "/" + part
      mkdir(made, 0o700)
    }
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let reason = errno == EEXIST ? "it is there already" : String(cString: strerror(errno))
      throw HookupError(.storage, "cannot write '\(path)': \(reason)")
    }
    defer { close(file) }
    let bytes = Array(ChatSettings.sample.utf8)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw HookupError(
        .storage, "'\(path)' is not whole: \(String(cString: strerror(errno)))")
    }
    try StandardOutput.write(line: "wrote \(path): every setting is in it, commented out")
  }
}
