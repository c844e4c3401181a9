import HookupCore
import NIOCore
import Testing

@Suite struct MessageTests {
  @Test func `a message is text, JSON or bytes, and wants no ack unless told`() {
    let text: Message = "hello"
    #expect(text == .text("hello"))
    #expect(text.content == .text("hello"))
    #expect(text.ackTimeout == nil)
    #expect(Message.json(JSONText(unchecked: "1")).content == .json(JSONText(unchecked: "1")))
    #expect(Message.binary(ByteBuffer(bytes: [1])).content == .binary(ByteBuffer(bytes: [1])))
  }

  @Test func `needsAck gives a copy that wants an ack, within 5 s unless told`() {
    let plain = Message.text("x")
    #expect(plain.needsAck().ackTimeout == .seconds(5))
    #expect(plain.needsAck(within: .milliseconds(250)).ackTimeout == .milliseconds(250))
    #expect(plain.needsAck().content == plain.content)
    #expect(plain.ackTimeout == nil)
    #expect(plain.needsAck() != plain)
  }
}
