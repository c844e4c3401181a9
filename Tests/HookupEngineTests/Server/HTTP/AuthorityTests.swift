import Testing

@testable import HookupEngine

@Suite struct AuthorityTests {
  @Test(
    arguments: [
      ("Example.ORG", "example.org", nil), ("example.org.", "example.org", nil),
      ("h:0", "h", 0), ("h:65535", "h", 65_535), ("h:", "h", nil), ("[::1]:80", "[::1]", 80),
      ("[FE80::A]", "[fe80::a]", nil), ("127.0.0.1:1", "127.0.0.1", 1), ("a_b", "a_b", nil),
    ] as [(String, String, Int?)])
  func `hosts and ports come in one spelling`(text: String, host: String, port: Int?) {
    let authority = Authority(text[...])
    #expect(authority?.host == host)
    #expect(authority?.port == port)
  }

  @Test(arguments: [
    "", ".", ":80", "a b", "a/b", "u@h", "u:p@h", "h:x", "h:-1", "h:65536", "h:123456", "[::1",
    "[::1]x", "[]", "[:]", "[g::]", "::1", "h\u{301}", "a,b c", "h?x", "h#x",
    String(repeating: "a", count: 255),
  ])
  func `what is no host with a port is refused`(text: String) {
    #expect(Authority(text[...]) == nil)
  }

  @Test(
    arguments: [
      ("example.org", "example.org", true), ("Example.org", "example.org", true),
      ("example.org", "a.example.org", false), ("*.example.org", "a.example.org", true),
      ("*.example.org", "a.b.example.org", true), ("*.example.org", "example.org", false),
      ("*.example.org", "badexample.org", false), ("*.example.org", ".example.org", false),
      ("[::1]", "[::1]", true),
    ])
  func `patterns match whole names`(pattern: String, name: String, matches: Bool) {
    #expect(HostPattern(pattern[...])?.matches(name) == matches)
  }

  @Test(arguments: ["*", "*.", "a.*.b", "**.a", "*.*.a", "h:80", "*.[::1]", "", "http://h"])
  func `other patterns are none`(pattern: String) {
    #expect(HostPattern(pattern[...]) == nil)
  }
}
