import HookupCore
import NIOCore
import Testing

/// What the vectors cannot say; the stored forms themselves are in WireVectorTests.
@Suite struct StoredMessageTests {
  @Test func `every kind of message comes back from the outbox, with its timeout`() throws {
    let messages: [Message] = [
      "text", .json(JSONText(unchecked: "[1]")), .binary(ByteBuffer(bytes: [0, 255])),
      Message("text").needsAck(),
      Message.json(JSONText(unchecked: "{}")).needsAck(within: .milliseconds(1)),
      Message.binary(ByteBuffer()).needsAck(within: .seconds(60)),
    ]
    for (index, message) in messages.enumerated() {
      let entry = OutboxEntry(sequence: UInt64(index) + 1, message: message)
      #expect(entry.sequence == UInt64(index) + 1)
      #expect(try entry.message() == message)
    }
  }

  @Test func `binary content is stored as it is, under its flag`() {
    let stored = StoredMessage.encode(Message.binary(ByteBuffer(string: "{}")).needsAck())
    #expect(stored.payload == ByteBuffer(string: "{}"))
    #expect(stored.flags == 1)
    #expect(stored.ackTimeoutMilliseconds == 5_000)
  }

  @Test(arguments: [
    (Duration.milliseconds(1_500), UInt32(1_500)), (.microseconds(1), 1), (.zero, 1),
    (.seconds(-5), 1),
    (.microseconds(1_001), 2), (.seconds(1 << 40), .max),
  ])
  func `a timeout is whole milliseconds, at least one, at most 2^32-1`(
    _ timeout: Duration, _ milliseconds: UInt32
  ) throws {
    let entry = OutboxEntry(sequence: 1, message: Message("x").needsAck(within: timeout))
    #expect(entry.ackTimeoutMilliseconds == milliseconds)
    #expect(try entry.message().ackTimeout == .milliseconds(Int64(milliseconds)))
  }

  @Test func `other flags are not looked at`() throws {
    var entry = OutboxEntry(sequence: 1, message: "x")
    entry.flags |= 0b1010_1010
    #expect(try entry.message() == "x")
  }

  @Test func `what is not of the form is corrupt, and the sentence says what becomes of it`() {
    let entry = OutboxEntry(
      sequence: 1, flags: 0, ackTimeoutMilliseconds: 0, payload: ByteBuffer(string: "{\"a\":1}"))
    let error = #expect(throws: HookupError.self) { try entry.message() }
    #expect(error?.code == .corrupt)
    #expect(error?.message.contains("left where it is") == true)
  }
}
