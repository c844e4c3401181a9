import HookupCore
import Testing

@Suite struct RoomLogTests {
  private func nick(_ text: String) throws -> Nick { try Nick(text) }

  @Test func `a public room's log is the room's, whoever asks`() throws {
    let key = RoomKey(try RoomName("#ops"), for: try nick("alice"))
    #expect(key == RoomKey(try RoomName("ops"), for: try nick("bob")))
    #expect(key.text == "ops" && key.people == nil)
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
    #expect(RoomName(directTo: long).directPeers.map(\.folded) == [long.folded])
  }

  @Test func `a few people have one log, whoever of them names the others`() throws {
    let key = RoomKey(try RoomName("@Carol+bob"), for: try nick("alice"))
    #expect(key == RoomKey(try RoomName("@alice+carol"), for: try nick("Bob")))
    #expect(key == RoomKey(try RoomName("@alice+bob+carol"), for: try nick("bob")))
    #expect(key.text == "@alice+bob+carol")
    #expect(key.people == ["alice", "bob", "carol"])
    #expect(key.directName(for: try nick("bob"))?.text == "@alice+carol")
    #expect(key.directName(for: try nick("dave")) == nil)
    #expect(key.name(for: try nick("dave")) == nil)
  }

  @Test(arguments: [
    "ops", "@a+a", "@a+b", "@a+b+c", "@1+2+3+4+5+6+7+8",
  ])
  func `a stored key is what was stored`(text: String) {
    #expect(RoomKey(stored: text)?.text == text)
  }

  @Test(arguments: [
    "", "a b", "#ops", "@", "@a", "@b+a", "@a+b+a", "@A+b", "@a++b", "@a+b+", "@1+2+3+4+5+6+7+8+9",
  ])
  func `what is no key is none`(text: String) {
    let key = RoomKey(stored: text)
    #expect(key == nil || key?.text != text)
  }

  @Test func `the state of a log that is read replaces what was guessed, the newest topic stays`()
    throws
  {
    var head = RoomHead(last: 7, first: 1, topic: "new", topicOffset: 7)
    var read = RoomHead(last: 6, first: 3, topic: "old", topicOffset: 2)
    read.state.slowSeconds = 5
    head.take(read)
    #expect(head.last == 7 && head.first == 3 && head.topic == "new")
    #expect(head.state.slowSeconds == 5)
  }
}
