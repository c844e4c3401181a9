import Testing

@testable import HookupCore

@Suite struct AddressRangeTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false),
    ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false),
    ("10.9.9.9/8", "10.1.1.1", true), ("192.168.4.0/22", "192.168.7.255", true),
    ("192.168.4.0/22", "192.168.8.0", false), ("0.0.0.0/0", "1.2.3.4", true),
    ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false), ("::/0", "fe80::1", true),
    ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("::1", "::1", true),
    ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
    ("::ffff:10.0.0.0/104", "11.1.2.3", false), ("1.2.3.4/32", "1.2.3.5", false),
  ])
  func `a block holds the addresses that begin as it does`(
    text: String, address: String, isIn: Bool
  ) throws {
    let range = try #require(AddressRange(text))
    #expect(range.contains(try #require(IPAddress(address))) == isIn)
  }

  @Test(arguments: [
    "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::1/129", "10.0.0.0/-1", "10.0.0.0/08",
    "10.0.0.0/8/8", "10.0.0.0/ 8", "localhost", "10.0.0.0/255.0.0.0", "10.0.0", "unix",
    "::ffff:10.0.0.0/8", "10.0.0.0/+8", "10.0.0.0/99999999999999999999",
  ])
  func `what is no block is refused`(text: String) {
    #expect(AddressRange(text) == nil)
  }
}
