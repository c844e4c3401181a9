/// The settings of a sample configuration file, with what its comments say of them: the file that `--print-config` prints is
/// the one place where each setting is described.
package struct SampleSettings: Hashable, Sendable {
  package struct Setting: Hashable, Sendable {
    /// With its table: `limits.text-bytes`.
    package var key: String
    /// As TOML writes it.
    package var value: String
  }

  /// Settings that share a comment.
  package struct Group: Hashable, Sendable {
    package var settings: [Setting]
    package var meaning: String
  }

  package var groups: [Group] = []

  /// Reads a sample: comments, then the settings they are about, commented out or not. A comment with no setting right after
  /// it is about the file.
  package init(_ sample: String) {
    var table = ""
    var meaning: [String] = []
    var isInSettings = false
    for line in sample.split(separator: "\n", omittingEmptySubsequences: false) {
      let isComment = line.first == "#"
      let text = (isComment ? line.dropFirst() : line).drop { $0 == " " }
      if let name = Self.table(text) {
        table = name + "."
      } else if let setting = Self.setting(text, in: table) {
        if isInSettings, let last = groups.indices.last {
          groups[last].settings.append(setting)
        } else {
          groups.append(Group(settings: [setting], meaning: meaning.joined(separator: " ")))
        }
        isInSettings = true
      } else {
        if isInSettings || text.isEmpty { meaning = [] }
        isInSettings = false
        if !text.isEmpty { meaning.append(String(text)) }
      }
    }
  }

  private static func table(_ text: Substring) -> String? {
    guard text.first == "[", text.last == "]" else { return nil }
    let name = text.dropFirst().dropLast()
    return name.allSatisfy { isPartOfKey($0) || $0 == "." } ? String(name) : nil
  }

  private static func setting(_ text: Substring, in table: String) -> Setting? {
    let key = text.prefix(while: isPartOfKey)
    let rest = text.dropFirst(key.count)
    guard !key.isEmpty, rest.hasPrefix(" = ") else { return nil }
    return Setting(key: table + key, value: String(rest.dropFirst(3)))
  }

  private static func isPartOfKey(_ character: Character) -> Bool {
    character.isASCII && (character.isLowercase || character.isNumber || character == "-")
  }
}
