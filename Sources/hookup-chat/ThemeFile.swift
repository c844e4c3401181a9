import Glibc
import HookupCore
import HookupTUI

/// Themes by their names: a file of the person's own comes before one that is compiled in.
enum ThemeFile {
  /// `$XDG_CONFIG_HOME/hookup/themes/NAME.theme`, else the theme of that name.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a name that is none, and for what is wrong in a file.
  static func theme(_ name: String) throws(HookupError) -> Theme {
    guard name.utf8.count <= 64, !name.isEmpty,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else {
      throw HookupError(
        .invalidArgument, "a theme is named by at most 64 letters, digits, - and _")
    }
    let path = TerminalProcess.configurationDirectory().map { "\($0)/themes/\(name).theme" }
    if let path, let text = read(path) { return try Theme(text: text, name: name) }
    guard let theme = Theme.builtIn(name) else {
      let known = Theme.builtInNames.joined(separator: ", ")
      throw HookupError(
        .invalidArgument,
        "there is no theme '\(name)': there are \(known)\(path.map { ", and '\($0)' would be one" } ?? "")"
      )
    }
    return theme
  }

  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Theme.maximumFileBytes + 1)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
