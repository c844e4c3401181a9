import HookupCore
import NIOCore
import Testing

@Suite struct EnvelopeContentTests {
  private func content(_ text: String) throws -> Message.Content? {
    let bytes = ByteBuffer(string: text)
    return try Envelope(bytes.readableBytesUInt8Span).content(in: bytes)
  }

  private func payload(_ text: String) throws -> Message.Content? {
    let bytes = ByteBuffer(string: #"{"content":\#(text)}"#)
    let envelope = try Envelope(bytes.readableBytesUInt8Span)
    return envelope.content(of: try #require(envelope.content), in: bytes)
  }

  @Test func `text and json have content, nothing else has`() throws {
    #expect(try content(#"{"type":"text","content":"a\tb"}"#) == .text("a\tb"))
    #expect(
      try content(#"{"type":"json","content":"a\tb"}"#) == .json(JSONText(unchecked: #""a\tb""#)))
    #expect(try content(#"{"type":"text","content":1}"#) == nil)
    #expect(try content(#"{"type":"text"}"#) == nil)
    #expect(try content(#"{"type":"json","message":1}"#) == nil)
    #expect(try content(#"{"type":"ack","content":"x"}"#) == nil)
  }

  @Test func `a payload is a bare string, an envelope, or JSON as it stands`() throws {
    #expect(try payload(#""bare""#) == .text("bare"))
    #expect(try payload(#"{"type":"TEXT","content":"x"}"#) == .text("x"))
    #expect(try payload(#"{"type":"json","content":[ 1]}"#) == .json(JSONText(unchecked: "[ 1]")))
    for bare in [
      "[1]", "17", "null", #"{"a":1}"#, #"{"type":"text","content":1}"#, #"{"type":"ack"}"#,
    ] {
      #expect(try payload(bare) == .json(JSONText(unchecked: bare)))
    }
  }

  @Test func `a part that is deeper than JSON may be is none`() throws {
    let deep = String(repeating: #"{"a":"#, count: 129) + "1" + String(repeating: "}", count: 129)
    let bytes = ByteBuffer(string: #"{"content":\#(deep)}"#)
    let envelope = try Envelope(bytes.readableBytesUInt8Span)
    #expect(envelope.depth == 130)
    #expect(envelope.content(of: try #require(envelope.content), in: bytes) == nil)
    #expect(envelope.json(envelope.range, in: bytes) == nil)
  }

  @Test func `content is written in its envelope, without white space`() throws {
    var buffer = ByteBuffer(string: ">")
    try Envelope.write(.text("\"é\""), to: &buffer)
    try Envelope.write(.json(JSONText(unchecked: "[1, 2]")), to: &buffer)
    #expect(
      String(buffer: buffer)
        == #">{"type":"text","content":"\"é\""}{"type":"json","content":[1, 2]}"#)
  }

  @Test func `bytes are refused with the way out`() {
    var buffer = ByteBuffer()
    let error = #expect(throws: HookupError.self) {
      try Envelope.write(.binary(ByteBuffer(string: "x")), to: &buffer)
    }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("simpleJson") == true)
  }

  @Test func `the bytes set aside are enough for all but text that is escaped`() throws {
    for content in [Message.Content.text("hello"), .json(JSONText(unchecked: "[1,2,3]"))] {
      let frame = try JSONProtocolFormat().encode(.ackRequest(id: 1 << 53, content))
      guard case .text(let bytes) = frame else { return #expect(Bool(false)) }
      #expect(bytes.readableBytes <= Envelope.expectedBytes(content))
    }
  }
}
