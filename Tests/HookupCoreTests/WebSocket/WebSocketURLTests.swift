import Testing

@testable import HookupCore

@Suite struct WebSocketURLTests {
  struct Parts: Equatable {
    var isSecure: Bool
    var host: String
    var port: Int
    var target: String
    var authority: String
  }

  @Test(
    arguments: [
      (
        "ws://example.com",
        Parts(isSecure: false, host: "example.com", port: 80, target: "/", authority: "example.com")
      ),
      (
        "wss://example.com",
        Parts(isSecure: true, host: "example.com", port: 443, target: "/", authority: "example.com")
      ),
      (
        "WS://Example.COM:8127/Chat?Room=1",
        Parts(
          isSecure: false, host: "example.com", port: 8127, target: "/Chat?Room=1",
          authority: "example.com:8127")
      ),
      (
        "ws://127.0.0.1:443/",
        Parts(
          isSecure: false, host: "127.0.0.1", port: 443, target: "/", authority: "127.0.0.1:443")
      ),
      ("wss://h:443/a", Parts(isSecure: true, host: "h", port: 443, target: "/a", authority: "h")),
      ("ws://h:/a", Parts(isSecure: false, host: "h", port: 80, target: "/a", authority: "h")),
      (
        "ws://h?q=/x:y@z",
        Parts(isSecure: false, host: "h", port: 80, target: "/?q=/x:y@z", authority: "h")
      ),
      (
        "ws://[::1]:9000/x",
        Parts(isSecure: false, host: "::1", port: 9000, target: "/x", authority: "[::1]:9000")
      ),
      (
        "wss://[2001:DB8::1]",
        Parts(
          isSecure: true, host: "2001:db8::1", port: 443, target: "/", authority: "[2001:db8::1]")
      ),
      (
        "ws://a-b.c_d/%20",
        Parts(isSecure: false, host: "a-b.c_d", port: 80, target: "/%20", authority: "a-b.c_d")
      ),
    ] as [(String, Parts)])
  func `a good URL comes apart`(text: String, parts: Parts) throws {
    let url = try WebSocketURL(text)
    #expect(
      Parts(
        isSecure: url.isSecure, host: url.host, port: url.port, target: url.target,
        authority: url.authority) == parts)
    #expect(try WebSocketURL(url.description) == url)
  }

  @Test(arguments: [
    ("", "does not begin with ws:// or wss://"),
    ("localhost:8127", "does not begin with ws:// or wss://"),
    ("ws:/h", "does not begin with ws:// or wss://"),
    ("http://h/", "use ws:// instead"), ("https://h/", "use wss:// instead"),
    ("ftp://h/", "the scheme 'ftp'"), ("ws://", "has no host"), ("ws:///path", "has no host"),
    ("ws://:80", "has no host"), ("ws://h#f", "has a fragment"),
    ("ws://h:0/", "the port '0' is not a number from 1 to 65535"),
    ("ws://h:65536", "the port '65536' is not"), ("ws://h:8x", "the port '8x' is not"),
    ("ws://h:+80", "the port '+80' is not"), ("ws://h:99999999999999999999", "is not a number"),
    ("ws://::1/", "write an IPv6 address in brackets"),
    ("ws://[::1", "without its closing ']'"), ("ws://[]/", "no IPv6 address"),
    ("ws://[abc]/", "no IPv6 address"), ("ws://[::1]x/", "has 'x' behind its host"),
    ("ws://h\u{20}h/", "contains ' '"), ("ws://h/\r\nX: y", "only printable ASCII"),
    ("ws://höst/", "contains 'ö'"), ("ws://a%20b/", "has '%' in its host"),
    ("ws://a,b/", "has ',' in its host"),
    ("ws://u:secret%@h/", "not well percent-encoded"),
  ])
  func `a bad URL is refused with what is wrong`(text: String, problem: String) {
    let error = #expect(throws: HookupError.self) { try WebSocketURL(text) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
  }

  @Test func `an error shows neither password nor query`() {
    for text in [
      "http://u:secret@h/", "http://h/?token=secret", "ws://u:secret@h/#x", "ws://u:secret@",
      "ws://u:secret@h:x/", "ws://u:sec@ret:secret@h h/",
    ] {
      let error = #expect(throws: HookupError.self) { try WebSocketURL(text) }
      #expect(error?.message.contains("secret") == false)
    }
  }

  @Test func `the user part is decoded, kept and never shown`() throws {
    let url = try WebSocketURL("wss://a%40b:p%3Aw@d@h:444/x?y")
    #expect(url.credentials == (try Credentials(user: "a@b", password: "p:w@d")))
    #expect(url.host == "h")
    #expect(url.description == "wss://h:444/x?y")
    #expect(url.authority == "h:444")
    #expect(url != (try WebSocketURL("wss://h:444/x?y")))
    #expect(!String(reflecting: url).contains("p:w"))
    #expect(try WebSocketURL("ws://@h/").credentials == nil)
  }

  @Test func `a URL's length is bounded`() {
    let long = "ws://h/" + String(repeating: "a", count: 8_185)
    #expect(throws: Never.self) { try WebSocketURL(long) }
    #expect(throws: HookupError.self) { try WebSocketURL(long + "a") }
  }
}
