import HookupCore
import Testing

@Suite struct NickRulesTests {
  @Test(arguments: [
    "alice", "Élan", "αλέξης", "Иван", "多田", "ゆき", "多田ゆき", "한글", "漢한", "bob-2.x_", "دانا",
    "राम", "ไทย", "42", "Zoë",
  ])
  func `a nick of one script is allowed`(text: String) throws {
    #expect(NickRules.refusal(of: try Nick(text)) == nil)
  }

  @Test(arguments: ["аlice", "bоb", "αlice", "Иvan", "한ゆ", "aไ", "Ꭺlice"])
  func `a mixture of scripts is refused`(text: String) throws {
    #expect(NickRules.refusal(of: try Nick(text))?.code == .nickConfusable)
  }

  @Test func `names of the server are kept`() throws {
    for text in ["staff", "Admin", "SERVER", "hookup"] {
      #expect(NickRules.refusal(of: try Nick(text))?.code == .nickReserved)
    }
    #expect(NickRules.refusal(of: try Nick("boss")) == nil)
    #expect(NickRules.refusal(of: try Nick("Boss"), reserving: ["boss"])?.code == .nickReserved)
  }

  @Test(
    arguments: [
      ("alice", "Alice"), ("alice", "аlісе"), ("bob", "b0b"), ("paul", "pau1"), ("lara", "Iara"),
      ("modern", "rnodern"), ("сор", "cop"), ("Ρetros", "Petros"), ("O0", "oo"),
    ])
  func `what looks the same has one skeleton`(one: String, other: String) throws {
    #expect(
      NickRules.skeleton(of: try Nick(one)) == NickRules.skeleton(of: try Nick(other)))
  }

  @Test(arguments: [
    ("alice", "alicia"), ("bob", "rob"), ("mia", "mla"), ("elan", "élan"), ("a-b", "ab"),
  ])
  func `what looks different does not`(one: String, other: String) throws {
    #expect(
      NickRules.skeleton(of: try Nick(one)) != NickRules.skeleton(of: try Nick(other)))
  }
}
