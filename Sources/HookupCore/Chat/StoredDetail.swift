/// What a store keeps of an entry beside its kind, its text and what it is about: one JSON object, for the few entries that have
/// anything of it.
public struct StoredDetail: Hashable, Sendable {
  /// Without text and ``RoomAct/ref``.
  public var act: RoomAct
  public var mentions: [Nick]

  public init(_ act: RoomAct, mentions: [Nick]) {
    self.act = act
    self.act.ref = nil
    self.act.text = ""
    self.mentions = mentions
  }

  /// Nil when there is nothing to keep.
  public var json: JSONText? {
    let isPlain =
      act.nick == nil && act.seconds == nil && act.settings == nil && mentions.isEmpty
      && act.kind != .rank
    guard !isPlain else { return nil }
    var writer = JSONWriter()
    writer.beginObject()
    act.writeDetail(to: &writer)
    if !mentions.isEmpty { writer.nicks("mentions", mentions) }
    writer.endObject()
    return writer.json()
  }

  /// Reads what ``json`` wrote of an entry of that kind.
  public init(_ kind: RoomAct.Kind, _ json: JSONText) throws(ChatRefusal) {
    let fields = try ChatFields(json)
    self.init(try RoomAct(kind, fields), mentions: try fields.optionalNicks("mentions"))
  }
}
