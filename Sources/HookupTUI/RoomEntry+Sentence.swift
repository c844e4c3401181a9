import HookupCore

extension RoomEntry {
  /// What happened, for an entry that nobody said. What is in it from the network is not sanitised.
  var sentence: String {
    let whom = act.nick.map { " \($0)" } ?? ""
    let why = text.isEmpty ? "" : ": \(text)"
    let time = act.seconds.map { " for \(Self.words(seconds: $0))" } ?? ""
    let what = act.ref.map { " \($0)" } ?? ""
    switch kind {
    case .topic: return "\(from) set the topic: \(text)"
    case .edited: return "\(from) edited\(what)\(why)"
    case .deleted: return "\(from) deleted\(what)\(why)"
    case .reacted: return "\(from) reacted to\(what) with \(text)"
    case .unreacted: return "\(from) took \(text) back from\(what)"
    case .created: return "\(from) made this room\(Self.words(act.settings))"
    case .settings: return "\(from) set\(Self.words(act.settings))"
    case .invited: return "\(from) invited\(whom)"
    case .departed: return "\(from) is no member any more\(why)"
    case .kicked: return "\(from) kicked\(whom)\(why)"
    case .banned: return "\(from) banned\(whom)\(time)\(why)"
    case .unbanned: return "\(from) ended the ban of\(whom)"
    case .muted: return "\(from) muted\(whom)\(time)\(why)"
    case .unmuted: return "\(from) lets\(whom) speak again"
    case .rank:
      let rank = act.rank?.rawValue ?? "no rank"
      return "\(from) made\(whom) \(rank)"
    default: return "\(from): \(kind)\(whom)\(why)"
    }
  }

  private static func words(seconds: Int) -> String {
    for (size, unit) in [(86_400, "d"), (3_600, "h"), (60, "m")] where seconds % size == 0 {
      return "\(seconds / size)\(unit)"
    }
    return "\(seconds)s"
  }

  private static func words(_ settings: RoomSettings?) -> String {
    guard let settings else { return "" }
    var words: [String] = []
    if let access = settings.access { words.append("access \(access.rawValue)") }
    if let isReadOnly = settings.isReadOnly {
      words.append("readonly \(isReadOnly ? "on" : "off")")
    }
    if let slow = settings.slowSeconds { words.append("slow \(slow) s") }
    if let members = settings.maximumMembers { words.append("at most \(members) members") }
    if let about = settings.about { words.append("about: \(about)") }
    return words.isEmpty ? "" : " " + words.joined(separator: ", ")
  }
}
