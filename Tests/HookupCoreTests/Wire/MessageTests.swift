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

  @Test func `what is kept for later lets go of a large buffer that it is a small part of`() throws
  {
    var received = ByteBuffer()
    received.writeRepeatingByte(0, count: 100_000)
    received.writeString("[1,2]")
    let slice = try #require(received.getSlice(at: 100_000, length: 5))
    for content in [Message.Content.binary(slice), .json(JSONText(unchecked: slice))] {
      #expect(content.detached == content)
    }
    #expect(slice.storageCapacity > 100_000)
    #expect(slice.detached == slice)
    #expect(slice.detached.storageCapacity < 100)
    // A large part keeps the storage: that costs no copy.
    #expect(received.detached.storageCapacity == received.storageCapacity)
  }
}
