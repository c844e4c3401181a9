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
    "hello", "register", "password", "devices", "revoke", "join", "part", "members", "rooms",
    "history", "search", "typing", "read", "away", "name", "whois", "ping",
  ]

  /// A refusal repeats no text of any length.
  private static func knownName(_ name: String) -> String? {
    names.contains(name) || RoomAct.Kind(command: name) != nil ? name : nil
  }

  private static func parse(
    _ name: String, _ fields: ChatFields
  ) throws(ChatRefusal) -> ChatCommand {
    if let kind = RoomAct.Kind(command: name) { return try act(kind, fields) }
    switch name {
    case "hello": return try hello(fields)
    case "register":
      return .register(password: try fields.string("password"), device: try device(fields))
    case "password":
      return .password(old: try fields.string("old"), new: try fields.string("new"))
    case "devices": return .devices
    case "revoke": return .revoke(device: try fields.optionalString("device"))
    case "join": return .join(try fields.room(), since: try fields.optionalNumber("since"))
    case "part": return .part(try fields.room())
    case "members": return .members(try fields.room())
    case "rooms": return .rooms(after: try fields.optionalRoom("after"))
    case "history": return try history(fields)
    case "search": return try search(fields)
    case "typing": return .typing(try fields.room())
    case "read": return .read(try fields.room(), offset: try fields.number("offset"))
    case "away": return .away(try fields.optionalString("text") ?? "")
    case "name": return .displayName(try fields.string("text"))
    case "whois": return .whois(try fields.nick("nick"))
    case "ping": return .ping
    default:
      throw ChatRefusal(.unknownCommand, "the command \(quoted(name)) is unknown to this server")
    }
  }

  private static func act(
    _ kind: RoomAct.Kind, _ fields: ChatFields
  ) throws(ChatRefusal) -> ChatCommand {
    let room = try fields.room()
    let id = try fields.messageID()
    var act = try RoomAct(kind, fields)
    if kind.isSpeech || kind == .topic || kind == .edited { act.text = try fields.string("text") }
    try act.checkFields()
    return .act(room, id: id, act)
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
    var credential: ChatHello.Credential?
    switch (try fields.optionalString("password"), try fields.optionalString("token")) {
    case (let password?, nil): credential = .password(password)
    case (nil, let token?): credential = .token(token)
    case (nil, nil): break
    default: throw ChatRefusal(.badCommand, "hello takes one of 'password' and 'token'")
    }
    return .hello(
      ChatHello(
        nick: try fields.nick("nick"), client: client, credential: credential,
        device: try device(fields), version: version))
  }

  private static func device(_ fields: ChatFields) throws(ChatRefusal) -> String {
    let name = try fields.optionalString("device") ?? ""
    guard name.utf8.count <= ChatHello.maximumDeviceBytes else {
      throw ChatRefusal(
        .badCommand,
        "the field 'device' must be at most \(ChatHello.maximumDeviceBytes) bytes long")
    }
    return name
  }

  private static func history(_ fields: ChatFields) throws(ChatRefusal) -> ChatCommand {
    var positions: [HistoryPosition] = []
    if let offset = try fields.optionalNumber("after") { positions.append(.after(offset)) }
    if let offset = try fields.optionalNumber("before") { positions.append(.before(offset)) }
    if let offset = try fields.optionalNumber("around") { positions.append(.around(offset)) }
    if try fields.optionalString("from") != nil {
      positions.append(.since(try fields.time("from")))
    }
    guard positions.count == 1 else {
      throw ChatRefusal(
        .badCommand, "history needs one of the fields 'after', 'before', 'around' and 'from'")
    }
    return .history(try fields.room(), positions[0], limit: try limit(fields))
  }

  private static func limit(_ fields: ChatFields) throws(ChatRefusal) -> Int? {
    let limit = try fields.optionalNumber("limit").map { Int(clamping: $0) }
    if limit == 0 { throw ChatRefusal(.badCommand, "the field 'limit' must be 1 at least") }
    return limit
  }

  private static func search(_ fields: ChatFields) throws(ChatRefusal) -> ChatCommand {
    .search(
      ChatQuery(
        words: try fields.string("words"), room: try fields.optionalRoom("room"),
        skip: try fields.optionalNumber("skip").map { Int(clamping: $0) } ?? 0,
        limit: try limit(fields)))
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
    case .hello(let hello): hello.write(to: &writer)
    case .register(let password, let device):
      writer.member("password", password)
      if !device.isEmpty { writer.member("device", device) }
    case .password(let old, let new):
      writer.member("old", old)
      writer.member("new", new)
    case .revoke(let device): if let device { writer.member("device", device) }
    case .join(let room, let since):
      writer.member("room", room.text)
      if let since { writer.member("since", since) }
    case .part(let room), .members(let room), .typing(let room):
      writer.member("room", room.text)
    case .act(let room, let id, let act):
      writer.member("room", room.text)
      writer.member("id", id.text)
      act.write(to: &writer)
    case .rooms(let after):
      if let after { writer.member("after", after.text) }
    case .history(let room, let position, let limit):
      writer.member("room", room.text)
      position.write(to: &writer)
      if let limit { writer.member("limit", limit) }
    case .search(let query):
      writer.member("words", query.words)
      if let room = query.room { writer.member("room", room.text) }
      if query.skip > 0 { writer.member("skip", query.skip) }
      if let limit = query.limit { writer.member("limit", limit) }
    case .read(let room, let offset):
      writer.member("room", room.text)
      writer.member("offset", offset)
    case .away(let text), .displayName(let text): writer.member("text", text)
    case .whois(let nick): writer.member("nick", nick.text)
    case .devices, .ping: break
    }
  }
}

extension ChatHello {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("v", version)
    writer.member("nick", nick.text)
    if let client { writer.member("client", client.text) }
    switch credential {
    case .password(let password): writer.member("password", password)
    case .token(let token): writer.member("token", token)
    case nil: break
    }
    if !device.isEmpty { writer.member("device", device) }
  }
}

extension HistoryPosition {
  fileprivate func write(to writer: inout JSONWriter) {
    switch self {
    case .after(let offset): writer.member("after", offset)
    case .before(let offset): writer.member("before", offset)
    case .around(let offset): writer.member("around", offset)
    case .since(let milliseconds):
      writer.member("from", ISO8601Time.text(milliseconds: milliseconds))
    }
  }
}
