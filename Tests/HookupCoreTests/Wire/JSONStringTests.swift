import HookupCore
import NIOCore
import Testing

@Suite struct JSONStringTests {
  private func written(_ text: String) -> String {
    var buffer = ByteBuffer()
    JSONString.write(text, to: &buffer)
    return String(buffer: buffer)
  }

  private func unescaped(_ inside: String) -> String {
    String(decoding: JSONString.unescape(Array(inside.utf8).span), as: UTF8.self)
  }

  @Test func `only the quote, the backslash and control characters are escaped`() {
    #expect(written(#"a"b\c/d"#) == #""a\"b\\c/d""#)
    #expect(
      written("\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}") == #""\b\f\n\r\t\u0000\u001f"# + "\u{7F}\"")
    #expect(written("é世😀\u{2028}\u{2029}") == "\"é世😀\u{2028}\u{2029}\"")
    #expect(written("") == "\"\"")
  }

  @Test func `what must be escaped is found at every position`() {
    for length in 0..<24 {
      for position in 0...length {
        let before =
          String(repeating: "é", count: position / 2) + String(repeating: "x", count: position % 2)
        let after = String(repeating: "y", count: length - position)
        #expect(written(before + "\n" + after) == "\"\(before)\\n\(after)\"")
      }
    }
  }

  @Test(arguments: [
    (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u00e9\u4E16"#, "é世"),
    (#"\ud83d\ude00"#, "😀"), (#"\uDBFF\uDFFF"#, "\u{10FFFF}"), (#"\ud800"#, "\u{FFFD}"),
    (#"\udfff"#, "\u{FFFD}"), (#"\ud800x"#, "\u{FFFD}x"), (#"\ud800\n"#, "\u{FFFD}\n"),
    (#"\ud800\ud800\udc00"#, "\u{FFFD}\u{10000}"), (#"\ud800\u0041"#, "\u{FFFD}A"),
    (#"\udc00\ud800"#, "\u{FFFD}\u{FFFD}"), ("plain é", "plain é"),
  ])
  func `escapes are resolved, halves of pairs replaced`(_ inside: String, _ plain: String) {
    #expect(unescaped(inside) == plain)
  }

  @Test func `what is cut off or malformed does no harm`() {
    for inside in [
      #"\"#, #"\u"#, #"\u1"#, #"\u12"#, #"\u123"#, #"\ud800\u"#, #"\ud800\udc0"#, #"\uzzzz"#,
    ] {
      #expect(!unescaped(inside).isEmpty)
    }
  }

  @Test func `every scalar of a sample comes back`() throws {
    for value in stride(from: UInt32(0), through: 0x10FFFF, by: 67) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a\(scalar)\n\(scalar)"
      let parsed = try JSONValue(parsing: written(text))
      #expect(parsed == .string(text))
    }
  }

  @Test func `a string is taken out of the middle of bytes`() {
    let bytes = Array(#"{"k":"v\n"}"#.utf8)
    #expect(JSONString.decode(JSONSlot(.string, 2..<3), in: bytes.span) == "k")
    #expect(JSONString.decode(JSONSlot(.string, 6..<9, hasEscapes: true), in: bytes.span) == "v\n")
  }
}
