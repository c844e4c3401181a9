/// The words of a search, folded as texts are when they are searched word by word.
package struct SearchWords: Sendable {
  private struct Word: Sendable {
    var text: String
    /// Whether it stands for every word that begins so.
    var isPrefix: Bool

    func matches(_ folded: String) -> Bool {
      isPrefix ? folded.hasPrefix(text) : folded == text
    }
  }

  private let words: [Word]
  /// Around a word that was found, in a snippet: FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE. No text holds them on its own in a
  /// snippet, and a terminal that gets them by mistake shows nothing.
  package static let open: Character = "\u{2068}"
  package static let close: Character = "\u{2069}"
  /// Words of a text that are shown before the first one that was found, and in all.
  package static let context = (before: 10, all: 40)

  /// - Throws: ``HookupError/Code/invalidArgument`` when there is nothing to search for.
  package init(_ words: [String]) throws(HookupError) {
    self.words = words.flatMap { word -> [Word] in
      let isPrefix = word.hasSuffix("*")
      let parts = Self.split(word).map { Word(text: Self.folded($0), isPrefix: false) }
      guard var last = parts.last else { return [] }
      last.isPrefix = isPrefix
      return parts.dropLast() + [last]
    }
    if self.words.isEmpty {
      throw HookupError(
        .invalidArgument, "there is nothing to search for: give a word of letters or digits")
    }
  }

  /// The words as SQLite's FTS5 is asked for them. Each stands in quotes and holds letters and digits only: nothing in it is syntax.
  package var query: String {
    words.map { "\"\($0.text)\"" + ($0.isPrefix ? "*" : "") }.joined(separator: " ")
  }

  /// How many words of the text are words of the search; nil unless all of these are there.
  package func count(in text: String) -> Int? {
    let folded = Self.split(text).map(Self.folded)
    guard words.allSatisfy({ word in folded.contains { word.matches($0) } }) else { return nil }
    return folded.count { part in words.contains { $0.matches(part) } }
  }

  /// The part of a text with the words in it, marked.
  package func snippet(of text: String) -> String {
    let parts = Self.split(text)
    guard !parts.isEmpty else { return Self.plain(text[...]) }
    let found = parts.map { part in
      let folded = Self.folded(part)
      return words.contains { $0.matches(folded) }
    }
    let first = found.firstIndex(of: true) ?? 0
    let start = max(0, first - Self.context.before)
    let end = min(parts.count, start + Self.context.all)
    var snippet = start > 0 ? "…" : ""
    var position = start > 0 ? parts[start].startIndex : text.startIndex
    for index in start..<end {
      snippet += Self.plain(text[position..<parts[index].startIndex])
      let word = Self.plain(parts[index])
      snippet += found[index] ? "\(Self.open)\(word)\(Self.close)" : word
      position = parts[index].endIndex
    }
    snippet += end < parts.count ? "…" : Self.plain(text[position...])
    return snippet
  }

  private static func plain(_ text: Substring) -> String {
    String(text.filter { $0 != open && $0 != close })
  }

  private static func split(_ text: String) -> [Substring] {
    text.split { !$0.isLetter && !$0.isNumber }
  }

  private static func folded(_ word: some StringProtocol) -> String {
    word.lowercased()
  }
}
