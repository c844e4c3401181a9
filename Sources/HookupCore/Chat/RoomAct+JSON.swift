/// The fields of an act, on the wire and in a store.

extension RoomAct.Kind {
  /// The word in a command's field `do`; nil for a kind that no command makes.
  public var command: String? { Self.commands[self] }

  /// The kind that a command of this word makes.
  public init?(command: String) {
    guard let kind = Self.kinds[command] else { return nil }
    self = kind
  }

  /// Whether it is one that this version makes.
  var isKnown: Bool { command != nil }

  private static let kinds: [String: RoomAct.Kind] = [
    "say": .said, "me": .me, "topic": .topic, "edit": .edited, "delete": .deleted,
    "react": .reacted, "unreact": .unreacted, "create": .created, "set": .settings,
    "invite": .invited, "leave": .departed, "kick": .kicked, "ban": .banned, "unban": .unbanned,
    "mute": .muted, "unmute": .unmuted, "rank": .rank,
  ]
  private static let commands = Dictionary(
    uniqueKeysWithValues: kinds.map { ($0.value, $0.key) })
}

extension RoomAct {
  /// All but the kind. What is empty is left out, but for a text where one belongs.
  func write(to writer: inout JSONWriter) {
    writeDetail(to: &writer)
    if !text.isEmpty || kind.isSpeech || kind == .topic { writer.member("text", text) }
  }

  /// All but the kind and the text.
  func writeDetail(to writer: inout JSONWriter) {
    if let ref { writer.member("ref", ref) }
    if let nick { writer.member("nick", nick.text) }
    if let seconds { writer.member("seconds", seconds) }
    if withAddress { writer.member("address", true) }
    if kind == .rank { writer.member("rank", rank?.rawValue ?? "none") }
    if let settings {
      writer.key("settings")
      settings.write(to: &writer)
    }
  }

  /// Reads what is there, right or not for the kind.
  init(_ kind: Kind, _ fields: ChatFields) throws(ChatRefusal) {
    self.init(
      kind, text: try fields.optionalString("text") ?? "", ref: try fields.optionalNumber("ref"),
      nick: try fields.optionalString("nick") == nil ? nil : try fields.nick("nick"),
      seconds: try fields.optionalNumber("seconds").map { Int(clamping: $0) },
      withAddress: try fields.optionalBool("address") ?? false,
      rank: kind == .rank ? try RoomRank(fields) : nil, settings: try RoomSettings(fields))
  }

  /// Looks for what the kind needs.
  /// - Throws: `bad_command` with the name of the field.
  func checkFields() throws(ChatRefusal) {
    switch kind {
    case .edited, .deleted, .reacted, .unreacted: try Self.need(ref != nil, "ref", "an offset")
    case .invited, .kicked, .banned, .unbanned, .muted, .unmuted, .rank:
      try Self.need(nick != nil, "nick", "a nick")
    case .settings: try Self.need(settings != nil, "settings", "an object")
    default: break
    }
    if ref == 0 { try Self.need(false, "ref", "1 at least") }
    if let seconds, !(1...Self.maximumSeconds).contains(seconds) {
      try Self.need(false, "seconds", "1 to \(Self.maximumSeconds), or left out for good")
    }
  }

  private static func need(
    _ holds: Bool, _ field: String, _ what: String
  ) throws(ChatRefusal) {
    guard holds else { throw ChatRefusal(.badCommand, "the field '\(field)' must be \(what)") }
  }
}

extension RoomRank {
  fileprivate init?(_ fields: ChatFields) throws(ChatRefusal) {
    guard let text = try fields.optionalString("rank"), text != "none" else { return nil }
    guard let rank = RoomRank(rawValue: text) else {
      throw ChatRefusal(
        .badCommand, "the field 'rank' must be one of owner, moderator, voice, none")
    }
    self = rank
  }
}

extension RoomSettings {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    if let access { writer.member("access", access.rawValue) }
    if let isReadOnly { writer.member("readonly", isReadOnly) }
    if let slowSeconds { writer.member("slow", slowSeconds) }
    if let about { writer.member("about", about) }
    if let maximumMembers { writer.member("members", maximumMembers) }
    writer.endObject()
  }

  init?(_ fields: ChatFields) throws(ChatRefusal) {
    guard let inner = try fields.optionalFields("settings") else { return nil }
    var access: Access?
    if let text = try inner.optionalString("access") {
      guard let known = Access(rawValue: text) else {
        throw ChatRefusal(.badCommand, "the field 'access' must be one of open, invite, hidden")
      }
      access = known
    }
    self.init(
      access: access, isReadOnly: try inner.optionalBool("readonly"),
      slowSeconds: try Self.number("slow", inner, Self.slowRange),
      about: try inner.optionalString("about"),
      maximumMembers: try Self.number("members", inner, Self.membersRange))
  }

  private static func number(
    _ key: String, _ fields: ChatFields, _ allowed: ClosedRange<Int>
  ) throws(ChatRefusal) -> Int? {
    guard let number = try fields.optionalNumber(key).map({ Int(clamping: $0) }) else { return nil }
    guard allowed.contains(number) else {
      throw ChatRefusal(
        .badCommand,
        "the field '\(key)' must be \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return number
  }
}
