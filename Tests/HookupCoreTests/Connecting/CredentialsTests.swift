import Testing

@testable import HookupCore

@Suite struct CredentialsTests {
  @Test func `basic authorization is RFC 7617's`() throws {
    let credentials = try Credentials(user: "Aladdin", password: "open sesame")
    #expect(credentials.basic == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    #expect(
      try ClientAuthorization.basic(user: "test", password: "123£").headerValue()
        == "Basic dGVzdDoxMjPCow==")
  }

  @Test func `a bearer token goes as it is, and no other character does`() throws {
    #expect(
      try ClientAuthorization.bearer("a.b-c_d~e+f/g=").headerValue() == "Bearer a.b-c_d~e+f/g=")
    for token in ["", "a b", "a\r\nX: y", "ä"] {
      let error = #expect(throws: HookupError.self) {
        try ClientAuthorization.bearer(token).headerValue()
      }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test(arguments: [("a:b", "x"), ("a\n", "x"), ("a", "x\u{7F}"), ("a", "\r\nEvil: 1")])
  func `what would break the header is refused, and not shown`(user: String, password: String) {
    let error = #expect(throws: HookupError.self) {
      try Credentials(user: user, password: password)
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("Evil") == false)
  }

  @Test func `nothing that prints them prints the secret`() throws {
    let credentials = try Credentials(user: "anna", password: "s3cret")
    let basic = ClientAuthorization.basic(credentials)
    let bearer = ClientAuthorization.bearer("s3cret")
    var dumped = ""
    dump(credentials, to: &dumped)
    dump(basic, to: &dumped)
    dump(bearer, to: &dumped)
    let texts = [
      "\(credentials)", String(reflecting: credentials), "\(basic)", "\(bearer)",
      String(reflecting: basic), String(reflecting: bearer), "\([bearer])",
      "\(Optional(credentials) as Any)", dumped,
    ]
    for text in texts { #expect(!text.contains("s3cret"), "\(text)") }
    #expect("\(credentials)".contains("anna"))
  }

  @Test(
    arguments: [
      ("", nil, nil), (":", nil, nil), ("a", "a", ""), ("a:", "a", ""), ("a:b", "a", "b"),
      (":b", "", "b"), ("a%40b:c%3Ad:e", "a@b", "c:d:e"), ("%C3%A4:%25", "ä", "%"),
    ] as [(String, String?, String?)])
  func `a URL's user part is decoded`(text: String, user: String?, password: String?) throws {
    let credentials = try Credentials(userInfo: text[...])
    #expect(credentials?.user == user)
    #expect(credentials?.password == password)
  }

  @Test(arguments: [
    "a%:secret", "a:secret%4", "a:secret%zz", "a:secret%+1", "%FF:secret", "a%3A:secret",
    "a:secret%0D%0A",
  ])
  func `a bad user part is refused, and not shown`(text: String) {
    let error = #expect(throws: HookupError.self) { try Credentials(userInfo: text[...]) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("secret") == false)
  }
}
