import HookupCore

extension ServerRequest {
  /// What an `Authorization` header says (RFC 9110 §11.6.2). From the client, not checked by anybody yet.
  @nonexhaustive
  public enum Authorization: Hashable, Sendable {
    /// A name and a password in UTF-8 (RFC 7617). Neither has control characters; the name has no colon.
    case basic(user: String, password: String)
    /// A token, not empty (RFC 6750).
    case bearer(String)
    /// Another scheme, lowercased, and what follows it.
    case other(scheme: String, value: String)
  }

  /// The request's credentials. Nil without an `Authorization` header, with several, which nobody sends in good faith,
  /// and with one that is malformed.
  public var authorization: Authorization? {
    let values = headers["Authorization"]
    guard values.count == 1, let text = values.first else { return nil }
    let end = text.firstIndex(of: " ") ?? text.endIndex
    let scheme = String(decoding: text[..<end].utf8.map(lowercased), as: UTF8.self)
    guard !scheme.isEmpty, scheme.utf8.allSatisfy(isTokenByte) else { return nil }
    let value = trimmed(text[end...])
    switch scheme {
    case "basic": return Self.basic(value)
    case "bearer": return Self.isToken68(value) ? .bearer(value) : nil
    default: return .other(scheme: scheme, value: value)
    }
  }

  private static func basic(_ value: String) -> Authorization? {
    guard let bytes = Base64.decode(value),
      bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let user = String(validating: bytes[..<colon], as: UTF8.self),
      let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
    else { return nil }
    return .basic(user: user, password: password)
  }

  /// RFC 9110 §11.2.
  private static func isToken68(_ text: String) -> Bool {
    let token = text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }
    return !token.isEmpty
      && token.allSatisfy { isAlphanumeric($0) || "-._~+/".utf8.contains($0) }
  }

  /// A name and a value: a cookie, or one part of a query.
  public struct Item: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The most cookies or query items that are looked at; what follows is left out.
  public static let maximumItems = 256

  /// The cookies in the order in which they came, at most ``maximumItems`` (RFC 6265 §4.2). Malformed ones, those whose
  /// value has a control character, a quote in its middle or a backslash among them, are left out; quotes around a value
  /// are taken off. The same name may come more than once: the first is the one with the longer path.
  public var cookies: [Item] {
    let pieces = headers["Cookie"].lazy.flatMap { $0.split(separator: ";") }
    return Array(pieces.lazy.compactMap(Self.cookie).prefix(Self.maximumItems))
  }

  /// The value of the first cookie of that name; names compare exactly.
  public func cookie(_ name: String) -> String? {
    cookies.first { $0.name == name }?.value
  }

  private static func cookie(_ piece: Substring) -> Item? {
    let text = trimmed(piece)
    guard let equals = text.firstIndex(of: "=") else { return nil }
    let name = text[..<equals]
    var value = text[text.index(after: equals)...]
    guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return nil }
    if value.utf8.count >= 2, value.first == "\"", value.last == "\"" {
      value = value.dropFirst().dropLast()
    }
    // Browsers also send spaces, commas and letters beyond ASCII, whatever the RFC says.
    let isValue = value.utf8.allSatisfy {
      $0 >= 0x20 && $0 != 0x7F && !"\"\\;".utf8.contains($0)
    }
    return isValue ? Item(name: String(name), value: String(value)) : nil
  }

  /// The parts of the query as forms write them, `name=value&…`, decoded, in order, at most ``maximumItems``: `+` is a
  /// space, `%41` an `A`. Parts with a bad escape, or that are not UTF-8, are left out. A part without `=` has an empty
  /// value.
  public var queryItems: [Item] {
    let pieces = (query ?? "").utf8.split(separator: UInt8(ascii: "&"))
    let items = pieces.lazy.compactMap { piece -> Item? in
      let equals = piece.firstIndex(of: UInt8(ascii: "="))
      guard let name = Self.formDecoded(piece[..<(equals ?? piece.endIndex)]),
        let value = Self.formDecoded(equals.map { piece[$0...].dropFirst() } ?? ""[...].utf8)
      else { return nil }
      return Item(name: name, value: value)
    }
    return Array(items.prefix(Self.maximumItems))
  }

  /// The value of the first query item of that name; names compare exactly.
  public func queryItem(_ name: String) -> String? {
    queryItems.first { $0.name == name }?.value
  }

  private static func formDecoded(_ text: Substring.UTF8View) -> String? {
    PercentEncoding.text(text, plusIsSpace: true)
  }
}
