import Testing

@testable import HookupEngine

@Suite struct OriginPolicyTests {
  private func accepts(_ policy: OriginPolicy, _ origin: String, host: String = "h") -> Bool {
    policy.refusal(origins: [origin], authority: Authority(host[...])) == nil
  }

  @Test(arguments: [
    ("http://h", "h", true), ("https://h", "h", true), ("http://h:80", "h", true),
    ("HTTPS://H:443", "h", true), ("http://h", "h:80", true), ("https://h", "h:443", true),
    ("http://h:8127", "h:8127", true), ("https://h:8127", "h:8127", true),
    ("http://[::1]:1", "[::1]:1", true), ("http://h", "h.", true),
    ("http://h", "h:8127", false), ("http://h:8127", "h", false), ("http://h:81", "h:80", false),
    ("http://other", "h", false), ("http://sub.h", "h", false), ("http://h.evil", "h", false),
    ("null", "h", false), ("file://", "h", false), ("app://h", "h:80", false),
    ("http://h/", "h", false), ("http://h, http://h", "h", false), ("h", "h", false),
    ("http://u@h", "h", false), ("", "h", false),
  ])
  func `the same host is that of the request, with its port`(
    origin: String, host: String, accepted: Bool
  ) {
    #expect(accepts(.sameHost, origin, host: host) == accepted)
  }

  @Test(arguments: [
    ("https://example.org", "https://example.org", true),
    ("https://example.org", "HTTPS://Example.Org:443", true),
    ("https://Example.org:443", "https://example.org", true),
    ("https://example.org", "http://example.org", false),
    ("https://example.org", "https://example.org:8443", false),
    ("https://example.org", "https://a.example.org", false),
    ("https://example.org", "https://example.org.evil", false),
    ("https://*.example.org", "https://a.b.example.org", true),
    ("https://*.example.org", "https://example.org", false),
    ("https://*.example.org", "https://evilexample.org", false),
    ("https://*.example.org:8443", "https://a.example.org:8443", true),
    ("https://*.example.org:8443", "https://a.example.org", false),
    ("app://localhost", "app://localhost", true), ("null", "null", true),
    ("https://example.org", "null", false), ("same-host", "http://h", true), ("*", "null", true),
    ("*", "nonsense", true),
  ])
  func `a list admits what is in it`(entry: String, origin: String, accepted: Bool) {
    let policy = OriginPolicy.list(["https://unrelated.net", entry])
    #expect(policy.malformedEntry == nil)
    #expect(accepts(policy, origin) == accepted)
  }

  @Test func `an empty list admits no page`() {
    #expect(!accepts(.list([]), "http://h"))
    #expect(OriginPolicy.list([]).refusal(origins: [], authority: Authority("h")) == nil)
  }

  @Test(arguments: [OriginPolicy.any, .sameHost, .list(["https://a"])])
  func `a request without an origin is accepted unless it is said otherwise`(
    policy: OriginPolicy
  ) {
    #expect(policy.refusal(origins: [], authority: nil) == nil)
    var strict = policy
    strict.acceptsMissingOrigin = false
    #expect(strict.refusal(origins: [], authority: nil)?.contains("Origin") == true)
  }

  @Test func `several origins are refused, and no request without a host has the same`() {
    let two = OriginPolicy.sameHost.refusal(origins: ["http://h", "http://h"], authority: nil)
    #expect(two?.contains("several") == true)
    #expect(OriginPolicy.sameHost.refusal(origins: ["http://h"], authority: nil) != nil)
  }

  @Test func `a refusal shows the origin, cut short`() {
    let long = OriginPolicy.sameHost.refusal(
      origins: ["http://" + String(repeating: "x", count: 10_000)], authority: nil)
    #expect(long?.utf8.count ?? .max < 300)
  }

  @Test(arguments: [
    "example.org", "https://", "https://a/b", "https://*", "https://a.*.b", "*.example.org", "",
    "https://a:x", "https://u@a", "Null", "https://*.*.a",
  ])
  func `an entry that means nothing is found`(entry: String) {
    #expect(OriginPolicy.list(["https://a", entry]).malformedEntry == entry)
    var configuration = ServerConfiguration()
    configuration.allowedOrigins = .list([entry])
    #expect(throws: (any Error).self) { try configuration.validate() }
  }
}
