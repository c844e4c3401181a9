import NIOCore
import Testing

@testable import HookupCore

@Suite struct ResumeMembersTests {
  private func members(_ text: String) throws -> ResumeMembers {
    let bytes = Array(text.utf8)
    return try ResumeMembers(bytes.span)
  }

  @Test func `a member is where it lies, the last of its key`() throws {
    let members = try members(#" {"s":1,"content":{"s":2},"s":30 , "m":"ab"} "#)
    #expect(members.s == JSONSlot(.number, 30..<32))
    #expect(members.content == JSONSlot(.object, 18..<25))
    #expect(members.m == JSONSlot(.string, 40..<42))
    #expect(members.t == nil)
  }

  @Test(arguments: [#"{"\u0073":1}"#, #"{ "\u0073" :1}"#])
  func `a key may be spelled with escapes`(text: String) throws {
    #expect(try members(text).s?.kind == .number)
  }

  @Test(arguments: [
    #"{"S":1}"#, #"{"":1}"#, #"{"s\u0000":1}"#, #"{"ss":1}"#, #"{"contents":1}"#, #"{"é":1}"#,
    #"{"\u0073\u0000":1}"#, "{}",
  ])
  func `any other key is passed over`(text: String) throws {
    let members = try members(text)
    #expect(members.s == nil && members.content == nil)
  }

  @Test(arguments: [
    "", "{", "[]", #"{"s"}"#, #"{"s":}"#, #"{"s":1"#, #"{"s":1}}"#, #"{"s":1,}"#, #"{"s"#,
    #"{s:1}"#, "{\"s\n\":1}", #"{"s":01}"#,
  ])
  func `what is no JSON object is a fault`(text: String) {
    #expect(throws: JSONFault.self) { try members(text) }
  }

  @Test func `a member may be nested as deep as any JSON, and no deeper`() throws {
    func nested(_ depth: Int) -> String {
      #"{"content":"# + String(repeating: "[", count: depth)
        + String(repeating: "]", count: depth) + "}"
    }
    #expect(try members(nested(Limits.jsonDepth)).content?.kind == .array)
    #expect(throws: JSONFault.self) { try members(nested(Limits.jsonDepth + 1)) }
  }
}
