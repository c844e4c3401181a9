import HookupCore
import Testing

@Suite struct MentionsTests {
  @Test(
    arguments: [
      ("", []), ("nobody", []), ("@bob", ["bob"]), ("hi @Bob, and @carol!", ["Bob", "carol"]),
      ("@bob @BOB @bob", ["bob"]), ("write to bob@example.org", []), ("@bob.", ["bob"]),
      ("@bob-", ["bob"]), ("(@bob)", ["bob"]), ("@bob@carol", ["bob"]), ("@ bob", []),
      ("@@bob", ["bob"]),
      ("@élan", ["élan"]), ("@-bob", []), ("@" + String(repeating: "x", count: 33), []),
      ("\u{1B}[2J @bob\u{7}", ["bob"]), ("@b.c", ["b.c"]),
    ] as [(String, [String])])
  func `who is named with an @ is a candidate`(text: String, nicks: [String]) {
    #expect(Mentions.candidates(in: text).map(\.text) == nicks)
  }

  @Test func `at most sixteen are named, in the first 4 KiB`() {
    let many = (1...40).map { "@n\($0)" }.joined(separator: " ")
    #expect(Mentions.candidates(in: many).map(\.text) == (1...16).map { "n\($0)" })
    let far = String(repeating: "x ", count: 2_100) + "@bob"
    #expect(Mentions.candidates(in: far).isEmpty)
  }
}
