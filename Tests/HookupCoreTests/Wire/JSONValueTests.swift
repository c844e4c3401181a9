import HookupCore
import Testing

@Suite struct JSONValueTests {
  private let value: JSONValue = [
    "name": "ops", "count": 3, "ratio": 0.5, "open": true, "topic": nil, "list": ["a", ["b": 1]],
  ]

  @Test func `members and elements are reached by key and index`() {
    #expect(value["name"]?.stringValue == "ops")
    #expect(value["count"]?.int64Value == 3)
    #expect(value["ratio"]?.doubleValue == 0.5)
    #expect(value["open"]?.boolValue == true)
    #expect(value["topic"]?.isNull == true)
    #expect(value["list"]?[1]?["b"] == 1)
    #expect(value["list"]?.arrayValue?.count == 2)
    #expect(value.objectValue?.members.count == 6)
    #expect(value["count"]?.numberValue?.text == "3")
  }

  @Test func `a command built by hand travels as a message and is read at the other end`() throws {
    let command: JSONValue = ["command": "subscribe", "topics": ["news", "weather"]]
    let frame = try JSONProtocolFormat().encode(.ackRequest(id: 1, .json(JSONText(command))))
    guard case .ackRequest(1, .json(let json)) = JSONProtocolFormat().decode(frame) else {
      Issue.record("\(frame)")
      return
    }
    #expect(json.text == #"{"command":"subscribe","topics":["news","weather"]}"#)
    #expect(json.parse() == command)
    #expect(json.parse()["topics"]?[0]?.stringValue == "news")
  }

  @Test func `what is not there, or of another kind, is nil`() {
    #expect(value["none"] == nil)
    #expect(value[0] == nil)
    #expect(value["list"]?[2] == nil)
    #expect(value["list"]?[-1] == nil)
    #expect(value["list"]?["a"] == nil)
    #expect(value["name"]?.int64Value == nil)
    #expect(value["count"]?.stringValue == nil)
    #expect(value["count"]?.boolValue == nil)
    #expect(value["name"]?.arrayValue == nil)
    #expect(value["name"]?.objectValue == nil)
    #expect(value["ratio"]?.int64Value == nil)
    #expect(!value.isNull)
  }
}
