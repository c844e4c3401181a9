import Testing

@testable import HookupCore

@Suite struct ProxyBypassListTests {
  @Test(
    arguments: [
      ("", "h", 80, false), (",, ,", "h", 80, false), ("*", "h", 80, true), ("*", "::1", 80, true),
      ("a.com", "a.com", 80, true), ("A.com", "a.com", 80, true), ("a.com.", "a.com", 80, true),
      ("a.com", "a.com.", 80, true),
      ("a.com", "b.a.com", 80, true), ("a.com", "ba.com", 80, false), ("a.com", "com", 80, false),
      (".a.com", "b.a.com", 80, true), (".a.com", "a.com", 80, true),
      (".a.com", "ba.com", 80, false),
      ("*.a.com", "c.b.a.com", 80, true), ("b*.com", "ba.com", 80, false),
      ("x, a.com ,y", "a.com", 80, true), ("x a.com\ty", "a.com", 80, true),
      ("a.com:8127", "a.com", 8127, true), ("a.com:8127", "a.com", 80, false),
      ("a.com:x", "a.com", 80, false), ("*:81", "a.com", 81, true), ("*:81", "a.com", 80, false),
      ("10.0.0.1", "10.0.0.1", 80, true), ("10.0.0.1", "10.0.0.2", 80, false),
      ("10.0.0.1:81", "10.0.0.1", 81, true), ("10.0.0.1:81", "10.0.0.1", 80, false),
      ("10.0.0.0/8", "10.200.0.2", 80, true), ("10.0.0.0/8", "11.0.0.2", 80, false),
      ("10.0.0.0/33", "10.0.0.2", 80, false), ("10.0.0.0/x", "10.0.0.2", 80, false),
      ("10.0.0.0/8/9", "10.0.0.2", 80, false), ("10.0.0.0/-1", "10.0.0.2", 80, false),
      ("0.0.0.1", "1.0.0.0.0.1", 80, false), ("0.1", "10.0.0.1", 80, false),
      ("::1", "::1", 80, true), ("[::1]", "::1", 80, true), ("[::1]:81", "::1", 81, true),
      ("[::1]:81", "::1", 80, false), ("[::1", "::1", 80, false), ("[::1]x", "::1", 80, false),
      ("fd00::/8", "fd12::1", 80, true), ("fd00::/8", "fe12::1", 80, false),
      ("2001:db8:0::1", "2001:db8::1", 80, true), ("10.0.0.1", "::ffff:10.0.0.1", 80, true),
    ])
  func `an entry matches what it means`(
    list: String, host: String, port: Int, isContained: Bool
  ) {
    #expect(ProxyBypassList(list).contains(host: host, port: port) == isContained)
  }

  @Test func `entries beyond the limit are not heeded`() {
    let limit = ProxyBypassList.maximumEntries
    let filler = Array(repeating: "x", count: limit - 1).joined(separator: ",")
    #expect(ProxyBypassList(filler + ",a.com").contains(host: "a.com", port: 80))
    #expect(!ProxyBypassList(filler + ",x,a.com").contains(host: "a.com", port: 80))
  }
}
