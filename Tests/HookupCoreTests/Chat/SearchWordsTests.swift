import HookupCore
import Testing

@Suite struct SearchWordsTests {
  @Test(
    arguments: [
      (["fox"], "\"fox\""), (["Quick", "fox*"], "\"quick\" \"fox\"*"),
      (["a\"b"], "\"a\" \"b\""), (["x* OR y"], "\"x\" \"or\" \"y\""),
      (["re-do*"], "\"re\" \"do\"*"),
      (["NEAR("], "\"near\""),
    ] as [([String], String)])
  func `words are quoted, and nothing in them is syntax`(words: [String], query: String) throws {
    #expect(try SearchWords(words).query == query)
  }

  @Test(arguments: [[], [""], ["*"], ["\""], ["- - -"]])
  func `without a word there is nothing to search for`(words: [String]) {
    let error = #expect(throws: HookupError.self) { try SearchWords(words) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `a text counts when all words are in it`() throws {
    let words = try SearchWords(["quick", "fo*"])
    #expect(words.count(in: "The QUICK brown fox and the quick folk") == 4)
    #expect(words.count(in: "the quick dog") == nil)
    #expect(words.count(in: "") == nil)
  }

  @Test func `a snippet marks the words and is cut around the first of them`() throws {
    let words = try SearchWords(["fox"])
    #expect(words.snippet(of: "a Fox, a dog") == "a \u{2068}Fox\u{2069}, a dog")
    #expect(words.snippet(of: "\u{2068}a\u{2069} fox\u{2068}") == "a \u{2068}fox\u{2069}")
    #expect(words.snippet(of: "") == "" && words.snippet(of: "no such thing") == "no such thing")
    let long =
      (1...100).map { "w\($0)" }.joined(separator: " ") + " fox "
      + (1...100).map { "v\($0)" }.joined(separator: " ")
    let snippet = words.snippet(of: long)
    #expect(snippet.hasPrefix("…w91 w92") && snippet.contains("\u{2068}fox\u{2069}"))
    #expect(snippet.hasSuffix("…") && snippet.split(separator: " ").count == 40)
  }
}
