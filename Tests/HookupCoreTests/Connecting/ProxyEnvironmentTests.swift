import Testing

@testable import HookupCore

@Suite struct ProxyEnvironmentTests {
  @Test(
    arguments: [
      ([:], "ws://h", nil),
      (["http_proxy": "http://p:3128"], "ws://h", "p:3128"),
      (["http_proxy": "http://p:3128"], "wss://h", nil),
      (["https_proxy": "http://p:3128"], "wss://h", "p:3128"),
      (["https_proxy": "http://p:3128"], "ws://h", nil),
      (["all_proxy": "http://p:3128"], "ws://h", "p:3128"),
      (["all_proxy": "http://p:3128"], "wss://h", "p:3128"),
      (["all_proxy": "socks5://p:1080"], "wss://h", nil),
      (["http_proxy": "http://a:1", "all_proxy": "http://b:2"], "ws://h", "a:1"),
      (["http_proxy": "http://a:1", "HTTP_PROXY": "http://b:2"], "ws://h", "a:1"),
      (["HTTP_PROXY": "http://b:2"], "ws://h", "b:2"),
      (["HTTP_PROXY": "http://b:2", "REQUEST_METHOD": "GET"], "ws://h", nil),
      (["http_proxy": "http://b:2", "REQUEST_METHOD": "GET"], "ws://h", "b:2"),
      (["HTTPS_PROXY": "http://b:2", "REQUEST_METHOD": "GET"], "wss://h", "b:2"),
      (["ALL_PROXY": "HTTP://b:2"], "wss://h", "b:2"),
      (["http_proxy": "", "all_proxy": "http://b:2"], "ws://h", "b:2"),
      (["http_proxy": "p"], "ws://h", "p:80"),
      (["http_proxy": "p:3128/"], "ws://h", "p:3128"),
      (["http_proxy": "http://[::1]:3128/x"], "ws://h", "[::1]:3128"),
      (["http_proxy": "p", "no_proxy": "h"], "ws://h", nil),
      (["http_proxy": "p", "NO_PROXY": "h"], "ws://h", nil),
      (["http_proxy": "p", "no_proxy": "*"], "ws://h", nil),
      (["http_proxy": "p", "no_proxy": "other"], "ws://h", "p:80"),
      (["http_proxy": "p"], "ws://localhost:99", nil),
      (["http_proxy": "p"], "ws://a.localhost", nil),
      (["http_proxy": "p"], "ws://127.9.9.9", nil),
      (["http_proxy": "p"], "ws://[::1]", nil),
      (["http_proxy": "p"], "ws://[::ffff:127.0.0.1]", nil),
      (["http_proxy": "p"], "ws://notlocalhost", "p:80"),
      (["http_proxy": "p"], "ws+unix:/tmp/s", nil),
    ] as [([String: String], String, String?)])
  func `the environment decides`(
    variables: [String: String], url: String, proxy: String?
  ) throws {
    let environment = ProxyEnvironment(variables)
    #expect(try environment.proxy(for: WebSocketURL(url))?.hostAndPort == proxy)
  }

  @Test func `credentials come from the proxy's URL, decoded`() throws {
    let environment = ProxyEnvironment(["http_proxy": "http://anna:s%40x@p:3128"])
    let proxy = try environment.proxy(for: WebSocketURL("ws://h"))
    #expect(proxy?.credentials == (try Credentials(user: "anna", password: "s@x")))
  }

  @Test(arguments: [
    ("http_proxy", "socks5://u:secret@p:1", "ws://h", "does not name an http:// proxy"),
    ("HTTPS_PROXY", "https://u:secret@p:1", "wss://h", "does not name an http:// proxy"),
    ("http_proxy", "http://u:secret@p:99999", "ws://h", "is no proxy"),
    ("https_proxy", "http://secret%@p", "wss://h", "is no proxy"),
    ("all_proxy", "http://", "wss://h", "is no proxy"),
  ])
  func `a variable that is no proxy is named, its value is not`(
    name: String, value: String, url: String, problem: String
  ) throws {
    let url = try WebSocketURL(url)
    let error = #expect(throws: HookupError.self) {
      try ProxyEnvironment([name: value]).proxy(for: url)
    }
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message.contains("environment's \(name) \(problem)") == true, "\(error?.message ?? "")"
    )
    #expect(error?.message.contains("secret") == false)
  }

  @Test func `every variable that is read is listed`() {
    #expect(Set(ProxyEnvironment.names).count == 9)
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
      #expect(ProxyEnvironment.names.contains(name))
      #expect(ProxyEnvironment.names.contains(name.uppercased()))
    }
  }
}
