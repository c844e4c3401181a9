import Testing

@testable import HookupCore

@Suite struct WebSocketURLUnixTests {
  @Test(
    arguments: [
      ("ws+unix:/run/h.sock:/chat?x=1", "/run/h.sock", "/chat?x=1", false),
      ("ws+unix:/run/h.sock", "/run/h.sock", "/", false),
      ("ws+unix:/run/h.sock:", "/run/h.sock", "/", false),
      ("ws+unix:///run/h.sock:/chat:8", "/run/h.sock", "/chat:8", false),
      ("WSS+UNIX:/run/h.sock:?q", "/run/h.sock", "/?q", true),
      ("ws+unix:/a%20b%3Ac%C3%A4:/d", "/a b:cä", "/d", false),
      ("ws+unix:/a@b:/c@d", "/a@b", "/c@d", false),
    ])
  func `a socket's URL comes apart`(text: String, path: String, target: String, isSecure: Bool)
    throws
  {
    let url = try WebSocketURL(text)
    #expect(url.socketPath == path)
    #expect(url.target == target)
    #expect(url.isSecure == isSecure)
    #expect(url.authority == "localhost")
    #expect(url.credentials == nil)
    #expect(url.hostAndPort == "the socket '\(path)'")
    #expect(try WebSocketURL(url.description) == url)
  }

  @Test(arguments: [
    ("ws+unix:", "absolute path"), ("ws+unix:relative.sock", "absolute path"),
    ("ws+unix://host/path", "absolute path"), ("ws+unix::/x", "absolute path"),
    ("ws+unix:////x", "absolute path"),
    ("ws+unix:/a?b", "'?' in it"), ("ws+unix:/a%zz", "percent-encoded"),
    ("ws+unix:/a%00", "percent-encoded"),
    ("ws+unix:/a%FF", "percent-encoded"), ("ws+unix:/a:/b#c", "has a fragment"),
    ("ws+unix:/a b", "contains ' '"),
  ])
  func `a bad socket URL is refused with what is wrong`(text: String, problem: String) {
    let error = #expect(throws: HookupError.self) { try WebSocketURL(text) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
  }

  @Test func `a path is as long as the system takes, in bytes once decoded`() throws {
    let limit = WebSocketURL.maximumSocketPathBytes
    let longest = "/" + String(repeating: "a", count: limit - 1)
    #expect(try WebSocketURL("ws+unix:\(longest):/x").socketPath == longest)
    #expect(try WebSocketURL("ws+unix:/%61\(longest.dropFirst(2)):/x").socketPath == longest)
    let error = #expect(throws: HookupError.self) { try WebSocketURL("ws+unix:\(longest)a") }
    #expect(
      error?.message.contains("has \(limit + 1) bytes; the system takes at most \(limit)") == true)
  }
}
