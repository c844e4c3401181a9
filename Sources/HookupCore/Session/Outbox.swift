import NIOCore

/// One message as the outbox holds it.
public struct OutboxEntry: Hashable, Sendable {
  /// Its number: given when it enters the outbox, counting up from 1, never reused, not reset by a restart.
  public var sequence: UInt64
  /// What the client machine wants back with it; 0...255. Bit 0: the payload is binary.
  public var flags: UInt8
  /// The ack timeout it was sent with, in milliseconds; 0 when it wants no ack.
  public var ackTimeoutMilliseconds: UInt32
  /// Drawn at random when the message was taken in, where a session needs it: tells it from any other of its number. Else 0.
  public var tag: UInt64
  /// The message's content, encoded.
  public var payload: ByteBuffer

  public init(
    sequence: UInt64, flags: UInt8, ackTimeoutMilliseconds: UInt32, tag: UInt64 = 0,
    payload: ByteBuffer
  ) {
    self.sequence = sequence
    self.tag = tag
    self.flags = flags
    self.ackTimeoutMilliseconds = ackTimeoutMilliseconds
    self.payload = payload
  }
}
