/// One member of `Sec-WebSocket-Extensions`: a name and its parameters (RFC 6455 §9.1).
struct WebSocketExtension: Hashable, Sendable {
  struct Parameter: Hashable, Sendable {
    var name: String
    /// Without quotes; nil when there is none.
    var value: String?
  }

  var name: String
  /// In the order of the wire; names may repeat.
  var parameters: [Parameter]

  /// The members of all these fields, in order; nil when one of them is malformed.
  static func parse(_ fields: [String]) -> [WebSocketExtension]? {
    var all: [WebSocketExtension] = []
    for field in fields {
      var scanner = ExtensionScanner(bytes: Array(field.utf8))
      guard let members = scanner.members() else { return nil }
      all += members
    }
    return all
  }
}

/// Reads a field from its first byte to its last.
private struct ExtensionScanner {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The list; empty members count as none (RFC 9110 §5.6.1).
  mutating func members() -> [WebSocketExtension]? {
    var members: [WebSocketExtension] = []
    while true {
      skipBlanks()
      if position == bytes.count { return members }
      if take(",") { continue }
      guard let member = member(), position == bytes.count || take(",") else { return nil }
      members.append(member)
    }
  }

  /// `name; parameter; parameter=value; parameter="value"`, and the blanks behind it.
  private mutating func member() -> WebSocketExtension? {
    guard let name = token() else { return nil }
    var parameters: [WebSocketExtension.Parameter] = []
    skipBlanks()
    while take(";") {
      skipBlanks()
      guard let name = token() else { return nil }
      skipBlanks()
      var value: String?
      if take("=") {
        skipBlanks()
        value = take("\"") ? quoted() : token()
        guard value != nil else { return nil }
        skipBlanks()
      }
      parameters.append(.init(name: name, value: value))
    }
    return WebSocketExtension(name: name, parameters: parameters)
  }

  private mutating func token() -> String? {
    let start = position
    while position < bytes.count, !Self.separators.contains(bytes[position]) { position += 1 }
    return Self.token(bytes[start..<position])
  }

  /// What stands in quotes must be a token as well (RFC 6455 §9.1).
  private mutating func quoted() -> String? {
    var text: [UInt8] = []
    while position < bytes.count {
      if take("\"") { return Self.token(text[...]) }
      if take("\\"), position == bytes.count { return nil }
      text.append(bytes[position])
      position += 1
    }
    return nil
  }

  private static func token(_ bytes: ArraySlice<UInt8>) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    return WebSocketHandshake.isToken(text[...]) ? text : nil
  }

  private mutating func skipBlanks() {
    while take(" ") || take("\t") {}
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private static let separators = Set(" \t,;=\"".utf8)
}
