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
