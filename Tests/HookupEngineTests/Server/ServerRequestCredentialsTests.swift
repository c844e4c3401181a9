import Testing

@testable import HookupEngine

@Suite struct ServerRequestCredentialsTests {
  private func request(_ headers: [(String, String)] = [], query: String? = nil) -> ServerRequest {
    ServerRequest(
      path: "/", query: query,
      headers: HeaderFields(headers.map { HeaderFields.Field(name: $0.0, value: $0.1) }),
      remoteHost: "127.0.0.1", remotePort: 1, isSecure: false)
  }

  @Test(
    arguments: [
      // RFC 7617 §2 and §2.1.
      ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", .basic(user: "Aladdin", password: "open sesame")),
      ("basic dGVzdDoxMjPCow==", .basic(user: "test", password: "123£")),
      ("BASIC  Og==", .basic(user: "", password: "")),
      ("Basic YTpiOmM=", .basic(user: "a", password: "b:c")),
      // RFC 6750 §2.1.
      ("Bearer mF_9.B5f-4.1JqM", .bearer("mF_9.B5f-4.1JqM")), ("bearer a==", .bearer("a==")),
      ("Digest username=\"x\"", .other(scheme: "digest", value: "username=\"x\"")),
      ("Negotiate", .other(scheme: "negotiate", value: "")),
    ] as [(String, ServerRequest.Authorization)])
  func `credentials are read`(header: String, expected: ServerRequest.Authorization) {
    #expect(request([("AUTHORIZATION", header)]).authorization == expected)
  }

  @Test(arguments: [
    "", "Basic", "Basic !!!!", "Basic QQ", "Basic QUI=", "Basic Og==x", "Basic /zo=",
    "Basic YQA6Yg==", "Basic YToK", "Bearer", "Bearer a b", "Bearer =", "Bearer a=b", "Bearer é",
    "(x) y",
  ])
  func `malformed credentials are none`(header: String) {
    #expect(request([("Authorization", header)]).authorization == nil)
  }

  @Test func `two headers of credentials are none`() {
    let both = request([("Authorization", "Bearer a"), ("Authorization", "Bearer a")])
    #expect(both.authorization == nil)
    #expect(request().authorization == nil)
  }

  @Test func `cookies come in order, malformed ones are left out`() {
    let request = request([
      ("Cookie", "a=1; b=\"two\";c=; =x; d; e f=1; g=x\"y; h=x\\y; i=ü, z"),
      ("cookie", "a=2;k=v=w"),
    ])
    #expect(
      request.cookies.map { "\($0.name)=\($0.value)" } == [
        "a=1", "b=two", "c=", "i=ü, z", "a=2", "k=v=w",
      ])
    #expect(request.cookie("a") == "1")
    #expect(request.cookie("A") == nil)
  }

  @Test func `cookies and query items are counted`() {
    let many = (0..<1_000).map { "c\($0)=1" }
    #expect(request([("Cookie", many.joined(separator: "; "))]).cookies.count == 256)
    #expect(request(query: many.joined(separator: "&")).queryItems.count == 256)
  }

  @Test func `query items are decoded, bad ones are left out`() {
    let request = request(query: "a=1&b=x+y%20z&%C3%BC=%c3%a4&c&d=&e=%&f=%4&g=%GG&h=%FF&&=v&a=2=3")
    #expect(
      request.queryItems.map { "\($0.name)=\($0.value)" } == [
        "a=1", "b=x y z", "ü=ä", "c=", "d=", "=v", "a=2=3",
      ])
    #expect(request.queryItem("a") == "1")
    #expect(self.request().queryItems.isEmpty)
  }
}
