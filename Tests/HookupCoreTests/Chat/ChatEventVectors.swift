import HookupCore

/// Vectors of the chat protocol's server half: the same table is read and written.
enum ChatEventVectors {
  static let ops = try! RoomName("ops")
  static let bob = try! Nick("bob")
  static let id = try! MessageID("m-1")
  static let time: Int64 = 1_779_004_989_042

  static func entry(
    _ offset: UInt64, _ text: String, kind: RoomEntry.Kind = .said, room: RoomName = ops
  ) -> RoomEntry {
    RoomEntry(
      room: room, offset: offset, kind: kind, id: id, from: bob, milliseconds: time, text: text)
  }

  static let all: [(ChatEvent, String)] = [
    (
      .welcome(
        ChatWelcome(
          nick: bob, server: "51",
          direct: [RoomSummary(room: try! RoomName("@alice"), last: 12)], limits: ChatLimits())),
      #"{"is":"welcome","v":1,"nick":"bob","server":"51","direct":[{"room":"@alice","last":12}],"#
        + #""limits":{"text":8192,"topic":390,"rooms":64,"page":200,"members":1000,"direct":100,"#
        + #""outstanding":256}}"#
    ),
    (
      .joined(
        ChatJoined(
          room: ops, topic: "t", members: [bob], last: 42, first: 1, after: 17, reset: false)),
      #"{"is":"joined","room":"ops","topic":"t","members":["bob"],"last":42,"first":1,"after":17}"#
    ),
    (
      .joined(
        ChatJoined(room: ops, topic: "", members: [], last: 0, first: 1, after: 0, reset: true)),
      #"{"is":"joined","room":"ops","topic":"","members":[],"last":0,"first":1,"after":0,"reset":true}"#
    ),
    (.parted(ops), #"{"is":"parted","room":"ops"}"#),
    (
      .entry(entry(3, "hi\t\u{1B}")),
      #"{"is":"said","room":"ops","offset":3,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","text":"hi\t\u001b"}"#
    ),
    (
      .entry(entry(4, "new", kind: .topic)),
      #"{"is":"topic","room":"ops","offset":4,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","text":"new"}"#
    ),
    (
      .stored(ops, id: id, offset: 5, milliseconds: time),
      #"{"is":"stored","room":"ops","id":"m-1","offset":5,"time":"2026-05-17T08:03:09.042Z"}"#
    ),
    (.members(ops, [bob]), #"{"is":"members","room":"ops","members":["bob"]}"#),
    (
      .rooms([RoomSummary(room: ops, last: 3, topic: "t")], more: true),
      #"{"is":"rooms","rooms":[{"room":"ops","last":3,"topic":"t"}],"more":true}"#
    ),
    (
      .history(ops, [entry(1, "a"), entry(2, "b", kind: .topic)], more: false),
      #"{"is":"history","room":"ops","entries":["#
        + #"{"is":"said","offset":1,"id":"m-1","from":"bob","time":"2026-05-17T08:03:09.042Z","text":"a"},"#
        + #"{"is":"topic","offset":2,"id":"m-1","from":"bob","time":"2026-05-17T08:03:09.042Z","text":"b"}"#
        + #"],"more":false}"#
    ),
    (
      .direct(RoomSummary(room: try! RoomName("@alice"), last: 2)),
      #"{"is":"direct","room":"@alice","last":2}"#
    ),
    (.arrived(ops, bob), #"{"is":"arrived","room":"ops","nick":"bob"}"#),
    (.left(ops, bob), #"{"is":"left","room":"ops","nick":"bob"}"#),
    (
      .welcome(
        ChatWelcome(
          nick: bob, server: "51",
          account: ChatAccount(nick: bob, device: "7", token: "5ec7e7", isOperator: true),
          direct: [], rooms: [RoomSummary(room: ops, last: 2)], limits: ChatLimits())),
      #"{"is":"welcome","v":1,"nick":"bob","server":"51","#
        + #""account":{"nick":"bob","device":"7","token":"5ec7e7","operator":true},"#
        + #""direct":[],"rooms":[{"room":"ops","last":2}],"#
        + #""limits":{"text":8192,"topic":390,"rooms":64,"page":200,"members":1000,"direct":100,"#
        + #""outstanding":256}}"#
    ),
    (
      .joined(
        {
          var joined = ChatJoined(
            room: ops, topic: "", members: [], last: 9, first: 1, after: 9, reset: false)
          joined.read = 7
          joined.settings = RoomSettings(access: .hidden, isReadOnly: false, slowSeconds: 10)
          joined.rank = .voice
          return joined
        }()),
      #"{"is":"joined","room":"ops","topic":"","members":[],"last":9,"first":1,"after":9,"read":7,"#
        + #""settings":{"access":"hidden","readonly":false,"slow":10},"rank":"voice"}"#
    ),
    (
      .entry(
        RoomEntry(
          room: ops, offset: 8, act: .say("ok @bob", replyingTo: 3), id: id, from: bob,
          milliseconds: time, mentions: [bob],
          since: RoomEntryChange(
            edited: 9, reactions: [.init(text: "👍", nicks: [bob], count: 1)]))),
      #"{"is":"said","room":"ops","offset":8,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","ref":3,"text":"ok @bob","mentions":["bob"],"#
        + #""edited":9,"reactions":[{"text":"👍","nicks":["bob"],"count":1}]}"#
    ),
    (
      .entry(
        RoomEntry(
          room: ops, offset: 9, act: RoomAct(.said), id: id, from: bob, milliseconds: time,
          since: RoomEntryChange(deleted: 12))),
      #"{"is":"said","room":"ops","offset":9,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","text":"","deleted":12}"#
    ),
    (
      .entry(
        RoomEntry(
          room: ops, offset: 10,
          act: RoomAct(.banned, text: "spam", nick: bob, seconds: 60, withAddress: true), id: id,
          from: bob, milliseconds: time)),
      #"{"is":"banned","room":"ops","offset":10,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","nick":"bob","seconds":60,"address":true,"text":"spam"}"#
    ),
    (
      .entry(
        RoomEntry(
          room: ops, offset: 11, act: RoomAct(.rank, nick: bob), id: id, from: bob,
          milliseconds: time)),
      #"{"is":"rank","room":"ops","offset":11,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","nick":"bob","rank":"none"}"#
    ),
    (
      .entry(
        RoomEntry(
          room: ops, offset: 12, act: RoomAct(.init(rawValue: "from-the-future"), text: "x"),
          id: id, from: bob, milliseconds: time)),
      #"{"is":"from-the-future","room":"ops","offset":12,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","text":"x"}"#
    ),
    (
      .invited(RoomSummary(room: ops, last: 2), by: bob),
      #"{"is":"invitation","room":"ops","last":2,"from":"bob"}"#
    ),
    (.typing(ops, bob), #"{"is":"typing","room":"ops","nick":"bob"}"#),
    (.read(ops, offset: 7), #"{"is":"read","room":"ops","offset":7}"#),
    (.away(bob, "lunch"), #"{"is":"away","nick":"bob","text":"lunch"}"#),
    (
      .names([ChatName(bob, "Bob B."), ChatName(bob, "")]),
      #"{"is":"names","names":[{"nick":"bob","text":"Bob B."},{"nick":"bob","text":""}]}"#
    ),
    (
      .person(ChatPerson(nick: bob, isAccount: true, isOnline: false, displayName: "Bob B.")),
      #"{"is":"person","nick":"bob","account":true,"online":false,"name":"Bob B."}"#
    ),
    (
      .account(ChatAccount(nick: bob, device: "d", displayName: "Bob B.")),
      #"{"is":"account","nick":"bob","device":"d","name":"Bob B."}"#
    ),
    (
      .person(ChatPerson(nick: bob, isAccount: true, isOnline: true, away: "lunch", seen: time)),
      #"{"is":"person","nick":"bob","account":true,"online":true,"away":"lunch","#
        + #""seen":"2026-05-17T08:03:09.042Z"}"#
    ),
    (
      .found([ChatHit(entry: entry(3, "hi"), snippet: "\u{2068}hi\u{2069}")], more: true),
      #"{"is":"found","hits":[{"is":"said","room":"ops","offset":3,"id":"m-1","from":"bob","#
        + #""time":"2026-05-17T08:03:09.042Z","text":"hi","snippet":"\#u{2068}hi\#u{2069}"}],"more":true}"#
    ),
    (
      .account(ChatAccount(nick: bob, device: "7")),
      #"{"is":"account","nick":"bob","device":"7"}"#
    ),
    (
      .devices([ChatDevice(id: "7", name: "laptop", created: time, seen: time, isThis: true)]),
      #"{"is":"devices","devices":[{"device":"7","name":"laptop","#
        + #""created":"2026-05-17T08:03:09.042Z","seen":"2026-05-17T08:03:09.042Z","this":true}]}"#
    ),
    (
      .notice(code: .readOnly, message: "the disk is full"),
      #"{"is":"notice","code":"read_only","message":"the disk is full"}"#
    ),
    (.pong, #"{"is":"pong"}"#),
    (
      .error(ChatRefusal(.badText, "too long", room: ops, id: id, command: "say")),
      #"{"is":"error","code":"bad_text","message":"too long","room":"ops","id":"m-1","re":"say"}"#
    ),
    (
      .error(ChatRefusal(.helloFirst, "say hello")),
      #"{"is":"error","code":"hello_first","message":"say hello"}"#
    ),
  ]
}
