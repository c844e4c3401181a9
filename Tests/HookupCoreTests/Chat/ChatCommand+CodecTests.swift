import HookupCore
import Testing

/// Vectors of the chat protocol's client half: the same table is read and written.
@Suite struct ChatCommandCodecTests {
  static let ops = try! RoomName("ops")
  static let id = try! MessageID("m-1")
  static let client = try! ClientID("0123456789abcdef0123456789abcdef")

  static let vectors: [(ChatCommand, String)] = [
    (
      .hello(nick: try! Nick("alice"), client: client),
      #"{"do":"hello","v":1,"nick":"alice","client":"0123456789abcdef0123456789abcdef"}"#
    ),
    (.hello(nick: try! Nick("élan"), client: nil), #"{"do":"hello","v":1,"nick":"élan"}"#),
    (.join(ops, since: nil), #"{"do":"join","room":"ops"}"#),
    (.join(ops, since: 17), #"{"do":"join","room":"ops","since":17}"#),
    (
      .join(try! RoomName("@bob"), since: ChatProtocol.maximumOffset),
      #"{"do":"join","room":"@bob","since":9007199254740991}"#
    ),
    (.part(ops), #"{"do":"part","room":"ops"}"#),
    (
      .say(ops, id: id, text: "a \"b\"\n\u{0}"),
      #"{"do":"say","room":"ops","id":"m-1","text":"a \"b\"\n\u0000"}"#
    ),
    (.topic(ops, id: id, text: ""), #"{"do":"topic","room":"ops","id":"m-1","text":""}"#),
    (.members(ops), #"{"do":"members","room":"ops"}"#),
    (.rooms(after: nil), #"{"do":"rooms"}"#),
    (.rooms(after: ops), #"{"do":"rooms","after":"ops"}"#),
    (
      .history(ops, .after(0), limit: nil), #"{"do":"history","room":"ops","after":0}"#
    ),
    (
      .history(ops, .before(9), limit: 5),
      #"{"do":"history","room":"ops","before":9,"limit":5}"#
    ),
    (.ping, #"{"do":"ping"}"#),
  ]

  @Test(arguments: vectors)
  func `a command is written and read back`(command: ChatCommand, text: String) throws {
    #expect(command.json.text == text)
    #expect(try ChatCommand(json: JSONText(text)) == command)
  }

  @Test(arguments: [
    (
      ##" { "x" : [1,{}] , "text" : "t" , "room" : "#OPS2" , "id" : "m-1" , "do" : "say" } "##,
      ChatCommand.say(try! RoomName("OPS2"), id: id, text: "t")
    ),
    (#"{"do":"join","room":"@Bob","since":null}"#, .join(try! RoomName("@bob"), since: nil)),
    (#"{"do":"part","do":"ping"}"#, .ping),
  ])
  func `order, white space, unknown fields and repeated keys do not matter`(
    text: String, command: ChatCommand
  ) throws {
    #expect(try ChatCommand(json: JSONText(text)) == command)
  }

  @Test(
    arguments: [
      ("[]", "bad_command", nil), ("7", "bad_command", nil), ("null", "bad_command", nil),
      ("{}", "bad_command", nil), (#"{"do":7}"#, "bad_command", nil),
      (#"{"do":"dance"}"#, "unknown_command", nil),
      (#"{"do":"Ping"}"#, "unknown_command", nil),
      (#"{"do":"hello","nick":"a"}"#, "bad_version", "hello"),
      (#"{"do":"hello","v":2,"nick":"a"}"#, "bad_version", "hello"),
      (#"{"do":"hello","v":"1","nick":"a"}"#, "bad_version", "hello"),
      (#"{"do":"hello","v":1}"#, "bad_command", "hello"),
      (#"{"do":"hello","v":1,"nick":"a b"}"#, "bad_nick", "hello"),
      (#"{"do":"hello","v":1,"nick":""}"#, "bad_nick", "hello"),
      (#"{"do":"hello","v":1,"nick":"a","client":"xyz"}"#, "bad_client", "hello"),
      (#"{"do":"hello","v":1,"nick":"a","client":7}"#, "bad_command", "hello"),
      (#"{"do":"join"}"#, "bad_command", "join"),
      (#"{"do":"join","room":"a/b"}"#, "bad_room", "join"),
      (#"{"do":"join","room":"@"}"#, "bad_room", "join"),
      (#"{"do":"join","room":"ops","since":-1}"#, "bad_command", "join"),
      (#"{"do":"join","room":"ops","since":1.5}"#, "bad_command", "join"),
      (#"{"do":"join","room":"ops","since":9007199254740992}"#, "bad_command", "join"),
      (#"{"do":"join","room":"ops","since":99999999999999999999999}"#, "bad_command", "join"),
      (#"{"do":"say","room":"ops","id":"m 1","text":"x"}"#, "bad_id", "say"),
      (#"{"do":"say","room":"ops","text":"x"}"#, "bad_command", "say"),
      (#"{"do":"history","room":"ops"}"#, "bad_command", "history"),
      (#"{"do":"history","room":"ops","after":1,"before":2}"#, "bad_command", "history"),
      (#"{"do":"history","room":"ops","after":1,"limit":0}"#, "bad_command", "history"),
    ] as [(String, String, String?)])
  func `what is wrong is refused with a code and the command's name`(
    text: String, code: String, command: String?
  ) throws {
    let json = try JSONText(text)
    let refusal = #expect(throws: ChatRefusal.self) { try ChatCommand(json: json) }
    #expect(refusal?.code.rawValue == code)
    #expect(refusal?.command == command)
  }

  @Test func `a refused say keeps its room and id, so that the client can fail it`() throws {
    let json = try JSONText(#"{"do":"say","room":"ops","id":"m-1","text":7}"#)
    let refusal = #expect(throws: ChatRefusal.self) { try ChatCommand(json: json) }
    #expect(
      refusal
        == ChatRefusal(
          .badCommand, "the field 'text' must be a string", room: Self.ops, id: Self.id,
          command: "say"))
  }

  @Test func `a hostile word is not repeated at its length`() throws {
    let word = String(repeating: "x\u{7}", count: 100_000)
    let json = try JSONText(.object(["do": .string(word)]))
    let refusal = #expect(throws: ChatRefusal.self) { try ChatCommand(json: json) }
    #expect((refusal?.message.utf8.count ?? .max) < 500)
    #expect(refusal?.command == nil)
  }
}
