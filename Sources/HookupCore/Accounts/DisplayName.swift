/// What an account is called beside its nick: `Alice Liddell`. Anybody may take any: the nick says who it is.
public struct DisplayName: Hashable, Sendable, CustomStringConvertible {
  /// UTF-8.
  public static let maximumBytes = 64
  /// In Unicode's normalization form C, without spaces at its ends; empty: none.
  public let text: String

  /// - Throws: ``ChatRefusal/Code/badText`` with what is allowed.
  public init(_ text: String) throws(ChatRefusal) {
    // What is taken apart may be longer than it is in one piece.
    let isShort = text.utf8.count <= Self.maximumBytes * 4
    let name = isShort ? Self.trimmed(CanonicalComposition.composed(text)) : ""
    guard isShort, name.utf8.count <= Self.maximumBytes else {
      throw ChatRefusal(
        .badText,
        "the display name has \(text.utf8.count) bytes, at most \(Self.maximumBytes) are allowed: shorten it"
      )
    }
    guard name.unicodeScalars.allSatisfy(Self.isAllowed) else {
      throw ChatRefusal(
        .badText,
        "a display name is one line of letters, marks, digits, signs and spaces: leave out control and invisible characters"
      )
    }
    self.text = name
  }

  public var description: String { text }

  private static func trimmed(_ text: String) -> String {
    let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.generalCategory == .spaceSeparator }
    var scalars = text.unicodeScalars[...]
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars.drop(while: isSpace)))
  }

  /// Nothing that moves, hides or turns round what stands beside it.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      false
    default: true
    }
  }
}

/// What a person is called, as an event tells it.
public struct ChatName: Hashable, Sendable {
  public var nick: Nick
  /// As ``DisplayName/text``; empty when they have none any more. Sanitise before showing.
  public var text: String

  public init(_ nick: Nick, _ text: String) {
    self.nick = nick
    self.text = text
  }
}
