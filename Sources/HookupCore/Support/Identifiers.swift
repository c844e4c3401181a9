/// Identifiers are types made by a failable parse: a value of one of these types is always well formed.

/// The name a person goes by in the chat: 1 to 32 Unicode letters, digits, marks, or any of `-_.`; it
/// starts with a letter or a digit. In Unicode's normalization form C, whatever spelling it came in.
public struct Nick: Hashable, Sendable, CustomStringConvertible {
  public static let maximumLength = 32
  public let text: String

  /// - Throws: ``HookupError/Code/invalidArgument`` with a sentence that says what is allowed.
  public init(_ text: String) throws(HookupError) {
    // Taken apart, a letter is one of four bytes at most and two marks.
    let isShort = text.utf8.count <= Self.maximumLength * 12
    let composed = isShort ? CanonicalComposition.composed(text) : ""
    guard NameRule.holds(composed, maximumLength: Self.maximumLength) else {
      throw HookupError(
        .invalidArgument,
        "nick \(quoted(text)) is not allowed: use 1 to \(Self.maximumLength) letters, digits, '-', '_' or '.', "
          + "starting with a letter or digit")
    }
    self.text = composed
  }

  public var description: String { text }

  /// The nick in lower case, scalar by scalar: two nicks with the same folded form are one person's. As long as the nick
  /// itself, and a nick too: the one letter whose lower case is two scalars (U+0130) stays as it is.
  public var folded: String {
    var folded = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let lower = scalar.properties.lowercaseMapping.unicodeScalars
      folded.append(lower.count == 1 ? lower.first ?? scalar : scalar)
    }
    return String(folded)
  }
}

/// A room as one client names it: a room of its own name (`ops`, shown as `#ops`) or the direct conversation with a person
/// (`@bob`) or a few (`@bob+carol`), always in lower case: nicks differ by more than case.
public struct RoomName: Hashable, Sendable, CustomStringConvertible {
  public static let maximumLength = 48
  /// How many others a direct conversation has at most.
  public static let maximumPeers = 7
  /// `ops` for a room, `@bob` or `@bob+carol` for a direct conversation: the form on the wire and on disk.
  public let text: String

  /// Takes `ops`, `#ops` (the mark is dropped), `@bob` (`@Bob` is the same room) or `@carol+bob`.
  /// - Throws: ``HookupError/Code/invalidArgument`` with a sentence that says what is allowed.
  public init(_ text: String) throws(HookupError) {
    if text.hasPrefix("@") {
      self = try RoomName(directTo: Self.peers(in: text))
      return
    }
    let name = text.hasPrefix("#") ? String(text.dropFirst()) : text
    guard NameRule.holds(name, maximumLength: Self.maximumLength) else {
      throw HookupError(
        .invalidArgument,
        "room \(quoted(text)) is not allowed: use 1 to \(Self.maximumLength) letters, digits, '-', '_' or '.', "
          + "starting with a letter or digit")
    }
    self.text = name
  }

  /// The direct conversation with `nick`.
  public init(directTo nick: Nick) {
    text = "@" + nick.folded
  }

  /// The direct conversation with these; in whatever order they are named, it is the same.
  /// - Throws: ``HookupError/Code/invalidArgument`` for nobody, or for more than ``maximumPeers``.
  public init(directTo nicks: [Nick]) throws(HookupError) {
    let names = Set(nicks.map(\.folded)).sorted()
    guard (1...Self.maximumPeers).contains(names.count) else {
      throw HookupError(
        .invalidArgument,
        "a direct conversation is with 1 to \(Self.maximumPeers) others, not with \(names.count): "
          + "make a room for more")
    }
    text = "@" + names.joined(separator: "+")
  }

  /// Whether this is a direct conversation.
  public var isDirect: Bool { text.hasPrefix("@") }

  /// The others, when this is a direct conversation.
  public var directPeers: [Nick] { isDirect ? (try? Self.peers(in: text)) ?? [] : [] }

  private static func peers(in text: String) throws(HookupError) -> [Nick] {
    // No nick holds a '+'. One part more than allowed is enough to see that there are too many.
    let parts = text.dropFirst().split(
      separator: "+", maxSplits: maximumPeers + 1, omittingEmptySubsequences: false)
    var nicks: [Nick] = []
    for part in parts { nicks.append(try Nick(String(part))) }
    return nicks
  }

  /// As people write it: `#ops` or `@bob`.
  public var label: String { isDirect ? text : "#" + text }
  public var description: String { label }
}

/// The id a client gives to a message it says: 1 to 64 of `A-Z a-z 0-9 - _`. The server stores one message for each
/// (client, id), however often it is sent.
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
  public static let maximumLength = 64
  public let text: String

  /// - Throws: ``HookupError/Code/invalidArgument``.
  public init(_ text: String) throws(HookupError) {
    guard (1...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed)
    else {
      throw HookupError(
        .invalidArgument,
        "message id \(quoted(text)) is not allowed: use 1 to \(Self.maximumLength) of A-Z a-z 0-9 - _"
      )
    }
    self.text = text
  }

  public var description: String { text }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

/// 128 random bits that name one client installation. Known to the client and the server, never shown to others: it
/// is what keeps another person from claiming this client's message ids.
public struct ClientID: Hashable, Sendable, CustomStringConvertible {
  /// 32 lower-case hexadecimal digits.
  public let text: String

  /// - Throws: ``HookupError/Code/invalidArgument`` unless `text` is 32 lower-case hexadecimal digits.
  public init(_ text: String) throws(HookupError) {
    let digits = text.utf8
    guard digits.count == 32, digits.allSatisfy({ $0.isLowercaseHexDigit }) else {
      throw HookupError(.invalidArgument, "a client id is 32 lower-case hexadecimal digits")
    }
    self.text = text
  }

  public init(random generator: inout some RandomNumberGenerator) {
    text = (0..<2).map { _ in hex(generator.next() as UInt64) }.joined()
  }

  public var description: String { text }
}

/// Sixteen lower-case hexadecimal digits.
package func hex(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// `text` in quotes for a sentence: at most 40 scalars, control and format characters escaped.
package func quoted(_ text: String) -> String {
  var shown = "'"
  for scalar in text.unicodeScalars.prefix(40) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      shown += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return shown + (text.unicodeScalars.count > 40 ? "…'" : "'")
}

private enum NameRule {
  static func holds(_ text: String, maximumLength: Int) -> Bool {
    guard let first = text.unicodeScalars.first, isLetterOrDigit(first) else { return false }
    // The byte bound comes first, so that hostile text costs nothing to refuse.
    return text.utf8.count <= maximumLength * 4
      && text.unicodeScalars.count <= maximumLength
      && text.unicodeScalars.allSatisfy {
        isLetterOrDigit($0) || isMark($0) || "-_.".unicodeScalars.contains($0)
      }
  }

  private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber:
      true
    default: false
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .nonspacingMark
      || scalar.properties.generalCategory == .spacingMark
  }
}

extension UInt8 {
  fileprivate var isLowercaseHexDigit: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
