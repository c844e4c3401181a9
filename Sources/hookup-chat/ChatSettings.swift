import HookupConfiguration
import HookupCore
import HookupTUI
import TOMLKit

/// What the client is to do: the defaults, the configuration file over them, a profile of it over that, variables over the
/// profile, flags over all.
struct ChatSettings: Sendable {
  enum ColorDepth: String, CaseIterable, Sendable {
    case auto
    case palette = "256"
    case basic = "16"
    case mono
  }

  var url = "ws://127.0.0.1:8127/"
  /// Nil: the user's name.
  var nick: Nick?
  /// Nil: where one was last.
  var room: RoomName?
  /// Nil: by nick and server, in the state directory.
  var data: String?
  var passwordCommand: [String] = []
  var passwordFile: String?
  var theme = "dark"
  var color = ColorDepth.auto
  var isASCII = false
  var hiddenPanes: [String] = []
  var mouse = false
  var bell = true
  var notify: [String] = []
  var notifyCommand: [String] = []
  var typing = true
  var defaultProfile: String?

  /// A file with every setting, commented out, its default and its meaning.
  static var sample: String {
    String(decoding: PackageResources.hookup_chat_toml, as: UTF8.self)
  }

  /// What the name of every variable begins with that is a setting.
  static let variablePrefix = "HOOKUP_CHAT_"

  /// - Parameters:
  ///   - file: the text of the configuration file; nil: there is none.
  ///   - profile: the profile that was asked for; nil: the file's default, if it has one.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the place, and what would be right.
  init(
    file: String?, path: String, profile: String?, environment: [String: String]
  ) throws(HookupError) {
    let root = try file.map { text throws(HookupError) in try TOMLTable(text: text, path: path) }
    // Tables inside of it live as long as it does.
    defer { withExtendedLifetime(root) {} }
    var profiles: [String: TOMLTable] = [:]
    if let value = root?["profile"], value.table == nil {
      throw HookupError(.invalidArgument, "\(path): 'profile' must be a table: [profile.NAME]")
    }
    for (name, value) in root?["profile"]?.table.map(Self.entries) ?? [] {
      guard let table = value.table else {
        throw HookupError(.invalidArgument, "\(path): 'profile.\(name)' must be a table")
      }
      profiles[name] = table
      // One that is not chosen must be right, too.
      var ignored = self
      try Self.ofProfile.apply(table, path: path, prefix: "profile.\(name).", to: &ignored)
    }
    if let root { try Self.all.apply(root, path: path, skipping: ["profile"], to: &self) }
    if let name = profile ?? environment[Self.variablePrefix + "PROFILE"] ?? defaultProfile {
      guard let table = profiles[name] else {
        let known = profiles.keys.sorted().joined(separator: ", ")
        throw HookupError(
          .invalidArgument,
          "\(path): there is no profile '\(name)'\(known.isEmpty ? "" : "; there are \(known)")")
      }
      try Self.ofProfile.apply(table, path: path, prefix: "profile.\(name).", to: &self)
    }
    var variables = environment
    variables[Self.variablePrefix + "PROFILE"] = nil
    try Self.all.apply(environment: variables, prefix: Self.variablePrefix, to: &self)
  }

  private static func entries(
    of table: TOMLTable
  ) -> [(String, any TOMLValueConvertible)] {
    table.keys.sorted().compactMap { key in table[key].map { (key, $0) } }
  }

  // MARK: The keys

  typealias Table = SettingTable<ChatSettings>

  private static let nick: @Sendable (String) -> Nick? = { try? Nick($0) }
  private static let room: @Sendable (String) -> RoomName? = { try? RoomName($0) }

  private static let places: [String: Table.Setting] = [
    "url": Table.text { $0.url = $1 },
    "nick": Table.parsed("a nick that somebody may have", nick) { $0.nick = $1 },
    "room": Table.parsed("a room: \"ops\", or \"@bob\"", room) { $0.room = $1 },
    "data": Table.text { $0.data = $1 },
    "password-command": Table.list { $0.passwordCommand = $1 },
    "password-file": Table.text { $0.passwordFile = $1 },
  ]

  private static let looks: [String: Table.Setting] = [
    "theme": Table.text { $0.theme = $1 },
    "color": Table.parsed("\"auto\", \"256\", \"16\" or \"mono\"", ColorDepth.init(rawValue:)) {
      $0.color = $1
    },
    "ascii": Table.flag { $0.isASCII = $1 },
    "hidden-panes": words(ScreenOptions.paneWords) { $0.hiddenPanes = $1 },
    "mouse": Table.flag { $0.mouse = $1 },
    "bell": Table.flag { $0.bell = $1 },
    "notify": words(["osc9", "command"]) { $0.notify = $1 },
    "notify-command": Table.list { $0.notifyCommand = $1 },
    "typing": Table.flag { $0.typing = $1 },
    "default-profile": Table.text { $0.defaultProfile = $1 },
  ]

  static let all = Table(places.merging(looks) { first, _ in first })
  /// What a profile may say.
  static let ofProfile = Table(places)

  private static func words(
    _ allowed: [String], _ set: @escaping @Sendable (inout ChatSettings, [String]) -> Void
  ) -> Table.Setting {
    { value, settings throws(Table.Wrong) in
      let words = value.array.map { $0.map { $0.string ?? "" } }
      guard let words, words.allSatisfy(allowed.contains) else {
        let list = allowed.map { "\"\($0)\"" }.joined(separator: ", ")
        throw Table.Wrong(wanted: "a list with any of \(list)")
      }
      set(&settings, words)
    }
  }
}
