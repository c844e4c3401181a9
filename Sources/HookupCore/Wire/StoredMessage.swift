import NIOCore

/// How a message lies in the outbox: text and JSON in their `jsonProtocol` envelope, within
/// `{"type":"needs_ack","timeout":ms,"content":…}` when they want an ack, as the original stores them; bytes as they are,
/// under a flag.
package enum StoredMessage {
  /// ``OutboxEntry/flags``: the payload is the bytes of a binary message.
  package static let binaryFlag: UInt8 = 1

  /// What of an ``OutboxEntry`` comes from the message.
  package struct Encoded: Hashable, Sendable {
    package var payload: ByteBuffer
    package var flags: UInt8
    /// The ack timeout in whole milliseconds, rounded up to at least 1 and cut off at 2^32-1 (49 days); 0 for none.
    package var ackTimeoutMilliseconds: UInt32
  }

  package static func encode(_ message: Message) -> Encoded {
    let timeout = message.ackTimeout.map(milliseconds) ?? 0
    if case .binary(let bytes) = message.content {
      return Encoded(payload: bytes, flags: binaryFlag, ackTimeoutMilliseconds: timeout)
    }
    var payload = ByteBufferAllocator().buffer(
      capacity: Envelope.expectedBytes(message.content))
    if timeout > 0 {
      payload.writeStaticString(#"{"type":"needs_ack","timeout":"#)
      payload.writeString(String(timeout))
      payload.writeStaticString(#","content":"#)
    }
    // Cannot throw: only bytes are refused, and they are not here.
    try? Envelope.write(message.content, to: &payload)
    if timeout > 0 { payload.writeInteger(UInt8(ascii: "}")) }
    return Encoded(payload: payload, flags: 0, ackTimeoutMilliseconds: timeout)
  }

  /// Reads what ``encode(_:)`` made. Flags other than ``binaryFlag`` are not looked at. The timeout within the payload
  /// goes before the one beside it, which is what binary messages have.
  /// - Throws: ``HookupError/Code/corrupt`` when `payload` is not of that form.
  package static func decode(
    payload: ByteBuffer, flags: UInt8, ackTimeoutMilliseconds: UInt32
  ) throws(HookupError) -> Message {
    let timeout: Duration? =
      ackTimeoutMilliseconds == 0 ? nil : .milliseconds(Int64(ackTimeoutMilliseconds))
    if flags & binaryFlag != 0 { return Message(.binary(payload), ackTimeout: timeout) }
    guard let envelope = try? Envelope(payload.readableBytesUInt8Span) else { throw unreadable }
    if envelope.type == .needsAck {
      guard let milliseconds = envelope.timeout, let inner = envelope.content,
        let content = envelope.content(of: inner, in: payload)
      else { throw unreadable }
      return Message(content, ackTimeout: .milliseconds(Int64(milliseconds)))
    }
    guard let content = envelope.content(in: payload) else { throw unreadable }
    return Message(content, ackTimeout: timeout)
  }

  private static func milliseconds(_ timeout: Duration) -> UInt32 {
    let whole = timeout.wholeMilliseconds
    let rounded = Duration.milliseconds(whole) < timeout ? whole + 1 : whole
    return UInt32(clamping: max(1, rounded))
  }

  private static var unreadable: HookupError {
    HookupError(
      .corrupt,
      "a message in the outbox is not of a form this version can read; it is left where it is")
  }
}

extension OutboxEntry {
  /// `message` as the entry with number `sequence`.
  package init(sequence: UInt64, message: Message) {
    let stored = StoredMessage.encode(message)
    self.init(
      sequence: sequence, flags: stored.flags,
      ackTimeoutMilliseconds: stored.ackTimeoutMilliseconds, payload: stored.payload)
  }

  /// The message in it.
  /// - Throws: ``HookupError/Code/corrupt``.
  package func message() throws(HookupError) -> Message {
    try StoredMessage.decode(
      payload: payload, flags: flags, ackTimeoutMilliseconds: ackTimeoutMilliseconds)
  }
}
