import NIOCore
import Testing

@testable import HookupCore

@Suite struct ResumeFormatTests {
  private let format = ResumeFormat()

  @Test func `it is called hookup.resume.v1 and carries acks`() {
    #expect(format.subprotocol == "hookup.resume.v1")
    #expect(format.carriesAcks)
  }

  @Test func `by itself it carries messages past the numbering, of every kind`() throws {
    let contents: [Message.Content] = [
      .text("hi"), .json(JSONText(unchecked: "[1]")), .binary(ByteBuffer(bytes: [0, 255])),
    ]
    for content in contents {
      let frame = try format.encode(.message(content))
      #expect(format.decode(frame) == .message(content))
      #expect(try ResumeFormat.decode(frame) as ResumeFrame == .plain(content))
    }
  }

  @Test func `numbered messages are read as messages, other frames as what they are made of`() {
    func read(_ text: String) -> WireMessage { format.decode(.text(ByteBuffer(string: text))) }
    #expect(
      read(#"{"t":"msg","s":1,"m":"0000000000000001","type":"text","content":"x"}"#)
        == .message(.text("x")))
    let ack = #"{"t":"ack","a":1,"cred":2}"#
    #expect(read(ack) == .message(.json(JSONText(unchecked: ack))))
    #expect(read("plain") == .message(.text("plain")))
    #expect(
      format.decode(.binary(ByteBuffer(bytes: [1]))) == .message(.binary(ByteBuffer(bytes: [1]))))
  }

  @Test func `acks are the session's business`() {
    for message in [WireMessage.ack(id: 1), .ackRequest(id: 1, .text(""))] {
      let error = #expect(throws: HookupError.self) { try format.encode(message) }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func `a reason is cut between two characters at 256 bytes`() {
    let exact = String(repeating: "x", count: 256)
    #expect(ResumeFormat.cut(exact) == exact)
    #expect(ResumeFormat.cut(exact + "x") == exact)
    let wide = String(repeating: "x", count: 254)
    #expect(ResumeFormat.cut(wide + "😀") == wide)
    #expect(ResumeFormat.cut(wide + "éa") == wide + "é")
  }

  @Test func `a frame is read from where its buffer's reader stands`() throws {
    var buffer = ByteBuffer(string: #"xxxx{"t":"msg","type":"json","content":{"a":"b"}}"#)
    buffer.moveReaderIndex(forwardBy: 4)
    #expect(
      try ResumeFormat.decode(.text(buffer)) as ResumeFrame
        == .plain(.json(JSONText(unchecked: #"{"a":"b"}"#))))
  }
}
