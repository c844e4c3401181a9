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
    (
      .hello(
        ChatHello(nick: try! Nick("bob"), client: nil, credential: .password("p w"), device: "pc")),
      #"{"do":"hello","v":1,"nick":"bob","password":"p w","device":"pc"}"#
    ),
    (
      .hello(ChatHello(nick: try! Nick("bob"), client: nil, credential: .token("ab"))),
      #"{"do":"hello","v":1,"nick":"bob","token":"ab"}"#
    ),
    (.register(password: "p", device: "pc"), #"{"do":"register","password":"p","device":"pc"}"#),
    (.password(old: "a", new: "b"), #"{"do":"password","old":"a","new":"b"}"#),
    (.devices, #"{"do":"devices"}"#),
    (.displayName("Bob B."), #"{"do":"name","text":"Bob B."}"#),
    (.displayName(""), #"{"do":"name","text":""}"#),
    (.revoke(device: nil), #"{"do":"revoke"}"#),
    (.revoke(device: "7"), #"{"do":"revoke","device":"7"}"#),
    (
      .act(ops, id: id, .say("yes", replyingTo: 4)),
      #"{"do":"say","room":"ops","id":"m-1","ref":4,"text":"yes"}"#
    ),
    (
      .act(ops, id: id, RoomAct(.me, text: "waves")),
      #"{"do":"me","room":"ops","id":"m-1","text":"waves"}"#
    ),
    (
      .act(ops, id: id, RoomAct(.edited, text: "b", ref: 4)),
      #"{"do":"edit","room":"ops","id":"m-1","ref":4,"text":"b"}"#
    ),
    (
      .act(ops, id: id, RoomAct(.deleted, ref: 4)),
      #"{"do":"delete","room":"ops","id":"m-1","ref":4}"#
    ),
    (
      .act(ops, id: id, RoomAct(.reacted, text: "👍", ref: 4)),
      #"{"do":"react","room":"ops","id":"m-1","ref":4,"text":"👍"}"#
    ),
    (
      .act(
        ops, id: id, RoomAct(.created, settings: RoomSettings(access: .hidden, about: "plans"))),
      #"{"do":"create","room":"ops","id":"m-1","settings":{"access":"hidden","about":"plans"}}"#
    ),
    (
      .act(
        ops, id: id,
        RoomAct(
          .settings, settings: RoomSettings(isReadOnly: true, slowSeconds: 0, maximumMembers: 5))),
      #"{"do":"set","room":"ops","id":"m-1","settings":{"readonly":true,"slow":0,"members":5}}"#
    ),
    (
      .act(ops, id: id, RoomAct(.invited, nick: try! Nick("bob"))),
      #"{"do":"invite","room":"ops","id":"m-1","nick":"bob"}"#
    ),
    (.act(ops, id: id, RoomAct(.departed)), #"{"do":"leave","room":"ops","id":"m-1"}"#),
    (
      .act(
        ops, id: id,
        RoomAct(.banned, text: "spam", nick: try! Nick("bob"), seconds: 60, withAddress: true)),
      #"{"do":"ban","room":"ops","id":"m-1","nick":"bob","seconds":60,"address":true,"text":"spam"}"#
    ),
    (
      .act(ops, id: id, RoomAct(.rank, nick: try! Nick("bob"), rank: .moderator)),
      #"{"do":"rank","room":"ops","id":"m-1","nick":"bob","rank":"moderator"}"#
    ),
    (
      .act(ops, id: id, RoomAct(.rank, nick: try! Nick("bob"))),
      #"{"do":"rank","room":"ops","id":"m-1","nick":"bob","rank":"none"}"#
    ),
    (
      .history(ops, .around(9), limit: nil), #"{"do":"history","room":"ops","around":9}"#
    ),
    (
      .history(ops, .since(1_779_004_989_042), limit: nil),
      #"{"do":"history","room":"ops","from":"2026-05-17T08:03:09.042Z"}"#
    ),
    (
      .search(ChatQuery(words: "a b*", room: ops, skip: 20, limit: 5)),
      #"{"do":"search","words":"a b*","room":"ops","skip":20,"limit":5}"#
    ),
    (.typing(ops), #"{"do":"typing","room":"ops"}"#),
    (.read(ops, offset: 9), #"{"do":"read","room":"ops","offset":9}"#),
    (.away(""), #"{"do":"away","text":""}"#),
    (.whois(try! Nick("bob")), #"{"do":"whois","nick":"bob"}"#),
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
      (#"{"do":"hello","v":1,"nick":"a","password":"p","token":"t"}"#, "bad_command", "hello"),
      (#"{"do":"register"}"#, "bad_command", "register"),
      (#"{"do":"edit","room":"ops","id":"m-1","text":"x"}"#, "bad_command", "edit"),
      (#"{"do":"edit","room":"ops","id":"m-1","ref":0,"text":"x"}"#, "bad_command", "edit"),
      (#"{"do":"kick","room":"ops","id":"m-1"}"#, "bad_command", "kick"),
      (#"{"do":"kick","room":"ops","id":"m-1","nick":"a b"}"#, "bad_nick", "kick"),
      (#"{"do":"ban","room":"ops","id":"m-1","nick":"a","seconds":0}"#, "bad_command", "ban"),
      (
        #"{"do":"ban","room":"ops","id":"m-1","nick":"a","seconds":99999999}"#, "bad_command", "ban"
      ),
      (#"{"do":"rank","room":"ops","id":"m-1","nick":"a","rank":"king"}"#, "bad_command", "rank"),
      (#"{"do":"set","room":"ops","id":"m-1"}"#, "bad_command", "set"),
      (#"{"do":"set","room":"ops","id":"m-1","settings":[]}"#, "bad_command", "set"),
      (#"{"do":"set","room":"ops","id":"m-1","settings":{"slow":21601}}"#, "bad_command", "set"),
      (#"{"do":"set","room":"ops","id":"m-1","settings":{"access":"none"}}"#, "bad_command", "set"),
      (#"{"do":"search"}"#, "bad_command", "search"),
      (#"{"do":"history","room":"ops","from":"yesterday"}"#, "bad_command", "history"),
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
