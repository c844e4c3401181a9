import Testing

@testable import HookupCore

@Suite struct WebSocketURLRedirectTests {
  @Test(
    arguments: [
      ("ws://h/a/b?q", "/c", "ws://h/c"), ("ws://h/a/b?q", "c", "ws://h/a/c"),
      ("ws://h/a/b?q", "?r", "ws://h/a/b?r"), ("ws://h/a/b", "../c?x=../y", "ws://h/c?x=../y"),
      ("ws://h/a/b", "../../../c", "ws://h/c"), ("ws://h/a/b/", "./", "ws://h/a/b/"),
      ("ws://h/a/b/", "..", "ws://h/a/"), ("ws://h/a", "/x/./y/../z", "ws://h/x/z"),
      ("ws://h", "a:b", nil), ("ws://h", "./a:b", "ws://h/a:b"), ("ws://h", "c#frag", "ws://h/c"),
      ("wss://h:81/a", "//k/b", "wss://k/b"), ("ws://h:81/a", "//k", "ws://k/"),
      ("ws://h", "http://k/x", "ws://k/x"), ("ws://h", "HTTPS://k:444", "wss://k:444/"),
      ("ws://h", "ws://k", "ws://k/"), ("ws://h", "wss://k/#f", "wss://k/"),
      ("ws://h", "", nil), ("ws://h", "#f", nil), ("ws://h", "mailto:a@b", nil),
      ("ws://h", "http://", nil), ("ws://h", "http:/x", nil), ("ws://h", "ws+unix:/s", nil),
      ("ws+unix:/s:/a/b", "c", "ws+unix:/s:/a/c"), ("ws+unix:/s:/a", "http://localhost/", nil),
      ("ws+unix:/s:/a", "//h/x", nil),
    ] as [(String, String, String?)])
  func `a location is seen from the URL`(base: String, location: String, url: String?) throws {
    let base = try WebSocketURL(base)
    #expect((try? base.resolving(location: location))?.description == url)
  }

  @Test func `the user part stays with scheme, host and port`() throws {
    let base = try WebSocketURL("ws://u:p@h/a")
    for location in ["/b", "ws://h:80/b", "//h/b"] {
      #expect(try base.resolving(location: location).credentials?.user == "u", "\(location)")
    }
    for location in ["wss://h/", "ws://h:81/", "//k/"] {
      #expect(try base.resolving(location: location).credentials == nil, "\(location)")
    }
    #expect(try base.resolving(location: "ws://v:q@h/").credentials?.user == "v")
  }

  @Test func `what is shown has neither query nor user`() throws {
    #expect(try WebSocketURL("ws://u:p@h:1/a?token=x").withoutQuery == "ws://h:1/a")
  }
}
