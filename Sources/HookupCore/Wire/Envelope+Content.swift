import NIOCore

extension Envelope {
  /// What is in the envelope: of `text` a string under `content`, of `json` any value under `content`; nil of any other
  /// type, and when that member is missing or of another kind.
  package func content(in bytes: ByteBuffer) -> Message.Content? {
    switch type {
    case .text: content.flatMap { Self.text($0.slot, in: bytes) }
    case .json: content.flatMap { json($0.slot.spelledRange, in: bytes) }
    default: nil
    }
  }

  /// What `payload` of an `ack_request` or `needs_ack` holds: a bare string is text; an envelope of type `text` or `json`
  /// is opened; everything else is JSON as it stands. Nil when it is nested too deeply to be JSON.
  package func content(of payload: Payload, in bytes: ByteBuffer) -> Message.Content? {
    if let text = Self.text(payload.slot, in: bytes) { return text }
    if let inner = payload.innerContent {
      switch payload.innerType {
      case .text: if let text = Self.text(inner, in: bytes) { return text }
      case .json: return json(inner.spelledRange, in: bytes)
      default: break
      }
    }
    return json(payload.slot.range, in: bytes)
  }

  /// The value at `range` as it is spelled; nil when it is nested deeper than ``Limits/jsonDepth``.
  package func json(_ range: Range<Int>, in bytes: ByteBuffer) -> Message.Content? {
    let value = bytes.part(range)
    // Only the envelope's own levels can take the frame beyond the limit and leave the value within it.
    if depth <= Limits.jsonDepth { return .json(JSONText(unchecked: value)) }
    return (try? JSONText(validating: value)).map(Message.Content.json)
  }

  private static func text(_ slot: JSONSlot, in bytes: ByteBuffer) -> Message.Content? {
    guard slot.kind == .string else { return nil }
    return .text(JSONString.decode(slot, in: bytes.readableBytesUInt8Span))
  }

  /// Appends `content` in its envelope, compactly.
  /// - Throws: ``HookupError/Code/invalidArgument`` for bytes.
  package static func write(
    _ content: Message.Content, to buffer: inout ByteBuffer
  ) throws(HookupError) {
    switch content {
    case .text(let text):
      buffer.writeStaticString(#"{"type":"text","content":"#)
      JSONString.write(text, to: &buffer)
    case .json(let json):
      buffer.writeStaticString(#"{"type":"json","content":"#)
      buffer.writeImmutableBuffer(json.bytes)
    case .binary:
      throw HookupError(
        .invalidArgument,
        "jsonProtocol cannot carry binary messages: send text or JSON (bytes as base64), or use simpleJson"
      )
    }
    buffer.writeInteger(UInt8(ascii: "}"))
  }

  /// The bytes to set aside for `content` and what goes around it.
  package static func expectedBytes(_ content: Message.Content) -> Int {
    switch content {
    case .text(let text): text.utf8.count + 96
    case .json(let json): json.bytes.readableBytes + 96
    case .binary(let bytes): bytes.readableBytes
    }
  }
}
