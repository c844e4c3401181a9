import HookupCore
import Testing

@Suite struct RoomLogTests {
  private func nick(_ text: String) throws -> Nick { try Nick(text) }

  @Test func `a public room's log is the room's, whoever asks`() throws {
    let key = RoomKey(try RoomName("#ops"), for: try nick("alice"))
    #expect(key == RoomKey(try RoomName("ops"), for: try nick("bob")))
    #expect(key.text == "ops" && key.pair == nil)
    #expect(key.directName(for: try nick("alice")) == nil)
  }

  @Test func `both sides of a conversation mean one log`() throws {
    let key = RoomKey(try RoomName("@Bob"), for: try nick("Alice"))
    #expect(key == RoomKey(try RoomName("@ALICE"), for: try nick("bob")))
    #expect(key.text == "@alice+bob")
    #expect(key.directName(for: try nick("ALICE"))?.text == "@bob")
    #expect(key.directName(for: try nick("bob"))?.text == "@alice")
    #expect(key.directName(for: try nick("carol")) == nil)
  }

  @Test func `one may write to oneself`() throws {
    let key = RoomKey(try RoomName("@alice"), for: try nick("alice"))
    #expect(key.text == "@alice+alice")
    #expect(key.directName(for: try nick("alice"))?.text == "@alice")
  }

  @Test func `a letter whose lower case is longer is a name like any other`() throws {
    let long = try nick(String(repeating: "\u{130}", count: 32))
    #expect(RoomName(directTo: long).directPeer?.folded == long.folded)
  }

  @Test func `a stored key is taken only when its parts belong together`() {
    #expect(RoomKey(stored: "ops", low: nil, high: nil)?.text == "ops")
    #expect(RoomKey(stored: "@a+b", low: "a", high: "b")?.pair?.high == "b")
    #expect(RoomKey(stored: "@a+b", low: nil, high: nil) == nil)
    #expect(RoomKey(stored: "@a+b", low: "a", high: "c") == nil)
    #expect(RoomKey(stored: "@a+b", low: "a", high: nil) == nil)
    #expect(RoomKey(stored: "a b", low: nil, high: nil) == nil)
  }
}
