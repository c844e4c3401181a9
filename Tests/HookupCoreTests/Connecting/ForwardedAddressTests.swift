import Testing

@testable import HookupCore

@Suite struct ForwardedAddressTests {
  @Test(
    arguments: [
      ("1.2.3.4", "1.2.3.4", nil), ("1.2.3.4:80", "1.2.3.4", 80), ("::1", "::1", nil),
      ("[::1]", "::1", nil), ("[2001:db8::2]:65535", "2001:db8::2", 65_535),
      ("::ffff:1.2.3.4", "1.2.3.4", nil), ("[::ffff:1.2.3.4]:7", "1.2.3.4", 7),
    ] as [(String, String, Int?)])
  func `an address may have brackets and a port`(text: String, address: String, port: Int?) throws {
    let forwarded = try #require(ForwardedAddress(text))
    #expect(forwarded.address == IPAddress(address))
    #expect(forwarded.port == port)
  }

  @Test(arguments: [
    "", "unknown", "_hidden", "1.2.3", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:x", "[1.2.3.4]",
    "[::1",
    "[::1]80", "[::1]:", "::1]", "1.2.3.4:080", "1.2.3.4 ", "\"1.2.3.4\"", "1.2.3.4:+1", "[]", "[",
  ])
  func `anything else is none`(text: String) {
    #expect(ForwardedAddress(text) == nil)
  }
}
