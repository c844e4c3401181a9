import Testing

@testable import HookupCore

@Suite struct ServerIdentityTests {
  @Test(
    arguments: [
      ("a.com", "a.com", true), ("A.COM", "a.com", true), ("a.com", "A.com", true),
      ("a.com.", "a.com", true), ("a.com", "a.com.", true), ("b.a.com", "a.com", false),
      ("a.com", "b.a.com", false), ("localhost", "localhost", true),
      ("*.a.com", "b.a.com", true), ("*.a.com", "a.com", false), ("*.a.com", "c.b.a.com", false),
      ("*.com", "a.com", false), ("*", "localhost", false), ("b*.a.com", "bc.a.com", false),
      ("b.*.com", "b.a.com", false), ("*.*.com", "b.a.com", false), ("*.a.com", ".a.com", false),
      ("", "", false), ("a..com", "a..com", false),
      ("127.0.0.1", "127.0.0.1", false), ("*.0.0.1", "127.0.0.1", false),
    ])
  func `a DNS name fits its hosts`(name: String, host: String, fits: Bool) {
    #expect(ServerIdentity(names: [.dns("other.net"), .dns(name)]).fits(host: host) == fits)
  }

  @Test func `an address fits itself only, and no name`() {
    let identity = ServerIdentity(names: [.address([127, 0, 0, 1])])
    #expect(identity.fits(host: "127.0.0.1"))
    #expect(!identity.fits(host: "127.0.0.2"))
    #expect(!identity.fits(host: "localhost"))
    #expect(!identity.fits(host: "::ffff:127.0.0.1"))
    let six = ServerIdentity(names: [.address(Array(repeating: 0, count: 15) + [1])])
    #expect(six.fits(host: "::1"))
    #expect(!six.fits(host: "0.0.0.1"))
  }

  @Test func `the mismatch names what the certificate is for, harmlessly and not all of it`() {
    #expect(ServerIdentity(names: []).mismatch.contains("it names none"))
    let names = [
      ServerIdentity.Name.dns("a\u{1B}"), .address([10, 0, 0, 1]), .address([]), .dns("b"),
      .dns("c"),
    ]
    #expect(
      ServerIdentity(names: names).mismatch
        == "its TLS certificate is not for this host: it is for 'a\\u{1b}', 10.0.0.1, "
        + "an IPv6 address, 'b', …")
  }
}
