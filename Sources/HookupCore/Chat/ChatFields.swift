/// The fields of one JSON object of the chat protocol, read by type. A field of the wrong type is a refusal that names
/// it; unknown fields are nobody's business.
struct ChatFields {
  let object: JSONObject

  /// - Throws: `bad_command` unless `json` is an object.
  init(_ json: JSONText) throws(ChatRefusal) {
    guard let object = json.parse().objectValue else {
      throw ChatRefusal(.badCommand, "the chat protocol speaks JSON objects")
    }
    self.object = object
  }

  init(_ object: JSONObject) {
    self.object = object
  }

  /// A field that is there and not null.
  private func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return Optional.none }
    return value
  }

  func string(_ key: String) throws(ChatRefusal) -> String {
    guard let text = try optionalString(key) else { throw Self.missing(key, "a string") }
    return text
  }

  func optionalString(_ key: String) throws(ChatRefusal) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue else { throw Self.missing(key, "a string") }
    return text
  }

  func optionalBool(_ key: String) throws(ChatRefusal) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.boolValue else { throw Self.missing(key, "true or false") }
    return flag
  }

  /// A whole number from 0 to 2^53 - 1, written without fraction or exponent.
  func number(_ key: String) throws(ChatRefusal) -> UInt64 {
    guard let number = try optionalNumber(key) else {
      throw Self.missing(key, "a whole number from 0 to 2^53 - 1")
    }
    return number
  }

  func optionalNumber(_ key: String) throws(ChatRefusal) -> UInt64? {
    guard let value = value(key) else { return nil }
    guard let signed = value.int64Value, let number = UInt64(exactly: signed),
      number <= ChatProtocol.maximumOffset
    else { throw Self.missing(key, "a whole number from 0 to 2^53 - 1") }
    return number
  }

  func int(_ key: String) throws(ChatRefusal) -> Int { Int(clamping: try number(key)) }

  func room(_ key: String = "room") throws(ChatRefusal) -> RoomName {
    let text = try string(key)
    do { return try RoomName(text) } catch { throw ChatRefusal(.badRoom, error.message) }
  }

  func optionalRoom(_ key: String) throws(ChatRefusal) -> RoomName? {
    try optionalString(key) == nil ? nil : try room(key)
  }

  func nick(_ key: String) throws(ChatRefusal) -> Nick {
    try Self.nick(try string(key))
  }

  func messageID(_ key: String = "id") throws(ChatRefusal) -> MessageID {
    let text = try string(key)
    do { return try MessageID(text) } catch { throw ChatRefusal(.badID, error.message) }
  }

  /// An array, each element of which `read` takes.
  func array<Element>(
    _ key: String, _ read: (JSONValue) throws(ChatRefusal) -> Element
  ) throws(ChatRefusal) -> [Element] {
    guard let elements = value(key)?.arrayValue else { throw Self.missing(key, "an array") }
    var result: [Element] = []
    result.reserveCapacity(elements.count)
    for element in elements { result.append(try read(element)) }
    return result
  }

  func optionalNicks(_ key: String) throws(ChatRefusal) -> [Nick] {
    value(key) == nil ? [] : try nicks(key)
  }

  func optionalObjects<Element>(
    _ key: String, _ read: (ChatFields) throws(ChatRefusal) -> Element
  ) throws(ChatRefusal) -> [Element] {
    value(key) == nil ? [] : try objects(key, read)
  }

  func nicks(_ key: String) throws(ChatRefusal) -> [Nick] {
    try array(key) { element throws(ChatRefusal) in
      guard let text = element.stringValue else { throw Self.missing(key, "an array of nicks") }
      return try Self.nick(text)
    }
  }

  func objects<Element>(
    _ key: String, _ read: (ChatFields) throws(ChatRefusal) -> Element
  ) throws(ChatRefusal) -> [Element] {
    try array(key) { element throws(ChatRefusal) in
      guard let object = element.objectValue else {
        throw Self.missing(key, "an array of objects")
      }
      return try read(ChatFields(object))
    }
  }

  func fields(_ key: String) throws(ChatRefusal) -> ChatFields {
    guard let fields = try optionalFields(key) else { throw Self.missing(key, "an object") }
    return fields
  }

  func optionalFields(_ key: String) throws(ChatRefusal) -> ChatFields? {
    guard let value = value(key) else { return nil }
    guard let object = value.objectValue else { throw Self.missing(key, "an object") }
    return ChatFields(object)
  }

  /// A time as ISO 8601, in milliseconds since 1970.
  func time(_ key: String) throws(ChatRefusal) -> Int64 {
    guard let milliseconds = ISO8601Time.milliseconds(try string(key)) else {
      throw Self.missing(key, "a time like 2026-05-17T08:03:09.042Z")
    }
    return milliseconds
  }

  private static func nick(_ text: String) throws(ChatRefusal) -> Nick {
    do { return try Nick(text) } catch { throw ChatRefusal(.badNick, error.message) }
  }

  private static func missing(_ key: String, _ type: String) -> ChatRefusal {
    ChatRefusal(.badCommand, "the field '\(key)' must be \(type)")
  }
}
