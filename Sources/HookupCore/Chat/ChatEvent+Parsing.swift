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
    case "said": return .entry(try RoomEntry(fields, kind: .said, room: try fields.room()))
    case "topic": return .entry(try RoomEntry(fields, kind: .topic, room: try fields.room()))
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
    case "arrived": return .arrived(try fields.room(), try fields.nick("nick"))
    case "left": return .left(try fields.room(), try fields.nick("nick"))
    case "pong": return .pong
    case "error": return .error(try ChatRefusal.parse(fields))
    default: return nil
    }
  }

  private static func history(_ fields: ChatFields) throws(ChatRefusal) -> ChatEvent {
    let room = try fields.room()
    let entries = try fields.objects("entries") { entry throws(ChatRefusal) -> RoomEntry in
      guard let kind = RoomEntry.Kind(rawValue: try entry.string("is")) else {
        throw ChatRefusal(.badCommand, "an entry of history is of an unknown kind")
      }
      return try RoomEntry(entry, kind: kind, room: room)
    }
    return .history(room, entries, more: try fields.optionalBool("more") ?? false)
  }
}

extension RoomEntry {
  fileprivate init(
    _ fields: ChatFields, kind: Kind, room: RoomName
  ) throws(ChatRefusal) {
    self.init(
      room: room, offset: try fields.number("offset"), kind: kind, id: try fields.messageID(),
      from: try fields.nick("from"), milliseconds: try fields.time("time"),
      text: try fields.string("text"))
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
      direct: try fields.objects("direct", RoomSummary.parse), limits: limits)
  }
}

extension ChatJoined {
  fileprivate init(_ fields: ChatFields) throws(ChatRefusal) {
    self.init(
      room: try fields.room(), topic: try fields.string("topic"),
      members: try fields.nicks("members"), last: try fields.number("last"),
      first: try fields.number("first"), after: try fields.number("after"),
      reset: try fields.optionalBool("reset") ?? false)
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
