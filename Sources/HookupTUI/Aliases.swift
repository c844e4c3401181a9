/// Words of a person's own for the beginnings of commands, or for what they often say.
struct Aliases: Hashable, Sendable {
  /// How many there may be.
  static let maximum = 64
  /// Bytes of what one stands for.
  static let maximumTextBytes = 400
  private static let maximumNameBytes = 32

  private(set) var texts: [String: String] = [:]

  /// - Throws: ``Problem`` when there is no room, or the name is none or a command's.
  mutating func set(_ name: String, to text: String) throws(Problem) {
    let name = name.lowercased()
    let shown = Sanitizer.clean(name, limit: 40)
    guard !name.isEmpty, name.utf8.count <= Self.maximumNameBytes,
      name.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) })
    else {
      throw Problem(
        "\(shown) is no name for an alias: letters, digits, - and _, at most \(Self.maximumNameBytes) bytes"
      )
    }
    guard !SlashCommand.all.contains(where: { $0.name == name }) else {
      throw Problem("/\(shown) is a command: choose another name")
    }
    guard text.utf8.count <= Self.maximumTextBytes else {
      throw Problem("an alias stands for at most \(Self.maximumTextBytes) bytes")
    }
    guard texts[name] != nil || texts.count < Self.maximum else {
      throw Problem("no more than \(Self.maximum) aliases: /unalias one first")
    }
    texts[name] = text
  }

  /// - Returns: whether it was there.
  mutating func remove(_ name: String) -> Bool {
    texts.removeValue(forKey: name.lowercased()) != nil
  }

  /// The line as it is meant. An alias stands for what was written once: what it says is not looked at again.
  func expanded(_ line: String) -> String {
    guard !texts.isEmpty, line.hasPrefix("/") else { return line }
    let word = line.dropFirst().prefix { !$0.isWhitespace }
    guard let text = texts[word.lowercased()] else { return line }
    let rest = line.dropFirst(1 + word.count)
    return text + rest
  }

  /// Why an alias cannot be.
  struct Problem: Error {
    var sentence: String
    init(_ sentence: String) { self.sentence = sentence }
  }
}
