import HookupCore
import NIOCore
import Testing

@Suite struct JSONTextTests {
  @Test func `valid text is kept as it is spelled, without the white space around it`() throws {
    let json = try JSONText(" \n{\"a\" : 1.0}\t")
    #expect(json.text == #"{"a" : 1.0}"#)
    #expect("\(json)" == json.text)
    #expect(json == JSONText(unchecked: #"{"a" : 1.0}"#))
    #expect(json != JSONText(unchecked: #"{"a":1.0}"#))
  }

  @Test func `invalid text is refused with its place`() {
    let error = #expect(throws: HookupError.self) { try JSONText(#"{"a":01}"#) }
    #expect(error == HookupError(.invalidArgument, "not JSON: at byte 5, a number is malformed"))
    #expect(throws: HookupError.self) { try JSONText("") }
    #expect(throws: HookupError.self) { try JSONText("{} {}") }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: HookupError.self) {
      try JSONText(validating: ByteBuffer(bytes: [0x22, 0xFF, 0x22]))
    }
  }

  @Test func `a part of a buffer is shared, not copied, and counted from its reader`() throws {
    var buffer = ByteBuffer(string: "skip [1,2] ")
    buffer.moveReaderIndex(forwardBy: 4)
    let json = try JSONText(validating: buffer)
    #expect(json.text == "[1,2]")
  }

  @Test func `a tree becomes text and text a tree`() throws {
    let value: JSONValue = ["a": [1, 2.5, "x\"y", true, nil], "b": [:]]
    let json = try JSONText(value)
    #expect(json.text == #"{"a":[1,2.5,"x\"y",true,null],"b":{}}"#)
    #expect(json.parse() == value)
  }

  @Test func `a tree deeper than the limit is refused, one at the limit is not`() throws {
    func nested(_ depth: Int) -> JSONValue {
      (0..<depth).reduce(JSONValue.null) { inner, level in
        level.isMultiple(of: 2) ? .array([inner]) : ["k": inner]
      }
    }
    let deepest = try JSONText(nested(Limits.jsonDepth))
    #expect(deepest.parse() == nested(Limits.jsonDepth))
    let error = #expect(throws: HookupError.self) { try JSONText(nested(Limits.jsonDepth + 1)) }
    #expect(error?.message == "the JSON value is nested deeper than 128 levels")
  }
}
