import NIOCore

extension ResumeFormat {
  /// Renders a frame, compactly, its keys in the order of the page Protocol.
  /// - Throws: ``HookupError/Code/invalidArgument`` when a number is beyond 2^53 - 1 or a message's 0, when a hello has no
  ///   client or holds more than it can, or refusals that do not rise.
  package static func encode(_ frame: ResumeFrame) throws(HookupError) -> WireFrame {
    switch frame {
    case .numbered(let message):
      return try encodeNumbered(
        sequence: message.sequence, tag: message.tag, isRedelivered: message.isRedelivered,
        content: message.content)
    case .plain(let content):
      var buffer = ByteBufferAllocator().buffer(capacity: expectedBytes(content))
      buffer.writeStaticString(#"{"t":"msg","#)
      writeContent(content, to: &buffer)
      return .text(buffer)
    case .ack(let through, let credit):
      try check(through, "a")
      try check(credit, "cred")
      var buffer = ByteBufferAllocator().buffer(capacity: 64)
      buffer.writeStaticString(#"{"t":"ack","a":"#)
      buffer.writeDecimal(through)
      buffer.writeStaticString(#","cred":"#)
      buffer.writeDecimal(credit)
      buffer.writeInteger(UInt8(ascii: "}"))
      return .text(buffer)
    case .nack(let sequence, let reason):
      try check(sequence, "s", from: 1)
      return object("nack") { writer in
        writer.member("s", sequence)
        writer.member("why", cut(reason))
      }
    case .skip(let through, let tag, let reason):
      try check(through, "to")
      return object("skip") { writer in
        writer.member("to", through)
        writer.member("m", hex(tag))
        writer.member("why", reason.rawValue)
      }
    case .bye(let bye): return try object(bye)
    case .hello(let hello):
      guard let client = hello.client else {
        throw HookupError(.invalidArgument, "a hello without its client's id cannot be sent")
      }
      return try object("hello", hello, client)
    case .welcome(let hello): return try object("welcome", hello, nil)
    }
  }

  /// Renders a numbered message.
  /// - Throws: ``HookupError/Code/invalidArgument`` unless `sequence` is 1 to 2^53 - 1.
  package static func encodeNumbered(
    sequence: UInt64, tag: UInt64, isRedelivered: Bool = false, content: Message.Content
  ) throws(HookupError) -> WireFrame {
    try check(sequence, "s", from: 1)
    var buffer = ByteBufferAllocator().buffer(capacity: expectedBytes(content))
    writeHead(sequence, tag, isRedelivered, to: &buffer)
    writeContent(content, to: &buffer)
    return .text(buffer)
  }

  /// Renders a numbered message from its form in the outbox, ``StoredMessage``: text and JSON are copied as they lie there.
  /// - Throws: ``HookupError/Code/invalidArgument`` unless `sequence` is 1 to 2^53 - 1; ``HookupError/Code/corrupt`` when
  ///   `payload` is not of that form.
  package static func encodeNumbered(
    sequence: UInt64, tag: UInt64, isRedelivered: Bool = false, stored payload: ByteBuffer,
    flags: UInt8
  ) throws(HookupError) -> WireFrame {
    guard flags & StoredMessage.binaryFlag == 0, let range = storedMembers(of: payload) else {
      let message = try StoredMessage.decode(
        payload: payload, flags: flags, ackTimeoutMilliseconds: 0)
      return try encodeNumbered(
        sequence: sequence, tag: tag, isRedelivered: isRedelivered, content: message.content)
    }
    try check(sequence, "s", from: 1)
    var buffer = ByteBufferAllocator().buffer(capacity: range.count + 96)
    writeHead(sequence, tag, isRedelivered, to: &buffer)
    buffer.writeImmutableBuffer(payload.part(range))
    buffer.writeInteger(UInt8(ascii: "}"))
    return .text(buffer)
  }

  /// Where `"type":…,"content":…` lies in a payload that is spelled as ``StoredMessage`` spells it; nil in any other.
  private static func storedMembers(of payload: ByteBuffer) -> Range<Int>? {
    let bytes = payload.readableBytesUInt8Span
    var start = 0
    var end = bytes.count - 1
    if bytes.holds(#"{"type":"needs_ack","timeout":"#, at: 0) {
      start = 30
      while start < bytes.count, bytes[start] &- UInt8(ascii: "0") < 10 { start += 1 }
      guard bytes.holds(#","content":"#, at: start) else { return nil }
      start += 11
      end -= 1
      guard end > start, bytes[end + 1] == UInt8(ascii: "}") else { return nil }
    }
    guard
      bytes.holds(#"{"type":"text","content":"#, at: start)
        || bytes.holds(#"{"type":"json","content":"#, at: start),
      end > start + 25, bytes[end] == UInt8(ascii: "}")
    else { return nil }
    return start + 1..<end
  }

  private static func writeHead(
    _ sequence: UInt64, _ tag: UInt64, _ isRedelivered: Bool, to buffer: inout ByteBuffer
  ) {
    buffer.writeStaticString(#"{"t":"msg","s":"#)
    buffer.writeDecimal(sequence)
    buffer.writeStaticString(#","m":""#)
    buffer.writeHexadecimal(tag)
    buffer.writeStaticString(isRedelivered ? #"","r":1,"# : #"","#)
  }

  /// Appends the last two members and the closing brace.
  private static func writeContent(_ content: Message.Content, to buffer: inout ByteBuffer) {
    switch content {
    case .text(let text):
      buffer.writeStaticString(#""type":"text","content":"#)
      JSONString.write(text, to: &buffer)
    case .json(let json):
      buffer.writeStaticString(#""type":"json","content":"#)
      buffer.writeImmutableBuffer(json.bytes)
    case .binary(let bytes):
      buffer.writeStaticString(#""type":"bin","content":""#)
      Base64.write(bytes.readableBytesUInt8Span, to: &buffer)
      buffer.writeInteger(UInt8(ascii: "\""))
    }
    buffer.writeInteger(UInt8(ascii: "}"))
  }

  /// The bytes to set aside for a message.
  private static func expectedBytes(_ content: Message.Content) -> Int {
    switch content {
    case .text(let text): text.utf8.count + 112
    case .json(let json): json.bytes.readableBytes + 112
    case .binary(let bytes): bytes.readableBytes / 3 * 4 + 116
    }
  }
}

extension ResumeFormat {
  private static func object(_ bye: ResumeFrame.Bye) throws(HookupError) -> WireFrame {
    if let after = bye.after {
      try check(UInt64(clamping: after.upperBound), "after")
      guard after.lowerBound >= 0 else {
        throw HookupError(.invalidArgument, "'after' cannot be \(after.lowerBound) ms")
      }
    }
    return object("bye") { writer in
      writer.member("why", cut(bye.reason))
      writer.member("resume", bye.resumes)
      guard let after = bye.after else { return }
      writer.key("after")
      writer.beginArray()
      writer.integer(after.lowerBound)
      writer.integer(after.upperBound)
      writer.endArray()
    }
  }

  private static func object(
    _ type: String, _ hello: SessionHello, _ client: SessionID?
  ) throws(HookupError) -> WireFrame {
    try check(hello)
    return object(type) { writer in
      writer.member("v", SessionHello.version)
      if let client { writer.member("cid", client.text) }
      writer.member("inc", hex(hello.incarnation))
      writer.member("con", hello.connection)
      writer.member("ep", hex(hello.sending.epoch))
      writer.member("lo", hello.sending.low)
      writer.member("hi", hello.sending.high)
      writer.member("acked", hello.sending.acked)
      writer.member("pep", hex(hello.receiving.epoch))
      writer.key("rx")
      if let committed = hello.receiving.committed {
        writer.integer(committed)
      } else {
        writer.null()
      }
      writer.member("m", hex(hello.receiving.tag))
      if !hello.refusals.isEmpty { write(hello.refusals, to: &writer) }
      writer.member("cred", hello.credit)
      writer.member("max", hello.maximumMessageBytes)
    }
  }

  private static func write(_ refusals: [SessionHello.Refusal], to writer: inout JSONWriter) {
    writer.key("nacks")
    writer.beginArray()
    for refusal in refusals {
      writer.beginArray()
      writer.integer(refusal.sequence)
      writer.string(cut(refusal.reason))
      writer.endArray()
    }
    writer.endArray()
  }

  private static func object(
    _ type: String, _ members: (inout JSONWriter) -> Void
  ) -> WireFrame {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("t", type)
    members(&writer)
    writer.endObject()
    return .text(writer.finish())
  }

  private static func check(_ hello: SessionHello) throws(HookupError) {
    try check(hello.connection, "con")
    try check(hello.sending.low, "lo")
    try check(hello.sending.high, "hi")
    try check(hello.sending.acked, "acked")
    try check(hello.receiving.committed ?? 0, "rx")
    try check(hello.credit, "cred")
    guard let maximum = UInt64(exactly: hello.maximumMessageBytes), maximum <= maximumNumber else {
      throw HookupError(.invalidArgument, "'max' cannot be \(hello.maximumMessageBytes) bytes")
    }
    guard hello.sending.low <= hello.sending.high + 1 else {
      throw HookupError(
        .invalidArgument,
        "'lo' \(hello.sending.low) is more than one above 'hi' \(hello.sending.high)")
    }
    guard hello.refusals.count <= SessionHello.maximumRefusals else {
      throw HookupError(
        .invalidArgument,
        "\(hello.refusals.count) refusals are more than the \(SessionHello.maximumRefusals) that one hello holds"
      )
    }
    var last: UInt64 = 0
    for refusal in hello.refusals {
      try check(refusal.sequence, "nacks", from: last + 1)
      last = refusal.sequence
    }
  }

  @inline(__always)
  private static func check(
    _ number: UInt64, _ field: StaticString, from least: UInt64 = 0
  ) throws(HookupError) {
    guard number >= least, number <= maximumNumber else {
      throw HookupError(
        .invalidArgument,
        "'\(field)' cannot be \(number) in \(Subprotocol.resume): it goes from \(least) to 2^53 - 1"
      )
    }
  }
}

extension Span<UInt8> {
  /// Whether the bytes from `index` begin with `text`.
  @inline(__always)
  fileprivate func holds(_ text: StaticString, at index: Int) -> Bool {
    guard count - index >= text.utf8CodeUnitCount else { return false }
    for offset in 0..<text.utf8CodeUnitCount where self[index + offset] != text.utf8Start[offset] {
      return false
    }
    return true
  }
}

extension ByteBuffer {
  /// Appends 16 lower-case hexadecimal digits.
  @inline(__always)
  fileprivate mutating func writeHexadecimal(_ value: UInt64) {
    writeWithUnsafeMutableBytes(minimumWritableBytes: 16) { space in
      let high = Self.digits(UInt32(truncatingIfNeeded: value >> 32)).bigEndian
      let low = Self.digits(UInt32(truncatingIfNeeded: value)).bigEndian
      space.storeBytes(of: high, as: UInt64.self)
      space.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
      return 16
    }
  }

  /// Eight digits, the first in the highest byte: each half-byte moves to a byte of its own, and all become letters at once.
  @inline(__always)
  private static func digits(_ value: UInt32) -> UInt64 {
    var spread = UInt64(value)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return spread &+ 0x3030_3030_3030_3030 &+ letters &* UInt64(UInt8(ascii: "a") - 10 - 0x30)
  }
}
