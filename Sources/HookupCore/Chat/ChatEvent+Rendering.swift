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
    case .invited: "invitation"
    case .arrived: "arrived"
    case .left: "left"
    case .typing: "typing"
    case .read: "read"
    case .away: "away"
    case .names: "names"
    case .person: "person"
    case .found: "found"
    case .account: "account"
    case .devices: "devices"
    case .notice: "notice"
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
    case .invited(let summary, let nick):
      summary.write(to: &writer)
      writer.member("from", nick.text)
    case .arrived(let room, let nick), .left(let room, let nick), .typing(let room, let nick):
      writer.member("room", room.text)
      writer.member("nick", nick.text)
    case .pong: break
    case .error(let refusal): refusal.write(to: &writer)
    default: writePersonal(to: &writer)
    }
  }

  /// What is said to one person only.
  private func writePersonal(to writer: inout JSONWriter) {
    switch self {
    case .read(let room, let offset):
      writer.member("room", room.text)
      writer.member("offset", offset)
    case .away(let nick, let text):
      writer.member("nick", nick.text)
      writer.member("text", text)
    case .names(let names):
      writer.key("names")
      writer.beginArray()
      for name in names {
        writer.beginObject()
        writer.member("nick", name.nick.text)
        writer.member("text", name.text)
        writer.endObject()
      }
      writer.endArray()
    case .person(let person): person.write(to: &writer)
    case .found(let hits, let more): Self.write(hits, more: more, to: &writer)
    case .account(let account): account.write(to: &writer)
    case .devices(let devices):
      writer.key("devices")
      writer.beginArray()
      for device in devices { device.write(to: &writer) }
      writer.endArray()
    case .notice(let code, let message):
      writer.member("code", code.rawValue)
      writer.member("message", message)
    default: break
    }
  }

  private static func write(_ hits: [ChatHit], more: Bool, to writer: inout JSONWriter) {
    writer.key("hits")
    writer.beginArray()
    for hit in hits {
      writer.beginObject()
      writer.member("is", hit.entry.kind.rawValue)
      writer.member("room", hit.entry.room.text)
      hit.entry.write(to: &writer)
      writer.member("snippet", hit.snippet)
      writer.endObject()
    }
    writer.endArray()
    writer.member("more", more)
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
    act.write(to: &writer)
    if !mentions.isEmpty { writer.nicks("mentions", mentions) }
    since?.write(to: &writer)
  }
}

extension RoomEntryChange {
  func write(to writer: inout JSONWriter) {
    if let edited { writer.member("edited", edited) }
    if let deleted { writer.member("deleted", deleted) }
    guard !reactions.isEmpty else { return }
    writer.key("reactions")
    writer.beginArray()
    for reaction in reactions {
      writer.beginObject()
      writer.member("text", reaction.text)
      writer.nicks("nicks", reaction.nicks)
      writer.member("count", reaction.count)
      writer.endObject()
    }
    writer.endArray()
  }
}

extension ChatAccount {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("nick", nick.text)
    writer.member("device", device)
    if let token { writer.member("token", token) }
    if isOperator { writer.member("operator", true) }
    if !displayName.isEmpty { writer.member("name", displayName) }
  }
}

extension ChatDevice {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("device", id)
    writer.member("name", name)
    writer.member("created", ISO8601Time.text(milliseconds: created))
    writer.member("seen", ISO8601Time.text(milliseconds: seen))
    if isThis { writer.member("this", true) }
    writer.endObject()
  }
}

extension ChatPerson {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("nick", nick.text)
    writer.member("account", isAccount)
    writer.member("online", isOnline)
    if let away { writer.member("away", away) }
    if let seen { writer.member("seen", ISO8601Time.text(milliseconds: seen)) }
    if !displayName.isEmpty { writer.member("name", displayName) }
  }
}

extension ChatWelcome {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("v", version)
    writer.member("nick", nick.text)
    writer.member("server", server)
    if let account {
      writer.key("account")
      writer.beginObject()
      account.write(to: &writer)
      writer.endObject()
    }
    writer.summaries("direct", direct)
    if !rooms.isEmpty { writer.summaries("rooms", rooms) }
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
    if let read { writer.member("read", read) }
    if let settings {
      writer.key("settings")
      settings.write(to: &writer)
    }
    if let rank { writer.member("rank", rank.rawValue) }
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
  mutating func nicks(_ key: StaticString, _ nicks: [Nick]) {
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
