import Testing

@testable import HookupCore

@Suite struct RedirectPlanTests {
  @Test(arguments: [301, 302, 303, 307, 308]) func `redirects are followed`(status: Int) throws {
    var plan = try plan("ws://a/x")
    #expect(plan.follows(status))
    try plan.follow(answer("/y", status: status))
    #expect(plan.url == (try WebSocketURL("ws://a/y")))
  }

  @Test(arguments: [200, 300, 304, 305, 306, 400, 401, 503])
  func `other statuses are not`(status: Int) throws {
    #expect(try !plan("ws://a/x").follows(status))
  }

  @Test func `none is followed when the limit is 0`() throws {
    #expect(try !plan("ws://a/x", limit: 0).follows(302))
  }

  static let headers: WebSocketHandshake.Headers = [
    ("authorization", "Bearer t"), ("X", "1"), ("COOKIE", "c"), ("Host", "h"),
  ]

  @Test(
    arguments: [
      ("ws://a:80/x", "/y", true), ("ws://a/x", "http://a/y", true),
      ("ws://a/x", "ws://A:80/y", true),
      ("ws://a/x", "ws://b/y", false), ("ws://a/x", "ws://a:81/y", false),
      ("ws://a/x", "wss://a/y", false), ("ws://a:443/x", "wss://a:443/y", false),
      ("ws+unix:/s:/x", "/y", true),
    ])
  func `credentials and cookies stay with the same server only`(
    from: String, to: String, isKept: Bool
  ) throws {
    var plan = try plan(from, headers: Self.headers)
    try plan.follow(answer(to))
    #expect(
      plan.headers.map(\.name) == (isKept ? ["authorization", "X", "COOKIE", "Host"] : ["X"]))
  }

  @Test func `authorization comes from a header, else what is given, else the URL`() throws {
    #expect(try values(plan("ws://u:p@a", headers: Self.headers, .bearer("x"))) == ["Bearer t"])
    #expect(try values(plan("ws://u:p@a", .bearer("x"))) == ["Bearer x"])
    #expect(try values(plan("ws://u:p@a")) == ["Basic dTpw"])
    #expect(try values(plan("ws://a")) == [])
    #expect(throws: HookupError.self) { try plan("ws://a", .bearer("x\r\n")) }
  }

  @Test func `the user part stays with its server, and another may bring its own`() throws {
    var plan = try plan("ws://u:p@a/x")
    try plan.follow(answer("/y"))
    #expect(values(plan) == ["Basic dTpw"])
    try plan.follow(answer("ws://b/"))
    #expect(values(plan) == [])
    #expect(plan.url.credentials == nil)
    try plan.follow(answer("ws://v:q@c/"))
    #expect(values(plan) == ["Basic djpx"])
  }

  @Test func `TLS is not left`() throws {
    var plan = try plan("ws://a/")
    try plan.follow(answer("https://a/"))
    for location in ["ws://a/", "http://a/secure", "ws://a:443/"] {
      let error = #expect(throws: HookupError.self) { try plan.follow(answer(location)) }
      #expect(error?.code == .handshakeFailed)
      #expect(error?.message.contains("redirects from wss:// to ws://a") == true)
    }
  }

  @Test func `a circle is named with all its places, without their queries`() throws {
    var plan = try plan("ws://u:p@a/x?token=secret")
    try plan.follow(answer("ws://b/y?token=secret"))
    let error = #expect(throws: HookupError.self) {
      try plan.follow(answer("ws://u:p@a/x?token=secret"))
    }
    // With another user part it would be another request; that is bounded by the limit.
    #expect(
      error
        == HookupError(
          .handshakeFailed, "b:80 redirects in a circle (ws://a/x → ws://b/y → ws://a/x)"))
  }

  @Test func `a server that sends to itself is a circle`() throws {
    var plan = try plan("ws://a/x")
    let error = #expect(throws: HookupError.self) { try plan.follow(answer("/x")) }
    #expect(error?.message == "a:80 redirects in a circle (ws://a/x → ws://a/x)")
  }

  @Test func `the limit is exact`() throws {
    var plan = try plan("ws://a/0", limit: 2)
    try plan.follow(answer("1"))
    try plan.follow(answer("2"))
    let error = #expect(throws: HookupError.self) { try plan.follow(answer("3")) }
    #expect(
      error?.message
        == "a:80 redirects once more after 2 redirects, the limit "
        + "(ws://a/0 → ws://a/1 → ws://a/2 → ws://a/3)")
  }

  @Test(
    arguments: [
      ([], "no Location"), (["/a", "/b"], "no Location"), ([""], "the location is empty"),
      (["ftp://h/"], "the scheme 'ftp'"), (["javascript:alert(1)"], "the scheme 'javascript'"),
      (["ws://h:0/"], "the port '0'"), (["/a b"], "contains ' '"),
      (["ws+unix:/etc/x"], "the scheme 'ws+unix'"),
    ] as [([String], String)])
  func `an answer that leads nowhere is told`(locations: [String], problem: String) throws {
    var plan = try plan("ws://a/x")
    let head = HTTPResponseHead(
      status: 302, phrase: "", headers: locations.map { ("location", $0) })
    let error = #expect(throws: HookupError.self) { try plan.follow(head) }
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
  }

  private func plan(
    _ url: String, headers: WebSocketHandshake.Headers = [],
    _ authorization: ClientAuthorization? = nil, limit: Int = 5
  ) throws -> RedirectPlan {
    try RedirectPlan(
      to: WebSocketURL(url), headers: headers, authorization: authorization, limit: limit)
  }

  private func answer(_ location: String, status: Int = 302) -> HTTPResponseHead {
    HTTPResponseHead(status: status, phrase: "", headers: [("Location", location)])
  }

  private func values(_ plan: RedirectPlan) -> [String] {
    WebSocketHandshake.values("Authorization", in: plan.headers)
  }
}
