import HookupCore
import Testing

@Suite struct IdentifiersTests {
  private func isNick(_ text: String) -> Bool { (try? Nick(text)) != nil }
  private func isRoom(_ text: String) -> Bool { (try? RoomName(text)) != nil }

  @Test(arguments: [
    "a", "Ann", "ann.b-c_d", "7up", "Zoë", "Zoe\u{308}", "世界", "משה", "अनिता",
    String(repeating: "x", count: 32), String(repeating: "世", count: 32),
  ])
  func `letters, digits and marks of any script make a nick`(_ text: String) throws {
    #expect(try Nick(text).text == text)
    #expect(try "\(Nick(text))" == text)
    #expect(isRoom(text))
  }

  @Test(arguments: [
    "", " ", ".a", "-a", "_a", "a b", "a\nb", "a\u{0}", "a\u{1B}[31m", "a\u{7F}", "@a", "#a", "a/b",
    "../a", "a:b", "a\u{200D}b", "a\u{202E}b", "\u{FEFF}a", "a\u{2028}", "a\u{AD}", "\u{301}a", "😀",
    "a😀", "<b>", "a\u{E000}", "a\u{10FFFF}", "½", "a\u{20DD}",
    String(repeating: "x", count: 33), String(repeating: "x", count: 1_000_000),
    "a" + String(repeating: "\u{301}", count: 33), String(repeating: "e\u{301}", count: 33),
  ])
  func `a hostile nick is refused, and the sentence is fit to be shown`(_ text: String) {
    let error = #expect(throws: HookupError.self) { try Nick(text) }
    #expect(error?.code == .invalidArgument)
    let message = error?.message ?? ""
    #expect(message.contains("use 1 to 32 letters"))
    #expect(message.unicodeScalars.count < 700)
    #expect(
      !message.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" || $0.value == 0x7F })
  }

  @Test(arguments: [
    ("Zoe\u{308}", "Zo\u{EB}"), ("\u{212B}sa", "\u{C5}sa"),
    (String(repeating: "e\u{301}", count: 32), String(repeating: "\u{E9}", count: 32)),
    ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
  ])
  func `a nick has one spelling, whatever it came in`(given: String, expected: String) throws {
    #expect(try Nick(given).text.unicodeScalars.elementsEqual(expected.unicodeScalars))
    #expect(
      try RoomName("@" + given).text.unicodeScalars.elementsEqual(
        ("@" + Nick(expected).folded).unicodeScalars))
  }

  @Test func `a room is named with its mark or without, a direct one by its person`() throws {
    #expect(try RoomName("#ops") == RoomName("ops"))
    #expect(try RoomName("#ops").text == "ops")
    #expect(try RoomName("ops").label == "#ops")
    #expect(try !RoomName("ops").isDirect)
    let bob = try Nick("bob")
    #expect(try RoomName("@bob") == RoomName(directTo: bob))
    #expect(RoomName(directTo: bob).text == "@bob")
    #expect("\(RoomName(directTo: bob))" == "@bob")
    #expect(RoomName(directTo: bob).directPeers == [bob])
  }

  @Test func `a few people are named in any order, each once, and not too many`() throws {
    #expect(try RoomName("@Carol+bob+BOB").text == "@bob+carol")
    #expect(try RoomName("@bob+carol").directPeers.map(\.text) == ["bob", "carol"])
    #expect(isRoom("@1+2+3+4+5+6+7"))
    #expect(!isRoom("@1+2+3+4+5+6+7+8"))
    for wrong in ["@+", "@a+", "@+a", "@a++b", "@a+b c", "a+b"] { #expect(!isRoom(wrong)) }
    // Cheap to refuse, however long.
    #expect(!isRoom("@" + String(repeating: "a+", count: 100_000)))
  }

  @Test func `a room's name is bounded, and a direct one by the nick's bound`() {
    #expect(isRoom(String(repeating: "r", count: 48)))
    #expect(!isRoom(String(repeating: "r", count: 49)))
    #expect(isRoom("@" + String(repeating: "n", count: 32)))
    #expect(!isRoom("@" + String(repeating: "n", count: 33)))
    for text in ["", "#", "@", "##a", "@@a", "#@a", "@#a", "# a", "a b", "@.a", "#../x"] {
      #expect(!isRoom(text), "\(text)")
    }
  }

  @Test func `names differ by case and by how they are composed only as Swift compares strings`()
    throws
  {
    #expect(try Nick("Ann") != Nick("ann"))
    #expect(try Nick("Zo\u{EB}") == Nick("Zoe\u{308}"))
  }

  @Test func `a message id is up to 64 of a plain alphabet`() throws {
    #expect(try MessageID("AZaz09-_").text == "AZaz09-_")
    #expect(try "\(MessageID(String(repeating: "a", count: 64)))".count == 64)
    for text in ["", "a b", "a.b", "a/b", "é", "a\n", "a\u{0}", String(repeating: "a", count: 65)] {
      let error = #expect(throws: HookupError.self) { try MessageID(text) }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func `a client id is 32 lower-case hexadecimal digits`() throws {
    let text = "0123456789abcdef0123456789abcdef"
    #expect(try ClientID(text).text == text)
    #expect(try "\(ClientID(text))" == text)
    for bad in [
      "", text.uppercased(), text + "0", String(text.dropLast()), "g" + text.dropFirst(),
      "é" + text.dropFirst(2),
    ] {
      #expect(throws: HookupError.self) { try ClientID(bad) }
    }
  }

  @Test func `a drawn client id is well formed and comes from the generator alone`() throws {
    var one = RandomSource(seed: 5)
    var other = RandomSource(seed: 5)
    let id = ClientID(random: &one)
    #expect(id == ClientID(random: &other))
    #expect(id != ClientID(random: &other))
    #expect(try ClientID(id.text) == id)
  }

  @Test func `hex is always sixteen digits`() {
    #expect(hex(0) == "0000000000000000")
    #expect(hex(0xBEEF) == "000000000000beef")
    #expect(hex(.max) == "ffffffffffffffff")
  }

  @Test func `a quoted text is short and shows what it would do`() {
    #expect(quoted("plain é世") == "'plain é世'")
    #expect(quoted("\u{1B}[2J\n") == #"'\u{1b}[2J\u{a}'"#)
    #expect(quoted("a\u{202E}b\u{2028}") == #"'a\u{202e}b\u{2028}'"#)
    #expect(
      quoted(String(repeating: "x", count: 41)) == "'" + String(repeating: "x", count: 40) + "…'")
    #expect(
      quoted(String(repeating: "x", count: 40)) == "'" + String(repeating: "x", count: 40) + "'")
  }
}
