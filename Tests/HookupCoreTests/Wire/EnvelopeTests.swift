import HookupCore
import NIOCore
import Testing

@Suite struct EnvelopeTests {
  private func envelope(_ text: String) throws(JSONFault) -> Envelope {
    try Envelope(ByteBuffer(string: text).readableBytesUInt8Span)
  }

  @Test func `an ack_request is found with its payload and its inner envelope`() throws {
    let text = #" {"type":"ack_request","id":17,"content":{"type":"text","content":"hi"}} "#
    let envelope = try envelope(text)
    #expect(envelope.type == .ackRequest)
    #expect(envelope.id == 17)
    #expect(
      envelope.content
        == Envelope.Payload(
          slot: JSONSlot(.object, 41..<71), innerType: .text,
          innerContent: JSONSlot(.string, 67..<69)))
    #expect(envelope.message == nil)
    #expect(envelope.range == 1..<72)
    #expect(envelope.depth == 2)
  }

  @Test(arguments: [
    ("text", Envelope.FrameType.text), ("JSON", .json), ("Ack", .ack), ("ACK_REQUEST", .ackRequest),
    ("needs_ack", .needsAck), ("Needs_Ack", .needsAck), ("ack-request", .other), ("", .other),
    ("ack ", .other), ("tex", .other), ("needs_ac!", .other), ("ack_requesT", .ackRequest),
    ("ack_requess", .other), ("4e84", .other), (#"\u0074ext"#, .text), (#"t\u0045xt"#, .text),
  ])
  func `a type is one of five words in any case`(_ word: String, _ type: Envelope.FrameType) throws
  {
    #expect(try envelope(#"{"type":"\#(word)"}"#).type == type)
  }

  @Test func `each byte of a type matters`() throws {
    for word in ["text", "json", "ack", "ack_request", "needs_ack"] {
      let letters = Array(word.utf8)
      for position in letters.indices {
        for byte in UInt8(0x23)..<0x7F where byte != UInt8(ascii: "\\") {
          var changed = letters
          changed[position] = byte
          let spelled = String(decoding: changed, as: UTF8.self)
          let isSame = spelled.lowercased() == word
          #expect((try envelope(#"{"type":"\#(spelled)"}"#).type != .other) == isSame, "\(spelled)")
        }
      }
    }
  }

  @Test(arguments: [
    ("1", UInt64?(1)), ("9007199254740992", 9_007_199_254_740_992), ("9007199254740993", nil),
    ("0", nil), ("-1", nil), ("1.0", nil), ("1e1", nil), (#""1""#, nil), ("null", nil),
    ("[1]", nil),
    ("10000000000000000", nil), ("99999999999999999999", nil),
  ])
  func `an id is a whole number from 1 to 2^53`(_ text: String, _ id: UInt64?) throws {
    #expect(try envelope(#"{"id":\#(text)}"#).id == id)
    #expect(try envelope(#"{"timeout":\#(text)}"#).timeout == id)
  }

  @Test func `keys that only begin or end like known ones are other keys`() throws {
    let found = try envelope(
      #"{"types":"text","typ":"text","ids":1,"i":1,"contents":1,"conten":1,"messages":1,"":1,"content ":1}"#
    )
    #expect(found.type == .other)
    #expect(found.id == nil)
    #expect(found.content == nil)
    #expect(found.message == nil)
  }

  @Test func `the last of equal keys counts, even when it means nothing`() throws {
    #expect(try envelope(#"{"type":"ack","type":1}"#).type == .other)
    #expect(try envelope(#"{"id":5,"id":null}"#).id == nil)
    let payload = try envelope(#"{"content":{"type":"text","content":"a"},"content":[]}"#).content
    #expect(payload == Envelope.Payload(slot: JSONSlot(.array, 51..<53)))
  }

  @Test(arguments: [
    "", "[]", "1", #""x""#, "{", #"{"type""#, #"{"type":}"#, #"{"type":"text""#,
    #"{"content":{"a":}}"#,
    #"{"content":{"type":"text",}}"#, #"{"a":1}x"#, #"{"content":{"content":[}}"#, #"{"type" "x"}"#,
    #"{"content"}"#, #"{"id":1"id":2}"#, #"{"content":"#, #"{"id":"#,
  ])
  func `what is no object is no envelope`(_ text: String) {
    #expect(throws: JSONFault.self) { try self.envelope(text) }
  }

  @Test func `every prefix of an envelope is refused, and none traps`() throws {
    let text =
      #"{"type":"ack_request","id":12,"timeout":5,"x":[{}],"message":{"type":"json","content":{"a":[1]}}}"#
    _ = try envelope(text)
    for length in 0..<text.utf8.count {
      let prefix = String(decoding: text.utf8.prefix(length), as: UTF8.self)
      #expect(throws: JSONFault.self, "\(prefix)") { try self.envelope(prefix) }
    }
  }
}
