import Testing

@testable import HookupCore

@Suite struct TrustedProxiesTests {
  let proxies: TrustedProxies

  init() throws { proxies = try TrustedProxies(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]) }

  func origin(_ peer: String?, _ members: String...) -> TrustedProxies.Origin {
    proxies.origin(of: peer.flatMap { IPAddress($0) }, forwardedFor: members)
  }

  func forwarded(_ text: String) throws -> TrustedProxies.Origin {
    .forwarded(try #require(ForwardedAddress(text)))
  }

  @Test func `a stranger's header is not looked at`() {
    #expect(origin("192.0.2.1", "1.2.3.4") == .peer)
    #expect(origin(nil, "1.2.3.4") == .peer)
  }

  @Test func `the last address that is no proxy's counts, whatever stands before it`() throws {
    #expect(try origin("127.0.0.1", "1.2.3.4") == forwarded("1.2.3.4"))
    #expect(try origin("127.0.0.1", "6.6.6.6", "1.2.3.4") == forwarded("1.2.3.4"))
    #expect(try origin("127.0.0.1", "6.6.6.6", "1.2.3.4:9", "10.0.0.7") == forwarded("1.2.3.4:9"))
    #expect(
      try origin("fd00::1", "nonsense", "2001:db8::9", "127.0.0.1") == forwarded("2001:db8::9"))
    #expect(try origin("::ffff:10.1.1.1", "1.2.3.4") == forwarded("1.2.3.4"))
  }

  @Test func `when all are proxies the outermost counts, and without a header the peer`() throws {
    #expect(try origin("127.0.0.1", "10.0.0.1", "10.0.0.2") == forwarded("10.0.0.1"))
    #expect(origin("127.0.0.1") == .peer)
  }

  @Test func `what makes no sense leaves the peer, and is named`() {
    #expect(origin("127.0.0.1", "1.2.3.4", "unknown") == .malformed("unknown"))
    #expect(origin("127.0.0.1", "x", "10.0.0.1") == .malformed("x"))
  }

  @Test func `whoever connects over the Unix socket is trusted by name only`() throws {
    #expect(!proxies.trusts(nil))
    let unix = try TrustedProxies(["unix"])
    #expect(unix.trusts(nil))
    #expect(!unix.trusts(IPAddress("127.0.0.1")))
    #expect(
      try unix.origin(of: nil, forwardedFor: ["1.2.3.4"]) == forwarded("1.2.3.4"))
    #expect(!unix.isEmpty)
    #expect(try TrustedProxies([]).isEmpty)
  }

  @Test(arguments: ["localhost", "", "10.0.0.0/99", "*"])
  func `an entry that is none is named`(entry: String) {
    #expect {
      try TrustedProxies(["127.0.0.1", entry])
    } throws: { error in
      (error as? HookupError)?.message.contains("'\(entry)'") == true
    }
  }
}
