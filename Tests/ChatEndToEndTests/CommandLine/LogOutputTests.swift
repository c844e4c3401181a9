import Foundation
import Testing

@testable import hookup_chat_server

@Suite struct LogOutputTests {
  /// A line break, an escape sequence, C1, DEL, bidi, joiners, a line separator, one beyond the first plane.
  private static let hostile =
    "a\n\u{1B}[2J\u{9B}\u{7F}\u{202E}b\u{200D}c\u{2028}d\u{E0001}e\"\\\u{0}ü😀"

  @Test func `a line of JSON is one line of plain characters, and says what it was told`() throws {
    let line = JSONLine.text([("message", Self.hostile)], [(Self.hostile, "x")])
    #expect(LogText.plain(line) == line, "a control character is in \(line)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect((object["message"] as? String).map { Array($0.utf16) } == Array(Self.hostile.utf16))
    #expect(object["fields"] as? [String: String] == [Self.hostile: "x"])
  }

  @Test func `a line of text is one line`() {
    #expect(LogText.plain("a\nb\u{202E}") == "a\\u{a}b\\u{202e}")
    #expect(LogText.plain("grüße 😀") == "grüße 😀")
  }
}
