import HookupEngine
import NIOCore
import Testing

@testable import hookup_bench

@Suite struct AckRequestTemplateTests {
  @Test func `ids count up from one, over every change of length`() throws {
    var template = AckRequestTemplate(bytes: 20)
    let format = JSONProtocolFormat()
    for expected in 1...1_234 as ClosedRange<UInt64> {
      guard case .ackRequest(let id, .text(let text)) = format.decode(.text(template.next())) else {
        Issue.record("no ack_request at \(expected)")
        return
      }
      #expect(id == expected)
      #expect(text.utf8.count == 20)
    }
  }

  @Test func `it is written as the format writes it`() throws {
    var template = AckRequestTemplate(bytes: 16)
    let text = String(buffer: Stamp.payload(bytes: 16))
    let frame = try JSONProtocolFormat().encode(.ackRequest(id: 1, .text(text)))
    #expect(WireFrame.text(template.next()) == frame)
  }

  @Test(
    arguments: [
      (#"{"type":"ack","id":1}"#, 1), (#"{"type":"ack","id":9007199254740992}"#, 1 << 53),
      (#"{"id":17,"type":"ACK"}"#, 17), (#" {"type" : "ack", "id": 4 }"#, 4),
      (#"{"type":"ack","id":12,"x":1}"#, 12),
    ] as [(String, UInt64)])
  func `an ack is read however it is spelled`(_ text: String, _ id: UInt64) {
    #expect(AckFrame.id(in: .text(ByteBuffer(string: text))) == id)
  }

  @Test(arguments: [
    "", "x", #"{"type":"ack","id":0}"#, #"{"type":"ack","id":}"#, #"{"type":"ack","id":1x}"#,
    #"{"type":"ack","id":-1}"#, #"{"type":"ack"}"#, #"{"type":"ack_request","id":1,"content":"a"}"#,
    #"{"type":"ack","id":99999999999999999}"#,
  ])
  func `anything else is no ack`(_ text: String) {
    #expect(AckFrame.id(in: .text(ByteBuffer(string: text))) == nil)
    #expect(AckFrame.id(in: .binary(ByteBuffer(string: #"{"type":"ack","id":1}"#))) == nil)
  }
}
