import HookupCore
import NIOCore
import Testing

@Suite struct JSONScannerTests {
  private func validate(_ text: String) throws(JSONFault) -> (JSONScanner.Kind, Range<Int>) {
    try JSONScanner.validate(ByteBuffer(string: text).readableBytesUInt8Span)
  }

  private func fault(_ text: String) -> JSONFault? {
    do {
      _ = try validate(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("{}", JSONScanner.Kind.object), ("[]", .array), (#""a""#, .string), ("0", .number),
    ("true", .bool), ("false", .bool), ("null", .null),
  ])
  func `each kind of value is found with its range`(_ text: String, _ kind: JSONScanner.Kind) throws
  {
    let bare = try validate(text)
    #expect(bare == (kind, 0..<text.utf8.count))
    let spaced = try validate(" \t\r\n\(text)\n ")
    #expect(spaced == (kind, 4..<4 + text.utf8.count))
  }

  @Test(arguments: [
    ("", JSONFault.Reason.unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[", .unexpectedEnd, 1),
    ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("{", .unexpectedEnd, 1),
    (#"{"a""#, .unexpectedEnd, 4), (#"{"a":"#, .unexpectedEnd, 5), (#"{"a":1,"#, .unexpectedEnd, 7),
    ("]", .expectedValue, 0), ("[,1]", .expectedValue, 1), ("[1,]", .expectedValue, 3),
    ("{1:2}", .expectedKey, 1), (#"{"a":1,}"#, .expectedKey, 7), (#"{"a" 1}"#, .expectedColon, 5),
    ("[1 2]", .expectedCommaOrEnd, 3), (#"{"a":1 "b":2}"#, .expectedCommaOrEnd, 7),
    ("[1}", .expectedCommaOrEnd, 2), (#"{"a":[1}]"#, .expectedCommaOrEnd, 7),
    ("1 1", .trailingBytes, 2), ("{}}", .trailingBytes, 2), ("\u{FEFF}1", .expectedValue, 0),
  ])
  func `a fault says what was wrong, and where`(
    _ text: String, _ reason: JSONFault.Reason, _ offset: Int
  ) {
    #expect(fault(text) == JSONFault(reason, at: offset))
  }

  @Test func `nesting is bounded by its own limit, at any mixture of arrays and objects`() {
    let limit = Limits.jsonDepth
    #expect(limit == 128)
    func arrays(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    func mixed(_ depth: Int) -> String {
      (0..<depth).reduce("0") { $1.isMultiple(of: 2) ? "[\($0),1]" : #"{"k":\#($0),"l":[]}"# }
    }
    #expect(fault(arrays(limit)) == nil)
    #expect(fault(arrays(limit + 1)) == JSONFault(.tooDeep, at: limit))
    #expect(fault(mixed(limit - 1)) == nil)
    #expect(fault(mixed(limit + 1))?.reason == .tooDeep)
    #expect(fault(String(repeating: "[", count: 1_000_000)) == JSONFault(.tooDeep, at: limit))
  }

  @Test func `wide is not deep`() {
    let siblings = String(repeating: "[{}],", count: 1_000)
    #expect(fault("[\(siblings)0]") == nil)
  }

  @Test func `a value is passed over from where the scanner stands, and the depth is counted`()
    throws
  {
    let bytes = ByteBuffer(string: #"{"a":[1,{"b":2}],"c":3}"#)
    var scanner = JSONScanner(at: 5)
    let kind = try scanner.skipValue(bytes.readableBytesUInt8Span, inside: 1)
    #expect(kind == .array)
    #expect(scanner.index == 16)
    #expect(scanner.deepest == 3)
  }

  @Test func `a key is given as it lies, past its colon and the space around it`() throws {
    let bytes = ByteBuffer(string: #""k\n" : 1"#)
    var scanner = JSONScanner()
    let key = try scanner.skipKey(bytes.readableBytesUInt8Span)
    #expect(key == JSONSlot(.string, 1..<4, hasEscapes: true))
    #expect(scanner.index == 8)
  }
}
