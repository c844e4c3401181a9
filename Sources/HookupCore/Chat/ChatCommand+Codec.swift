extension ChatCommand {
  /// Reads a command.
  /// - Throws: the refusal that answers it, with the room, the id and the command's name as far as they could be read.
  public init(json: JSONText) throws(ChatRefusal) {
    let fields = try ChatFields(json)
    let name: String
    do {
      name = try fields.string("do")
      self = try Self.parse(name, fields)
    } catch {
      var refusal = error
      refusal.command = ((try? fields.optionalString("do")) ?? nil).flatMap(Self.knownName)
      refusal.room = (try? fields.optionalRoom("room")) ?? nil
      refusal.id = try? fields.messageID()
      throw refusal
    }
  }

  private static let names: Set<String> = [
    "hello", "join", "part", "say", "topic", "members", "rooms", "history", "ping",
  ]

  /// A refusal repeats no text of any length.
  private static func knownName(_ name: String) -> String? { names.contains(name) ? name : nil }

  private static func parse(
    _ name: String, _ fields: ChatFields
  ) throws(ChatRefusal) -> ChatCommand {
    switch name {
    case "hello": return try hello(fields)
    case "join": return .join(try fields.room(), since: try fields.optionalNumber("since"))
    case "part": return .part(try fields.room())
    case "say":
      return .say(
        try fields.room(), id: try fields.messageID(), text: try fields.string("text"))
    case "topic":
      return .topic(
        try fields.room(), id: try fields.messageID(), text: try fields.string("text"))
    case "members": return .members(try fields.room())
    case "rooms": return .rooms(after: try fields.optionalRoom("after"))
    case "history": return try history(fields)
    case "ping": return .ping
    default:
      throw ChatRefusal(.unknownCommand, "the command \(quoted(name)) is unknown to this server")
    }
  }

  private static func hello(_ fields: ChatFields) throws(ChatRefusal) -> ChatCommand {
    // The version comes first: what else is in a hello of another version is unknown.
    guard let version = try? fields.int("v") else {
      throw ChatRefusal(
        .badVersion, "hello needs the version of the chat protocol: \"v\":\(ChatProtocol.version)")
    }
    guard version == ChatProtocol.version else {
      throw ChatRefusal(
        .badVersion,
        "version \(version) of the chat protocol is not spoken here: use \(ChatProtocol.version)")
    }
    var client: ClientID?
    if let text = try fields.optionalString("client") {
      do { client = try ClientID(text) } catch { throw ChatRefusal(.badClient, error.message) }
    }
    return .hello(nick: try fields.nick("nick"), client: client, version: version)
  }

  private static func history(_ fields: ChatFields) throws(ChatRefusal) -> ChatCommand {
    let position: HistoryPosition
    switch (try fields.optionalNumber("after"), try fields.optionalNumber("before")) {
    case (let after?, nil): position = .after(after)
    case (nil, let before?): position = .before(before)
    default: throw ChatRefusal(.badCommand, "history needs one of the fields 'after' and 'before'")
    }
    let limit = try fields.optionalNumber("limit").map { Int(clamping: $0) }
    if limit == 0 { throw ChatRefusal(.badCommand, "the field 'limit' must be 1 at least") }
    return .history(try fields.room(), position, limit: limit)
  }

  /// The command as it goes on the wire.
  public var json: JSONText {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("do", name)
    write(to: &writer)
    writer.endObject()
    return writer.json()
  }

  private func write(to writer: inout JSONWriter) {
    switch self {
    case .hello(let nick, let client, let version):
      writer.member("v", version)
      writer.member("nick", nick.text)
      if let client { writer.member("client", client.text) }
    case .join(let room, let since):
      writer.member("room", room.text)
      if let since { writer.member("since", since) }
    case .part(let room), .members(let room):
      writer.member("room", room.text)
    case .say(let room, let id, let text), .topic(let room, let id, let text):
      writer.member("room", room.text)
      writer.member("id", id.text)
      writer.member("text", text)
    case .rooms(let after):
      if let after { writer.member("after", after.text) }
    case .history(let room, let position, let limit):
      writer.member("room", room.text)
      switch position {
      case .after(let offset): writer.member("after", offset)
      case .before(let offset): writer.member("before", offset)
      }
      if let limit { writer.member("limit", limit) }
    case .ping: break
    }
  }
}
