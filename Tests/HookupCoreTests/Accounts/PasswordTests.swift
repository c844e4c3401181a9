import HookupCore
import Testing

@Suite struct PasswordTests {
  @Test(arguments: ["12345678", "pässword", String(repeating: "x", count: 256), "a b\tc\u{1}d!"])
  func `eight to 256 bytes of anything but NUL are a password`(text: String) throws {
    #expect(try Array(Password(text).utf8) == Array(text.utf8))
  }

  @Test(arguments: ["", "1234567", "ééé", String(repeating: "x", count: 257), "1234\u{0}5678"])
  func `anything else is refused without being repeated`(text: String) {
    let refusal = #expect(throws: ChatRefusal.self) { try Password(text) }
    #expect(refusal?.code == .badPassword)
    #expect(text.isEmpty || refusal?.message.contains(text) == false)
  }

  @Test func `a password is never shown`() throws {
    let password = try Password("correct horse")
    #expect("\(password)" == "a password")
    #expect("\(ChatHello.Credential.password("correct horse"))" == "a password")
    #expect("\(ChatHello.Credential.token("abc"))" == "a token")
  }
}
