import Testing

@testable import HookupCore

@Suite struct ClientProxyTests {
  @Test func `the request for a tunnel names the server twice, and the credentials`() throws {
    let url = try WebSocketURL("wss://h/chat?x=1")
    #expect(
      try ProxyTunnel.request(for: url, through: HTTPProxy(host: "p", port: 3128))
        == "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")
    let proxy = HTTPProxy(
      host: "p", port: 3128, credentials: try Credentials(user: "Aladdin", password: "open sesame"))
    #expect(
      try ProxyTunnel.request(for: WebSocketURL("ws://[::1]:8127"), through: proxy)
        == "CONNECT [::1]:8127 HTTP/1.1\r\nHost: [::1]:8127\r\n"
        + "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
  }

  @Test(arguments: [("p", 0), ("p", 65_536), ("", 80)])
  func `a proxy that cannot be is refused`(host: String, port: Int) throws {
    let url = try WebSocketURL("ws://h")
    let error = #expect(throws: HookupError.self) {
      try ProxyTunnel.request(for: url, through: HTTPProxy(host: host, port: port))
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test(arguments: [200, 204, 299])
  func `any 2xx is a tunnel`(status: Int) throws {
    try check(status)
  }

  @Test(
    arguments: [
      (407, "", false, "it asks for a user name and a password (HTTP status 407)"),
      (407, "", true, "it refused the user name or the password (HTTP status 407)"),
      (403, "Forbidden\u{1B}", false, "it answered with HTTP status 403 'Forbidden\\u{1b}'"),
      (502, "", false, "it answered with HTTP status 502"),
      (101, "", false, "it answered with HTTP status 101"),
      (300, "", false, "it answered with HTTP status 300"),
    ])
  func `any other answer is told`(
    status: Int, phrase: String, hasCredentials: Bool, reason: String
  ) {
    let error = #expect(throws: HookupError.self) {
      try check(
        status, phrase, credentials: hasCredentials ? Credentials(user: "u", password: "p") : nil)
    }
    #expect(
      error == HookupError(.connectFailed, "the proxy p:3128 makes no tunnel to h:80: \(reason)"))
    #expect(error?.cause as? ProxyRejection == ProxyRejection(status: status))
  }

  private func check(_ status: Int, _ phrase: String = "", credentials: Credentials? = nil) throws {
    try ProxyTunnel.check(
      HTTPResponseHead(status: status, phrase: phrase, headers: []),
      of: HTTPProxy(host: "p", port: 3128, credentials: credentials), for: WebSocketURL("ws://h"))
  }
}
