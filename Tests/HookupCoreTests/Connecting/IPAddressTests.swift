import Testing

@testable import HookupCore

@Suite struct IPAddressTests {
  @Test(
    arguments: [
      ("127.0.0.1", [127, 0, 0, 1]), ("255.255.255.255", [255, 255, 255, 255]),
      ("0.0.0.0", [0, 0, 0, 0]),
      ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ("::", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      ("2001:DB8::a:0", [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0, 0]),
      ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
      ("fe80::", [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      ("::ffff:10.0.0.9", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 9]),
    ] as [(String, [UInt8])])
  func `an address is its bytes`(text: String, bytes: [UInt8]) {
    #expect(IPAddress(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", "0x7f.0.0.1", "127.1",
    "+1.2.3.4", "1.2.3.4 ", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::",
    "1:2:3:4:5:6:7::8",
    "::g", "::12345", ":1", "1:", "::1%eth0", "[::1]", "::1.2.3", "1.2.3.4::", "::+1", "-1::",
    "0000000000000000000000000000000000000000000000000000::1",
  ])
  func `what is no address is none`(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func `loopback is known in both families`() {
    for text in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"] {
      #expect(IPAddress(text)?.isLoopback == true, "\(text)")
    }
    for text in ["126.0.0.1", "128.0.0.1", "::2", "1::1", "::ffff:1.0.0.127", "::"] {
      #expect(IPAddress(text)?.isLoopback == false, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("10.1.2.3", "10.0.0.0", 8, true), ("11.1.2.3", "10.0.0.0", 8, false),
      ("10.1.2.3", "10.1.2.2", 31, true), ("10.1.2.4", "10.1.2.2", 31, false),
      ("10.1.2.3", "99.0.0.0", 0, true), ("10.1.2.3", "10.1.2.3", 32, true),
      ("10.1.2.4", "10.1.2.3", 32, false), ("10.31.0.1", "10.16.0.0", 12, true),
      ("2001:db8::1", "2001:db8::", 33, true), ("2001:db8:8000::", "2001:db8::", 33, false),
      ("::1", "10.0.0.0", 0, false), ("::ffff:10.9.9.9", "10.0.0.0", 8, true),
    ])
  func `a network is its first bits`(text: String, network: String, bits: Int, isIn: Bool) throws {
    let network = try #require(IPAddress(network))
    #expect(IPAddress(text)?.isIn(network, bits: bits) == isIn)
  }
}

extension IPAddressTests {
  @Test(arguments: [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("::1", "0:0:0:0::/64"),
  ])
  func `limits count an IPv4 address, or the network of an IPv6 one`(text: String, network: String)
  {
    #expect(IPAddress(text)?.network == network)
  }
}
