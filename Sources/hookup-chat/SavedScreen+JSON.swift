import HookupCore
import HookupTUI

/// ``SavedScreen`` as one JSON object, with whom it is of:
/// `{"version":1,"nick":"alice","current":"ops","windows":[{"room":"ops","draft":"…","cursor":3,"read":17}],"lines":["…"]}`.
extension SavedScreen {
  static let version = 1
  /// Text that is written, bytes. What is beyond goes: first the oldest lines, then drafts, of the last windows first but
  /// for the one that is shown.
  static let maximumTextBytes = 512 << 10
  /// A file that is longer was not written here: six bytes for each of the text at worst, and the names.
  static let maximumFileBytes = 4 << 20
  private static let maximumWindows = 200
  private static let maximumLines = 200

  func json(of nick: Nick) -> JSONText {
    let kept = bounded()
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("version", Self.version)
    writer.member("nick", nick.text)
    if let current { writer.member("current", current.text) }
    writer.key("windows")
    writer.beginArray()
    for window in kept.windows {
      writer.beginObject()
      writer.member("room", window.room.text)
      if !window.draft.isEmpty {
        writer.member("draft", window.draft)
        writer.member("cursor", window.cursor)
      }
      if let read = window.read { writer.member("read", read) }
      writer.endObject()
    }
    writer.endArray()
    writer.key("lines")
    writer.beginArray()
    for line in kept.lines { writer.string(line) }
    writer.endArray()
    if !ignored.isEmpty {
      writer.key("ignored")
      writer.beginArray()
      for nick in ignored { writer.string(nick) }
      writer.endArray()
    }
    if !aliases.isEmpty {
      writer.key("aliases")
      writer.beginArray()
      for (name, text) in aliases.sorted(by: { $0.key < $1.key }) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("text", text)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    return writer.json()
  }

  private func bounded() -> SavedScreen {
    var kept = self
    kept.windows = Array(windows.prefix(Self.maximumWindows))
    kept.lines = lines.suffix(Self.maximumLines)
    var excess = -Self.maximumTextBytes
    for window in kept.windows { excess += window.draft.utf8.count }
    for line in kept.lines { excess += line.utf8.count }
    var index = 0
    while excess > 0, index < kept.lines.count {
      excess -= kept.lines[index].utf8.count
      index += 1
    }
    kept.lines.removeFirst(index)
    for index in kept.windows.indices.reversed()
    where excess > 0 && kept.windows[index].room != current {
      excess -= kept.windows[index].draft.utf8.count
      kept.windows[index].draft = ""
    }
    return kept
  }

  /// Reads what ``json(of:)`` wrote.
  /// - Returns: nil for the screen of another nick.
  /// - Throws: ``HookupError/Code/corrupt`` for anything else.
  init?(json: String, of nick: Nick) throws(HookupError) {
    guard let object = try? JSONValue(parsing: json), let owner = object["nick"]?.stringValue,
      object["version"]?.int64Value == Int64(Self.version)
    else { throw HookupError(.corrupt, "it is no screen of this version") }
    guard (try? Nick(owner))?.folded == nick.folded else { return nil }
    self.init()
    current = try object["current"].map(Self.room)
    for window in (object["windows"]?.arrayValue ?? []).prefix(Self.maximumWindows) {
      let read = window["read"]?.int64Value
      windows.append(
        Window(
          room: try Self.room(window["room"] ?? .null), draft: window["draft"]?.stringValue ?? "",
          cursor: max(0, Int(clamping: window["cursor"]?.int64Value ?? 0)),
          read: read.map { UInt64(clamping: $0) }))
    }
    ignored = (object["ignored"]?.arrayValue ?? []).compactMap(\.stringValue)
    for alias in object["aliases"]?.arrayValue ?? [] {
      if let name = alias["name"]?.stringValue { aliases[name] = alias["text"]?.stringValue }
    }
    lines = (object["lines"]?.arrayValue ?? []).suffix(Self.maximumLines).compactMap(\.stringValue)
  }

  private static func room(_ value: JSONValue) throws(HookupError) -> RoomName {
    guard let text = value.stringValue, let room = try? RoomName(text) else {
      throw HookupError(.corrupt, "it names an impossible room")
    }
    return room
  }
}
