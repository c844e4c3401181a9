import HookupCore
import NIOCore
import Testing

@Suite struct OutboxTests {
  private let entry = OutboxEntry(
    sequence: 3, flags: 1, ackTimeoutMilliseconds: 5_000, payload: ByteBuffer(string: "abc"))

  @Test func `an entry is equal to another with the same bytes, wherever they lie`() {
    var shifted = ByteBuffer(string: "xxabc")
    shifted.moveReaderIndex(forwardBy: 2)
    var other = entry
    other.payload = shifted
    #expect(other == entry)
    #expect(Set([entry, other]).count == 1)
  }

  @Test func `every part of an entry tells it from others`() {
    for change: (inout OutboxEntry) -> Void in [
      { $0.sequence += 1 }, { $0.flags = 0 }, { $0.ackTimeoutMilliseconds = 0 },
      { $0.payload = ByteBuffer(string: "abd") },
    ] {
      var other = entry
      change(&other)
      #expect(other != entry)
    }
  }

  @Test func `a message goes in and comes out`() throws {
    let message = Message("hello").needsAck(within: .seconds(2))
    let entry = OutboxEntry(sequence: 9, message: message)
    #expect(entry.sequence == 9)
    #expect(entry.ackTimeoutMilliseconds == 2_000)
    #expect(entry.flags == 0)
    #expect(try entry.message() == message)
  }
}
