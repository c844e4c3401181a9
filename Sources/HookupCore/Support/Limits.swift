/// The defaults of every bound in one place. Each is a configuration setting somewhere; none is unbounded.
public enum Limits {
  /// One message on the wire, payload bytes. Larger closes the connection with 1009.
  public static let maximumMessageBytes = 1 << 20
  /// What waits to be written to one peer, bytes: above the high mark no more is taken, below the low mark it goes on.
  public static let sendBufferHighBytes = 1 << 20
  public static let sendBufferLowBytes = 256 << 10
  /// The outbox: bytes and messages; then `send` waits or throws, by configuration.
  public static let outboxBytes = 64 << 20
  public static let outboxMessages = 100_000
  /// Sent and not yet acked on one connection: messages and bytes; then the rest stays in the outbox.
  public static let inFlightMessages = 1_024
  public static let inFlightBytes = 4 << 20
  /// Events (batches of messages) that wait for a reader; then the socket is not read further.
  public static let inboundEvents = 1_024
  /// The nesting of a JSON value; deeper is text, not JSON.
  public static let jsonDepth = 128
}
