import HookupEngine
import Testing

@Suite struct JSONTextCodableTests {
  private struct Move: Codable, Equatable {
    struct Point: Codable, Equatable {
      var x: Int
      var y: Double
    }
    var to: Point
    var note: String?
  }

  @Test func `a value of one's own goes through JSON and back`() throws {
    let move = Move(to: .init(x: 3, y: 0.5), note: "a/b é 😀")
    let json = try JSONText(encoding: move)
    #expect(json.parse()["to"]?["x"] == 3)
    #expect(json.text.contains("a/b"))
    #expect(try json.decode(Move.self) == move)
    let inferred: Move = try JSONText(#"{"to":{"y":1,"x":2}}"#).decode()
    #expect(inferred == Move(to: .init(x: 2, y: 1)))
  }

  @Test(arguments: [
    ("[]", "the JSON is no Move: the value is no Dictionary<String, Any>"),
    ("{}", "the JSON is no Move: the value has no member 'to'"),
    (#"{"to":{"x":1}}"#, "the JSON is no Move: 'to' has no member 'y'"),
    (#"{"to":{"x":"1","y":1}}"#, "the JSON is no Move: 'to.x' is no Int"),
    (#"{"to":{"x":null,"y":1}}"#, "the JSON is no Move: 'to.x' is null"),
  ])
  func `what does not fit is named`(_ text: String, _ message: String) throws {
    let json = try JSONText(text)
    let error = #expect(throws: HookupError.self) { try json.decode(Move.self) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message == message)
    #expect(error?.cause is DecodingError)
  }

  @Test func `what JSON has no word for is refused`() {
    let error = #expect(throws: HookupError.self) {
      try JSONText(encoding: Move(to: .init(x: 1, y: .infinity)))
    }
    #expect(
      error?.message == "a value of type Move cannot be JSON: 'to.y' holds no value that JSON has")
  }
}
