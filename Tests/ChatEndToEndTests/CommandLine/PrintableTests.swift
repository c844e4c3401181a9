import HookupCore
import Testing

@testable import hookup_chat

@Suite struct PrintableTests {
  @Test(arguments: [
    "plain \\u001b[2J", "\u{9B}2J \u{7F}", "a\u{202E}b\u{2066}c", "line\u{2028}line",
    "tag\u{E0041}",
    "👩\u{200D}🚀 ä 漢",
  ])
  func `JSON on a terminal orders nothing and says the same`(_ text: String) throws {
    let json = try JSONText(JSONValue.object(["text": .string(text)])).text
    let shown = Printable.json(json)
    #expect(try JSONValue(parsing: shown)["text"] == .string(text))
    #expect(
      shown.unicodeScalars.allSatisfy { scalar in
        let category = scalar.properties.generalCategory
        return category != .control && category != .format && category != .lineSeparator
      })
    #expect(Printable.json(shown) == shown)
  }

  @Test func `what is harmless stays as it is`() {
    #expect(Printable.json("{\"text\":\"ä 漢 👩 \\n\"}") == "{\"text\":\"ä 漢 👩 \\n\"}")
  }
}
