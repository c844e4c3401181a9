import Testing

@testable import HookupCore

@Suite struct WebLinksTests {
  @Test(arguments: [
    ("see https://a.example/b?c=d#e now", ["https://a.example/b?c=d#e"]),
    (
      "(http://a.example/x_(y)) and HTTP://B.EXAMPLE.",
      ["http://a.example/x_(y)", "HTTP://B.EXAMPLE"]
    ),
    ("https://a.example/,https://b", ["https://a.example/,https://b"]),
    ("[https://a.example]", ["https://a.example"]),
    ("<https://a.example/>\n\"http://b/\"", ["https://a.example/", "http://b/"]),
    ("https://例え.jp/道 ok", ["https://例え.jp/道"]),
    ("xhttp://no ahttps://no http:// https://... ://", []),
    ("plain http:/ https:", []), ("", []),
    ("http://a\u{1b}[2J", ["http://a"]),
  ]) func `links end where the writing says so`(text: String, links: [String]) {
    #expect(WebLinks.texts(in: text) == links)
    #expect(WebLinks.count(in: text) == links.count)
  }

  @Test func `links are bounded in number and in size`() {
    let many = String(repeating: "http://a ", count: 100)
    #expect(WebLinks.count(in: many) == WebLinks.maximum)
    let long = "http://" + String(repeating: ")", count: 8_000) + " http://b"
    #expect(WebLinks.texts(in: long) == ["http://b"])
  }

  @Test(arguments: 0..<200) func `any text is survived, and every link is in it`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let parts = [
      "http://", "https://", "a", ")", "(", "]", ".", " ", "\n", "é", "\u{301}", "/", ":", "👍",
    ]
    var text = ""
    for _ in 0..<(random.next() % 60) { text += parts[Int(random.next() % UInt64(parts.count))] }
    for range in WebLinks.ranges(in: text) {
      #expect(text[range].lowercased().hasPrefix("http"))
      #expect(!text[range].contains(" "))
    }
  }
}
