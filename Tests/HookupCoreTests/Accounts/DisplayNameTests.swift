import Testing

@testable import HookupCore

@Suite struct DisplayNameTests {
  @Test(arguments: [
    ("Alice Liddell", "Alice Liddell"), ("", ""), ("  ", ""), (" \u{A0}Zoe\u{308} ", "Zo\u{EB}"),
    ("O'Brien (ops) №1 👍", "O'Brien (ops) №1 👍"), ("世界", "世界"),
    (String(repeating: "x", count: 64), String(repeating: "x", count: 64)),
    (String(repeating: "e\u{301}", count: 32), String(repeating: "\u{E9}", count: 32)),
  ])
  func `one line of what can be seen is a name, in one spelling`(
    text: String, expected: String
  ) throws {
    let name = try DisplayName(text)
    #expect(name.text.unicodeScalars.elementsEqual(expected.unicodeScalars))
    #expect("\(name)" == expected)
  }

  @Test(arguments: [
    "a\nb", "a\u{0}", "\u{1B}[31m", "a\u{202E}b", "a\u{200B}b", "\u{2066}", "a\u{2028}", "\u{E000}",
    "a\u{AD}b", "\u{10FFFF}", String(repeating: "x", count: 65), String(repeating: "é", count: 33),
    String(repeating: " ", count: 1_000_000),
  ])
  func `what hides, moves or is too long is refused with the limit`(text: String) {
    let refusal = #expect(throws: ChatRefusal.self) { try DisplayName(text) }
    #expect(refusal?.code == .badText)
    let message = refusal?.message ?? ""
    #expect(message.contains("at most 64") || message.contains("one line"))
  }
}
