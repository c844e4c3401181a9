extension ChatEvent {
  /// Reads an event: nil for one that this version does not know, which a client passes over.
  /// - Throws: ``HookupError/Code/protocolViolation`` when it is no JSON object, or a known event with a field that is
  ///   missing or wrong. The message says which.
  public static func parse(_ json: JSONText) throws(HookupError) -> ChatEvent? {
    do {
      let fields = try ChatFields(json)
      return try parse(try fields.string("is"), fields)
    } catch {
      throw HookupError(
        .protocolViolation, "the chat server sent something wrong: \(error.message)")
    }
  }

  private static func parse(
    _ name: String, _ fields: ChatFields
  ) throws(ChatRefusal) -> ChatEvent? {
    switch name {
    case "welcome": return .welcome(try ChatWelcome(fields))
    case "joined": return .joined(try ChatJoined(fields))
    case "parted": return .parted(try fields.room())
    case "stored":
      return .stored(
        try fields.room(), id: try fields.messageID(), offset: try fields.number("offset"),
        milliseconds: try fields.time("time"))
    case "members": return .members(try fields.room(), try fields.nicks("members"))
    case "rooms":
      return .rooms(
        try fields.objects("rooms", RoomSummary.parse),
        more: try fields.optionalBool("more") ?? false)
    case "history": return try history(fields)
    case "direct": return .direct(try RoomSummary.parse(fields))
    case "invitation":
      return .invited(try RoomSummary.parse(fields), by: try fields.nick("from"))
    case "arrived": return .arrived(try fields.room(), try fields.nick("nick"))
    case "left": return .left(try fields.room(), try fields.nick("nick"))
    case "typing": return .typing(try fields.room(), try fields.nick("nick"))
    case "read": return .read(try fields.room(), offset: try fields.number("offset"))
    case "away": return .away(try fields.nick("nick"), try fields.optionalString("text") ?? "")
    case "names": return .names(try fields.objects("names", ChatName.parse))
    case "person": return .person(try ChatPerson(fields))
    case "found":
      return .found(
        try fields.objects("hits", ChatHit.parse), more: try fields.optionalBool("more") ?? false)
    case "account": return .account(try ChatAccount(fields))
    case "devices": return .devices(try fields.objects("devices", ChatDevice.parse))
    case "notice":
      return .notice(
        code: ChatNotice(rawValue: try fields.string("code")),
        message: try fields.string("message"))
    case "pong": return .pong
    case "error": return .error(try ChatRefusal.parse(fields))
    default:
      // An entry has an offset, be it of a kind that is not known here: it is one step in its room's log all the same.
      let kind = RoomEntry.Kind(rawValue: name)
      guard (try? fields.optionalNumber("offset")) ?? nil != nil || kind.isKnown else { return nil }
      return .entry(try RoomEntry(fields, kind: kind, room: try fields.room()))
    }
  }

  private static func history(_ fields: ChatFields) throws(ChatRefusal) -> ChatEvent {
    let room = try fields.room()
    let entries = try fields.objects("entries") { entry throws(ChatRefusal) -> RoomEntry in
      try RoomEntry(entry, kind: RoomEntry.Kind(rawValue: try entry.string("is")), room: room)
    }
    return .history(room, entries, more: try fields.optionalBool("more") ?? false)
  }
}

extension RoomEntry {
  fileprivate init(
    _ fields: ChatFields, kind: Kind, room: RoomName
  ) throws(ChatRefusal) {
    var act = try RoomAct(kind, fields)
    if kind.isSpeech || kind == .topic { act.text = try fields.string("text") }
    self.init(
      room: room, offset: try fields.number("offset"), act: act, id: try fields.messageID(),
      from: try fields.nick("from"), milliseconds: try fields.time("time"),
      mentions: try fields.optionalNicks("mentions"),
      since: RoomEntryChange(
        nonEmpty: try fields.optionalNumber("edited"),
        deleted: try fields.optionalNumber("deleted"),
        reactions: try fields.optionalObjects("reactions", RoomEntryChange.Reaction.parse)))
  }
}

extension RoomEntryChange.Reaction {
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> Self {
    Self(
      text: try fields.string("text"), nicks: try fields.nicks("nicks"),
      count: try fields.int("count"))
  }
}

extension ChatAccount {
  fileprivate init(_ fields: ChatFields) throws(ChatRefusal) {
    self.init(
      nick: try fields.nick("nick"), device: try fields.optionalString("device") ?? "",
      token: try fields.optionalString("token"),
      isOperator: try fields.optionalBool("operator") ?? false,
      displayName: try fields.optionalString("name") ?? "")
  }
}

extension ChatDevice {
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> ChatDevice {
    ChatDevice(
      id: try fields.string("device"), name: try fields.optionalString("name") ?? "",
      created: try fields.time("created"), seen: try fields.time("seen"),
      isThis: try fields.optionalBool("this") ?? false)
  }
}

extension ChatPerson {
  fileprivate init(_ fields: ChatFields) throws(ChatRefusal) {
    self.init(
      nick: try fields.nick("nick"), isAccount: try fields.optionalBool("account") ?? false,
      isOnline: try fields.optionalBool("online") ?? false,
      away: try fields.optionalString("away"),
      seen: try fields.optionalString("seen") == nil ? nil : try fields.time("seen"),
      displayName: try fields.optionalString("name") ?? "")
  }
}

extension ChatName {
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> ChatName {
    ChatName(try fields.nick("nick"), try fields.string("text"))
  }
}

extension ChatHit {
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> ChatHit {
    let entry = try RoomEntry(
      fields, kind: RoomEntry.Kind(rawValue: try fields.string("is")), room: try fields.room())
    return ChatHit(entry: entry, snippet: try fields.string("snippet"))
  }
}

extension ChatWelcome {
  fileprivate init(_ fields: ChatFields) throws(ChatRefusal) {
    var limits = ChatLimits()
    if let told = try? fields.fields("limits") {
      // A limit that is not told is the protocol's default.
      limits.textBytes = (try? told.int("text")) ?? limits.textBytes
      limits.topicBytes = (try? told.int("topic")) ?? limits.topicBytes
      limits.roomsPerConnection = (try? told.int("rooms")) ?? limits.roomsPerConnection
      limits.page = (try? told.int("page")) ?? limits.page
      limits.members = (try? told.int("members")) ?? limits.members
      limits.directRooms = (try? told.int("direct")) ?? limits.directRooms
      limits.outstandingCommands = (try? told.int("outstanding")) ?? limits.outstandingCommands
    }
    self.init(
      version: try fields.int("v"), nick: try fields.nick("nick"),
      server: try fields.string("server"),
      account: try fields.optionalFields("account").map(ChatAccount.init),
      direct: try fields.objects("direct", RoomSummary.parse),
      rooms: try fields.optionalObjects("rooms", RoomSummary.parse), limits: limits)
  }
}

extension ChatJoined {
  fileprivate init(_ fields: ChatFields) throws(ChatRefusal) {
    self.init(
      room: try fields.room(), topic: try fields.string("topic"),
      members: try fields.nicks("members"), last: try fields.number("last"),
      first: try fields.number("first"), after: try fields.number("after"),
      reset: try fields.optionalBool("reset") ?? false)
    read = try fields.optionalNumber("read")
    settings = try RoomSettings(fields)
    rank = (try fields.optionalString("rank")).flatMap(RoomRank.init(rawValue:))
  }
}

extension RoomSummary {
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> RoomSummary {
    RoomSummary(
      room: try fields.room(), last: try fields.number("last"),
      topic: try fields.optionalString("topic") ?? "")
  }
}

extension ChatRefusal {
  /// What names the refused command is left out when it cannot be read: the refusal itself must not get lost.
  fileprivate static func parse(_ fields: ChatFields) throws(ChatRefusal) -> ChatRefusal {
    ChatRefusal(
      Code(rawValue: try fields.string("code")), try fields.string("message"),
      room: (try? fields.optionalRoom("room")) ?? nil, id: try? fields.messageID(),
      command: (try? fields.optionalString("re")) ?? nil)
  }
}
