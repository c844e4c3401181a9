import HookupCore
import NIOCore
import Testing

/// What the vectors cannot say; the frames themselves are in WireVectorTests.
@Suite struct SimpleJSONFormatTests {
  private let format = SimpleJSONFormat()

  @Test func `it is called simpleJson and carries no acks`() {
    #expect(format.subprotocol == "simpleJson")
    #expect(!format.carriesAcks)
  }

  @Test func `JSON is sent as it is spelled`() throws {
    let frame = try format.encode(.message(.json(try JSONText(" {\"a\": 1} "))))
    #expect(frame == .text(ByteBuffer(string: #"{"a": 1}"#)))
  }

  @Test func `bytes stay bytes, even when they spell JSON`() throws {
    let bytes = ByteBuffer(string: "{}")
    #expect(format.decode(.binary(bytes)) == .message(.binary(bytes)))
    #expect(try format.encode(.message(.binary(bytes))) == .binary(bytes))
  }

  @Test func `wanting an ack is refused with the way out`() {
    let error = #expect(throws: HookupError.self) {
      try format.encode(.ackRequest(id: 1, .text("x")))
    }
    #expect(error?.message.contains("use jsonProtocol") == true)
  }
}
