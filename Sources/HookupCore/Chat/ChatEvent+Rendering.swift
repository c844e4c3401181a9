extension ChatEvent {
  /// The word in the field `is`.
  public var name: String {
    switch self {
    case .welcome: "welcome"
    case .joined: "joined"
    case .parted: "parted"
    case .entry(let entry): entry.kind.rawValue
    case .stored: "stored"
    case .members: "members"
    case .rooms: "rooms"
    case .history: "history"
    case .direct: "direct"
    case .arrived: "arrived"
    case .left: "left"
    case .pong: "pong"
    case .error: "error"
    }
  }

  /// The event as it goes on the wire.
  public var json: JSONText {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("is", name)
    write(to: &writer)
    writer.endObject()
    return writer.json()
  }

  private func write(to writer: inout JSONWriter) {
    switch self {
    case .welcome(let welcome): welcome.write(to: &writer)
    case .joined(let joined): joined.write(to: &writer)
    case .parted(let room): writer.member("room", room.text)
    case .entry(let entry):
      writer.member("room", entry.room.text)
      entry.write(to: &writer)
    case .stored(let room, let id, let offset, let milliseconds):
      writer.member("room", room.text)
      writer.member("id", id.text)
      writer.member("offset", offset)
      writer.member("time", ISO8601Time.text(milliseconds: milliseconds))
    case .members(let room, let members):
      writer.member("room", room.text)
      writer.nicks("members", members)
    case .rooms(let rooms, let more):
      writer.summaries("rooms", rooms)
      writer.member("more", more)
    case .history(let room, let entries, let more):
      Self.writeHistory(room, entries, more: more, to: &writer)
    case .direct(let summary): summary.write(to: &writer)
    case .arrived(let room, let nick), .left(let room, let nick):
      writer.member("room", room.text)
      writer.member("nick", nick.text)
    case .pong: break
    case .error(let refusal): refusal.write(to: &writer)
    }
  }

  private static func writeHistory(
    _ room: RoomName, _ entries: [RoomEntry], more: Bool, to writer: inout JSONWriter
  ) {
    writer.member("room", room.text)
    writer.key("entries")
    writer.beginArray()
    for entry in entries {
      writer.beginObject()
      writer.member("is", entry.kind.rawValue)
      entry.write(to: &writer)
      writer.endObject()
    }
    writer.endArray()
    writer.member("more", more)
  }
}

extension RoomEntry {
  /// All but the kind and the room.
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("offset", offset)
    writer.member("id", id.text)
    writer.member("from", from.text)
    writer.member("time", ISO8601Time.text(milliseconds: milliseconds))
    writer.member("text", text)
  }
}

extension ChatWelcome {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("v", version)
    writer.member("nick", nick.text)
    writer.member("server", server)
    writer.summaries("direct", direct)
    writer.key("limits")
    writer.beginObject()
    writer.member("text", limits.textBytes)
    writer.member("topic", limits.topicBytes)
    writer.member("rooms", limits.roomsPerConnection)
    writer.member("page", limits.page)
    writer.member("members", limits.members)
    writer.member("direct", limits.directRooms)
    writer.member("outstanding", limits.outstandingCommands)
    writer.endObject()
  }
}

extension ChatJoined {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("room", room.text)
    writer.member("topic", topic)
    writer.nicks("members", members)
    writer.member("last", last)
    writer.member("first", first)
    writer.member("after", after)
    if reset { writer.member("reset", true) }
  }
}

extension RoomSummary {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("room", room.text)
    writer.member("last", last)
    if !topic.isEmpty { writer.member("topic", topic) }
  }
}

extension ChatRefusal {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("code", code.rawValue)
    writer.member("message", message)
    if let room { writer.member("room", room.text) }
    if let id { writer.member("id", id.text) }
    if let command { writer.member("re", command) }
  }
}

extension JSONWriter {
  fileprivate mutating func nicks(_ key: StaticString, _ nicks: [Nick]) {
    self.key(key)
    beginArray()
    for nick in nicks { string(nick.text) }
    endArray()
  }

  fileprivate mutating func summaries(_ key: StaticString, _ summaries: [RoomSummary]) {
    self.key(key)
    beginArray()
    for summary in summaries {
      beginObject()
      summary.write(to: &self)
      endObject()
    }
    endArray()
  }
}
