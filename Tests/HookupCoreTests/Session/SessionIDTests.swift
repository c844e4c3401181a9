import Testing

@testable import HookupCore

@Suite struct SessionIDTests {
  @Test func `it is written as 32 lower-case digits, and read from them`() {
    let id = SessionID(high: 0xAB, low: 0x0123_4567_89AB_CDEF)
    #expect(id.text == "00000000000000ab0123456789abcdef")
    #expect(SessionID(id.text) == id)
    #expect(SessionID(id.text.dropFirst(0)) == id)
  }

  @Test(arguments: [
    "", "00000000000000ab0123456789abcde", "00000000000000ab0123456789abcdef0",
    "00000000000000AB0123456789abcdef", "00000000000000ag0123456789abcdef",
    "+0000000000000ab0123456789abcdef", "éé000000000000ab0123456789abcdef",
    "000000000000000é0123456789abcdef",
  ])
  func `anything else is none`(text: String) {
    #expect(SessionID(text) == nil)
  }

  @Test func `half of it is exactly 16 lower-case digits`() {
    #expect(hexadecimal("fedcba9876543210") == 0xFEDC_BA98_7654_3210)
    #expect(hexadecimal("ffffffffffffffff") == .max)
    for text in [
      "", "0", "fedcba987654321", "FEDCBA9876543210", "fedcba987654321/", "fedcba987654321`",
    ] {
      #expect(hexadecimal(text) == nil, "\(text)")
    }
  }
}
