import HookupCore

/// The commands that do something in a room, or ask the server something.
enum RoomCommand {
  static func parse(_ name: String, _ rest: String) -> SlashCommand.Line {
    switch name {
    case "me": rest.isEmpty ? .error("usage: /me text") : .command(.act(RoomAct(.me, text: rest)))
    case "edit", "reply", "react": about(name, rest)
    case "delete": delete(rest)
    case "whois": nick(rest) { .ask(.whois($0)) }
    case "away": .command(.ask(.away(rest)))
    case "register": secret(rest, .register)
    case "login": secret(rest, .logIn)
    case "devices": .command(.ask(.devices))
    case "revoke": .command(.ask(.revoke(device: rest.isEmpty ? nil : rest)))
    case "create": create(rest)
    case "set": set(rest)
    case "leave": .command(.act(RoomAct(.departed, text: rest)))
    case "rank": rank(rest)
    default: person(name, rest)
    }
  }

  /// A password never stands in a command: it would be seen, and come back with the history.
  private static func secret(_ rest: String, _ prompt: SecretPrompt) -> SlashCommand.Line {
    rest.isEmpty
      ? .command(.secret(prompt))
      : .error("the password is asked for, unseen: press Enter after /\(prompt.command)")
  }

  // MARK: Entries

  private static func about(_ name: String, _ rest: String) -> SlashCommand.Line {
    let (ref, text) = reference(rest)
    guard !text.isEmpty else {
      return .error("usage: /\(name) [number] \(name == "react" ? "sign" : "text")")
    }
    switch name {
    case "edit": return .command(.about(ref, RoomAct(.edited, text: text)))
    case "react": return .command(.about(ref, RoomAct(.reacted, text: text)))
    default: return .command(.about(ref, .say(text)))
    }
  }

  private static func delete(_ rest: String) -> SlashCommand.Line {
    let (ref, why) = reference(rest)
    return .command(.about(ref, RoomAct(.deleted, text: why)))
  }

  /// The number of an entry in front of the text. `+1` is none.
  private static func reference(_ rest: String) -> (UInt64?, String) {
    let word = rest.prefix { !$0.isWhitespace }
    guard word.first?.isASCII == true, word.first?.isNumber == true, let number = UInt64(word),
      number > 0
    else { return (nil, rest) }
    return (number, String(rest.dropFirst(word.count).drop { $0.isWhitespace }))
  }

  // MARK: Rooms

  private static func create(_ rest: String) -> SlashCommand.Line {
    let words = rest.split(separator: " ")
    guard let first = words.first else {
      return .error("usage: /create #room [open|invite|hidden]")
    }
    var access = RoomSettings.Access.open
    if words.count > 1 {
      guard words.count == 2, let known = RoomSettings.Access(rawValue: String(words[1])) else {
        return .error("usage: /create #room [open|invite|hidden]")
      }
      access = known
    }
    return SlashCommand.room(String(first)) { .create($0, RoomSettings(access: access)) }
  }

  private static func set(_ rest: String) -> SlashCommand.Line {
    let key = rest.prefix { !$0.isWhitespace }
    let value = String(rest.dropFirst(key.count).drop { $0.isWhitespace })
    var settings = RoomSettings()
    switch key {
    case "access": settings.access = RoomSettings.Access(rawValue: value)
    case "readonly": settings.isReadOnly = ["on": true, "off": false][value]
    case "slow": settings.slowSeconds = Int(value)
    case "about": settings.about = value
    case "members": settings.maximumMembers = Int(value)
    default: break
    }
    guard settings != RoomSettings() else {
      return .error(
        "usage: /set access open|invite|hidden, readonly on|off, slow seconds, about text, members N"
      )
    }
    return .command(.act(RoomAct(.settings, settings: settings)))
  }

  // MARK: Persons

  private static func nick(
    _ word: String, _ make: (Nick) -> SlashCommand
  ) -> SlashCommand.Line { ClientCommand.nick(word, make) }

  private static func rank(_ rest: String) -> SlashCommand.Line {
    let words = rest.split(separator: " ").map(String.init)
    guard words.count == 2, words[1] == "none" || RoomRank(rawValue: words[1]) != nil else {
      return .error("usage: /rank nick owner|moderator|voice|none")
    }
    return nick(words[0]) { .act(RoomAct(.rank, nick: $0, rank: RoomRank(rawValue: words[1]))) }
  }

  private static let kinds: [String: RoomAct.Kind] = [
    "invite": .invited, "kick": .kicked, "ban": .banned, "unban": .unbanned, "mute": .muted,
    "unmute": .unmuted,
  ]

  private static func person(_ name: String, _ rest: String) -> SlashCommand.Line {
    guard let kind = kinds[name] else { return .error("unknown command /\(name)") }
    var words = rest.split(separator: " ").map(String.init)
    guard !words.isEmpty else { return .error("usage: /\(name) nick") }
    let whom = words.removeFirst()
    var duration: Int?
    if kind == .banned || kind == .muted, let seconds = words.first.flatMap(seconds) {
      duration = seconds
      words.removeFirst()
    }
    let why = words.joined(separator: " ")
    return nick(whom) { .act(RoomAct(kind, text: why, nick: $0, seconds: duration)) }
  }

  /// `90s`, `10m`, `2h`, `7d`.
  private static func seconds(_ word: String) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let unit = word.last.flatMap({ units[$0] }), let number = Int(word.dropLast()),
      (1...RoomAct.maximumSeconds).contains(number), number * unit <= RoomAct.maximumSeconds
    else { return nil }
    return number * unit
  }
}

/// What a password is asked for.
enum SecretPrompt: Hashable, Sendable {
  case register
  case logIn

  var command: String {
    switch self {
    case .register: "register"
    case .logIn: "login"
    }
  }

  var question: String {
    switch self {
    case .register: "new password: "
    case .logIn: "password: "
    }
  }
}
