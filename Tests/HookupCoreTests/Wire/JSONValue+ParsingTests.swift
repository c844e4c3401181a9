import HookupCore
import NIOCore
import Testing

@Suite struct JSONValueParsingTests {
  @Test func `a tree has every kind of value, in order`() throws {
    let value = try JSONValue(
      parsing: #" {"a":[1,-2.5e3,"x\n",true,false,null,[],{}],"a":{"b":[[]]}} "#)
    #expect(
      value
        == .object(
          JSONObject([
            .init(
              "a",
              .array([
                1, .number(try #require(try JSONValue(parsing: "-2.5e3").numberValue)), "x\n", true,
                false, .null, [], [:],
              ])),
            .init("a", ["b": [[]]]),
          ])))
  }

  @Test(arguments: ["1", #""x""#, "true", "null", "[]", "{}", " 0 "])
  func `a value needs no object around it`(_ text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(try JSONText(value).text == text.filter { $0 != " " })
  }

  @Test(arguments: [
    "", "[", "[1", "[1,", "{", #"{"a"#, #"{"a":"#, "[1]]", "[1}", "{]", "1 2", #"{"a":1,}"#, "[,]",
  ])
  func `what is no JSON is refused`(_ text: String) {
    let error = #expect(throws: HookupError.self) { try JSONValue(parsing: text) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `nesting is bounded as the scanner bounds it`() throws {
    func arrays(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try JSONText(JSONValue(parsing: arrays(128))).text == arrays(128))
    #expect(throws: JSONFault(.tooDeep, at: 128)) {
      try JSONValue(parsing: ByteBuffer(string: arrays(129)))
    }
  }

  @Test func `after an inner container the outer one goes on`() throws {
    let text = #"{"a":{"b":{}},"c":[[1],[2,[3]],4],"d":5}"#
    #expect(try JSONText(JSONValue(parsing: text)).text == text)
  }
}
