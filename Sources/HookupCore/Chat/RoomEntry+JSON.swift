extension RoomEntry {
  /// One object without line breaks, as `hookup-chat tail --json` and `hookup-chat-server export` print it:
  /// `{"room":"ops","offset":17,"kind":"said","id":"…","from":"alice","time":"ISO 8601","text":"…"}`, and what
  /// else the entry has, named as on the wire.
  package var json: JSONText {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("room", room.text)
    writer.member("offset", offset)
    writer.member("kind", kind.rawValue)
    writer.member("id", id.text)
    writer.member("from", from.text)
    writer.member("time", ISO8601Time.text(milliseconds: milliseconds))
    act.writeDetail(to: &writer)
    writer.member("text", text)
    if !mentions.isEmpty { writer.nicks("mentions", mentions) }
    since?.write(to: &writer)
    writer.endObject()
    return writer.json()
  }
}
