import Testing

@testable import HookupCore

@Suite struct WebSocketExtensionTests {
  private static func member(
    _ name: String, _ parameters: (String, String?)...
  ) -> WebSocketExtension {
    WebSocketExtension(name: name, parameters: parameters.map { .init(name: $0.0, value: $0.1) })
  }

  @Test(
    arguments: [
      ([], []), ([""], []), ([" , ,, "], []), (["foo"], [member("foo")]),
      (["foo; a; b=1"], [member("foo", ("a", nil), ("b", "1"))]),
      (["foo;a;b=1"], [member("foo", ("a", nil), ("b", "1"))]),
      (["\tfoo ;\ta = 1 ; b"], [member("foo", ("a", "1"), ("b", nil))]),
      (["foo; a=\"10\""], [member("foo", ("a", "10"))]),
      (["foo; a=\"1\\0\""], [member("foo", ("a", "10"))]),
      (["foo; a; a"], [member("foo", ("a", nil), ("a", nil))]),
      (["foo; a=1, bar, foo"], [member("foo", ("a", "1")), member("bar"), member("foo")]),
      (["foo,", ", bar; x"], [member("foo"), member("bar", ("x", nil))]),
    ] as [([String], [WebSocketExtension])])
  func `all fields together are one list`(fields: [String], members: [WebSocketExtension]) {
    #expect(WebSocketExtension.parse(fields) == members)
  }

  @Test(arguments: [
    ";", "foo;", "foo; ;a", "foo; =1", "foo; a=", "foo; a=;b", "foo bar", "foo; a b", "foo; a=1 2",
    "foo; a=\"1", "foo; a=\"", "foo; a=\"1\\", "foo; a=\"\"", "foo; a=\"1 2\"", "foo; a=\"1,2\"",
    "\"foo\"", "foo=1", "f(oo)", "föo", "foo; a=\"1\"2", "=", "\\",
  ])
  func `a malformed field spoils the list`(field: String) {
    #expect(WebSocketExtension.parse([field]) == nil)
    #expect(WebSocketExtension.parse(["good", field]) == nil)
  }
}
