import HookupCore
import NIOCore
import Testing

/// What the vectors cannot say; the frames themselves are in WireVectorTests.
@Suite struct JSONProtocolFormatTests {
  private let format = JSONProtocolFormat()

  @Test func `it is called jsonProtocol and carries acks`() {
    #expect(format.subprotocol == "jsonProtocol")
    #expect(format.carriesAcks)
  }

  @Test func `a conversation: a message, one that wants an ack, and the ack`() throws {
    let sent: [WireMessage] = [
      .message(.text("hello")), .ackRequest(id: 1, .json(try JSONText(#"{"to": "ops"}"#))),
      .ack(id: 1),
    ]
    let frames = try sent.map { try format.encode($0) }
    #expect(
      frames == [
        .text(ByteBuffer(string: #"{"type":"text","content":"hello"}"#)),
        .text(
          ByteBuffer(
            string:
              #"{"type":"ack_request","id":1,"content":{"type":"json","content":{"to": "ops"}}}"#)),
        .text(ByteBuffer(string: #"{"type":"ack","id":1}"#)),
      ])
    #expect(frames.map(format.decode) == sent)
  }

  @Test func `a frame is read from where its buffer's reader stands`() {
    var buffer = ByteBuffer(string: #"xxxx{"type":"json","content":{"a":"b"}}"#)
    buffer.moveReaderIndex(forwardBy: 4)
    #expect(format.decode(.text(buffer)) == .message(.json(JSONText(unchecked: #"{"a":"b"}"#))))
  }

  @Test func `bytes cannot be sent, with or without an ack`() {
    let bytes = Message.Content.binary(ByteBuffer(bytes: [1]))
    for message in [WireMessage.message(bytes), .ackRequest(id: 1, bytes)] {
      let error = #expect(throws: HookupError.self) { try format.encode(message) }
      #expect(
        error?.message
          == "jsonProtocol cannot carry binary messages: send text or JSON (bytes as base64), or use simpleJson"
      )
    }
  }

  @Test func `an id that a peer could not read is refused by name`() {
    for id: UInt64 in [0, .max, Envelope.maximumNumber + 1] {
      let error = #expect(throws: HookupError.self) { try format.encode(.ack(id: id)) }
      #expect(error?.message.hasPrefix("\(id) cannot be the id") == true)
    }
  }

  @Test(arguments: [0, 9, 10, 99, 100, 1 << 53, .max] as [UInt64])
  func `numbers are written in decimal`(number: UInt64) {
    var buffer = ByteBuffer(string: "x")
    buffer.writeDecimal(number)
    #expect(String(buffer: buffer) == "x\(number)")
  }
}
