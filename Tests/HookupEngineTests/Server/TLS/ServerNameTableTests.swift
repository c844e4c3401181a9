import Testing

@testable import HookupEngine

@Suite struct ServerNameTableTests {
  private let table = ServerNameTable([
    ["main.org", "only.wild.net"], ["a.org", "*.WILD.net"], ["a.org", "b.wild.net.", "*.a.org"],
  ])

  @Test(arguments: [
    ("main.org", 0), ("a.org", 1), ("A.ORG.", 1), ("x.wild.net", 1), ("b.wild.net", 2),
    ("only.wild.net", 0), ("x.y.wild.net", 0), ("wild.net", 0), (".wild.net", 0), ("x.a.org", 2),
    ("unknown", 0), ("", 0),
  ])
  func `an exact name wins over a wildcard, an unknown one gets the main certificate`(
    name: String, index: Int
  ) {
    #expect(table.index(for: name) == index)
  }
}
