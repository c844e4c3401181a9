import HookupCore
import Testing

@Suite struct JSONObjectTests {
  @Test func `members keep their order`() throws {
    let object = try #require(try JSONValue(parsing: #"{"b":1,"a":2,"c":3}"#).objectValue)
    #expect(object.members.map(\.key) == ["b", "a", "c"])
  }

  @Test func `of equal keys the last is found, and all are kept`() throws {
    let object = try #require(try JSONValue(parsing: #"{"a":1,"b":0,"a":2}"#).objectValue)
    #expect(object["a"] == 2)
    #expect(object.members.count == 3)
    #expect(object["c"] == nil)
  }

  @Test func `setting changes the member that is found, adds one, or takes all away`() {
    var object: JSONObject = ["a": 1, "a": 2]
    object["a"] = 3
    #expect(object == ["a": 1, "a": 3])
    object["b"] = "x"
    #expect(object.members.last == JSONObject.Member("b", "x"))
    object["a"] = nil
    #expect(object == ["b": "x"])
  }

  @Test func `a member may be null without being missing`() {
    let object: JSONObject = ["a": nil]
    #expect(object["a"] == .null)
  }
}
