extension RoomState {
  /// As a store keeps it. It holds addresses: never for a client.
  public var json: JSONText {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("settings")
    settings.write(to: &writer)
    writer.key("ranks")
    writer.beginObject()
    for (person, rank) in ranks.sorted(by: { $0.key < $1.key }) {
      writer.key(escaping: person)
      writer.string(rank.rawValue)
    }
    writer.endObject()
    writer.key("members")
    writer.beginArray()
    for (_, nick) in members.sorted(by: { $0.key < $1.key }) { writer.string(nick.text) }
    writer.endArray()
    Self.write(bans, "bans", to: &writer)
    Self.write(mutes, "mutes", to: &writer)
    writer.endObject()
    return writer.json()
  }

  private static func write(
    _ sanctions: [Sanction], _ key: StaticString, to writer: inout JSONWriter
  ) {
    writer.key(key)
    writer.beginArray()
    for sanction in sanctions {
      writer.beginObject()
      writer.member("nick", sanction.nick.text)
      if let until = sanction.until { writer.member("until", until) }
      if let address = sanction.address { writer.member("address", address) }
      writer.endObject()
    }
    writer.endArray()
  }

  /// Reads what ``json`` wrote; nil for anything else.
  public init?(json: JSONText) {
    guard let fields = try? ChatFields(json),
      let settings = (try? RoomSettings(fields)) ?? nil,
      let ranks = fields.object["ranks"]?.objectValue,
      let members = try? fields.nicks("members"),
      let bans = try? fields.objects("bans", Self.sanction),
      let mutes = try? fields.objects("mutes", Self.sanction)
    else { return nil }
    self.init()
    access = settings.access ?? .open
    isReadOnly = settings.isReadOnly ?? false
    slowSeconds = settings.slowSeconds ?? 0
    about = settings.about ?? ""
    maximumMembers = settings.maximumMembers ?? maximumMembers
    for member in ranks.members {
      guard let rank = member.value.stringValue.flatMap(RoomRank.init(rawValue:)) else {
        return nil
      }
      self.ranks[member.key] = rank
    }
    for nick in members { self.members[nick.folded] = nick }
    self.bans = bans
    self.mutes = mutes
  }

  private static func sanction(_ fields: ChatFields) throws(ChatRefusal) -> Sanction {
    Sanction(
      nick: try fields.nick("nick"),
      until: try fields.optionalNumber("until").map { Int64(clamping: $0) },
      address: try fields.optionalString("address"))
  }
}
