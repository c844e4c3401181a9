import Testing

@testable import HookupCore

@Suite struct ChatFieldsTests {
  private func fields(_ text: String) throws -> ChatFields { try ChatFields(JSONText(text)) }

  @Test func `null and a missing field are the same`() throws {
    let fields = try fields(#"{"a":null}"#)
    #expect(try fields.optionalString("a") == nil)
    #expect(try fields.optionalNumber("b") == nil)
    #expect(throws: ChatRefusal.self) { try fields.string("a") }
  }

  @Test(
    arguments: [
      ("0", 0), ("9007199254740991", 9_007_199_254_740_991), ("-0", 0),
    ] as [(String, UInt64)])
  func `a whole number up to 2^53 - 1 is read`(text: String, number: UInt64) throws {
    #expect(try fields(#"{"n":\#(text)}"#).number("n") == number)
  }

  @Test(arguments: ["-1", "9007199254740992", "1e3", "1.0", "\"1\"", "true", "[]"])
  func `any other number is refused by name`(text: String) throws {
    let fields = try fields(#"{"n":\#(text)}"#)
    let refusal = #expect(throws: ChatRefusal.self) { try fields.number("n") }
    #expect(refusal?.message.contains("'n'") == true)
  }

  @Test func `a time is ISO 8601`() throws {
    #expect(try fields(#"{"t":"1970-01-01T00:00:01Z"}"#).time("t") == 1_000)
    #expect(throws: ChatRefusal.self) { try fields(#"{"t":"noon"}"#).time("t") }
  }
}
