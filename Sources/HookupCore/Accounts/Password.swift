/// A password that may be one: 8 to 256 bytes of UTF-8 without NUL, where the hash would end it. Never shown.
public struct Password: Hashable, Sendable, CustomStringConvertible {
  public static let bytes = 8...256
  let text: String

  /// - Throws: ``ChatRefusal/Code/badPassword`` with what is allowed.
  public init(_ text: String) throws(ChatRefusal) {
    let count = text.utf8.count
    guard Self.bytes.contains(count) else {
      throw ChatRefusal(
        .badPassword,
        "a password has \(Self.bytes.lowerBound) to \(Self.bytes.upperBound) bytes; this one has \(count)"
      )
    }
    guard !text.utf8.contains(0) else {
      throw ChatRefusal(.badPassword, "a password cannot hold the character NUL: leave it out")
    }
    self.text = text
  }

  /// The bytes, for whoever hashes them.
  package var utf8: String.UTF8View { text.utf8 }

  public var description: String { "a password" }
}
