import Testing

@testable import HookupCore

@Suite struct CookieHeaderTests {
  @Test func `cookies stand in one header, in order`() throws {
    #expect(try CookieHeader.value([]) == nil)
    #expect(try CookieHeader.value([("a", "1"), ("b", ""), ("c", "x=y/z")]) == "a=1; b=; c=x=y/z")
  }

  @Test(arguments: [
    ("", "x"), ("a b", "x"), ("a=", "x"), ("a", "secret;"), ("a", "secret,"),
    ("a", "secret\r\nX: 1"),
    ("a", "secret \u{e4}"), ("a", "secret\\"), ("a", "\"secret\""),
  ])
  func `what would break the header is refused, and not shown`(name: String, value: String) {
    let error = #expect(throws: HookupError.self) { try CookieHeader.value([(name, value)]) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("secret") == false)
  }
}
