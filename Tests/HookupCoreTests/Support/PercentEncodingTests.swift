import HookupCore
import Testing

@Suite struct PercentEncodingTests {
  @Test(arguments: [
    ("", ""), ("a+b", "a+b"), ("%41%7e", "A~"), ("%e2%82%AC", "€"), ("%2525", "%25"),
  ])
  func `escapes become the bytes they stand for, once`(text: String, decoded: String) {
    #expect(PercentEncoding.text(text.utf8) == decoded)
  }

  @Test(arguments: ["%", "a%4", "%4", "%g0", "%+1", "%-1", "% 1", "%%41", "%c3"])
  func `what is cut short, no hexadecimal or no text is nothing`(text: String) {
    #expect(PercentEncoding.text(text.utf8) == nil)
  }

  @Test func `a plus is a space where forms say so, an escaped one never`() {
    #expect(PercentEncoding.text("a+b%2B".utf8, plusIsSpace: true) == "a b+")
  }
}
