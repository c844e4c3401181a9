/// A Tab completion that is under way: Tab again takes the next candidate.
struct Completion: Hashable, Sendable {
  /// What stands in the text for the word, in clusters.
  var range: Range<Int>
  /// What may stand there, each with what follows it (": " behind a nick at the start).
  var candidates: [String]
  var index: Int

  /// Candidates for the word that ends at the cursor; nil when there are none.
  /// - Parameters:
  ///   - nicks: people here, most likely first.
  ///   - rooms: rooms as they are written, `#ops` and `@bob`.
  init?(in draft: LineEditor.Draft, nicks: [String], rooms: [String]) {
    var start = draft.cursor
    while start > 0, !draft.characters[start - 1].isWhitespace { start -= 1 }
    let word = String(draft.characters[start..<draft.cursor])
    let isFirst = start == 0
    if isFirst, word.hasPrefix("/") {
      candidates = SlashCommand.names(beginningWith: String(word.dropFirst())).map { "/\($0) " }
    } else if word.hasPrefix("#") {
      candidates = Self.matching(word, rooms).map { $0 + " " }
    } else if word.hasPrefix("@") {
      candidates = Self.matching(String(word.dropFirst()), nicks).map { "@\($0) " }
    } else if word.isEmpty {
      return nil
    } else {
      candidates = Self.matching(word, nicks).map { $0 + (isFirst ? ": " : " ") }
    }
    guard !candidates.isEmpty else { return nil }
    range = start..<draft.cursor
    index = -1
  }

  /// The next candidate (or the one before), in a circle.
  mutating func step(back: Bool) -> String {
    index += index < 0 && back ? 0 : back ? -1 : 1
    index = (index + candidates.count) % candidates.count
    return candidates[index]
  }

  private static func matching(_ word: String, _ names: [String]) -> [String] {
    let word = word.lowercased()
    return Array(names.lazy.filter { $0.lowercased().hasPrefix(word) }.prefix(50))
  }
}
