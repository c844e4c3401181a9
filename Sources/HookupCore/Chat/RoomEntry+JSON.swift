extension RoomEntry {
  /// One object without line breaks, as `hookup-chat tail --json` and `hookup-chat-server export` print it:
  /// `{"room":"ops","offset":17,"kind":"said","id":"…","from":"alice","time":"ISO 8601","text":"…"}`.
  package var json: JSONText {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("room", room.text)
    writer.member("offset", offset)
    writer.member("kind", kind.rawValue)
    writer.member("id", id.text)
    writer.member("from", from.text)
    writer.member("time", ISO8601Time.text(milliseconds: milliseconds))
    writer.member("text", text)
    writer.endObject()
    return writer.json()
  }
}
