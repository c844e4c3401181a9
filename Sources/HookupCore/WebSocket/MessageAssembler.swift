import NIOCore

/// Puts the data frames of one connection together to messages (RFC 6455 §5.4) and holds them to their bounds before a
/// byte is kept.
struct MessageAssembler: Sendable {
  /// The largest message, payload bytes; beyond it 1009.
  let maximumBytes: Int
  /// The most frames one message may have; beyond it 1008. It ends streams of empty fragments, which never reach
  /// ``maximumBytes``.
  let maximumFragments: Int

  private var isText = false
  private var isInMessage = false
  private var fragments = 0
  /// What the headers of the message's frames so far promised.
  private var announcedBytes = 0
  private var collected = ByteBuffer()
  private var validator = UTF8Validator()

  init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
    maximumFragments = 1_024 + maximumBytes / 16
  }

  /// Takes the header of a data frame. Each call is followed by the frame's payload: ``takeWhole(_:at:count:)`` or
  /// ``append(_:at:count:)``, then ``endFrame(isFinal:)``.
  mutating func beginFrame(_ header: FrameHeader) throws(ProtocolViolation) {
    if header.opcode == .continuation {
      guard isInMessage else {
        throw ProtocolViolation(.protocolError, "a continuation frame continues nothing")
      }
    } else {
      guard !isInMessage else {
        throw ProtocolViolation(.protocolError, "a message began before the last one ended")
      }
      isInMessage = true
      isText = header.opcode == .text
    }
    fragments += 1
    guard fragments <= maximumFragments else {
      throw ProtocolViolation(
        .policyViolation, "a message has more than \(maximumFragments) fragments")
    }
    guard header.payloadBytes <= maximumBytes - announcedBytes else {
      throw ProtocolViolation(.messageTooBig, "a message is larger than \(maximumBytes) bytes")
    }
    announcedBytes += header.payloadBytes
  }

  /// Takes a message that is one whole frame and stays where it is in `buffer`; true when it is text.
  mutating func takeWhole(
    _ buffer: ByteBuffer, at index: Int, count: Int
  ) throws(ProtocolViolation) -> Bool {
    guard !isText || UTF8Validator.isValid(buffer, at: index, count: count) else {
      throw Self.notUTF8
    }
    forget()
    return isText
  }

  /// Copies a piece of the frame's payload. Text is checked at once: what cannot become valid fails here, not at the
  /// end (RFC 6455 §8.1).
  mutating func append(
    _ buffer: ByteBuffer, at index: Int, count: Int
  ) throws(ProtocolViolation) {
    guard count > 0 else { return }
    guard !isText || validator.accept(buffer, at: index, count: count) else {
      throw Self.notUTF8
    }
    buffer.withUnsafeReadableBytes { readable in
      let first = index - buffer.readerIndex
      _ = collected.writeBytes(UnsafeRawBufferPointer(rebasing: readable[first..<first + count]))
    }
  }

  /// The frame's payload is complete: the message, if it was the last frame.
  mutating func endFrame(isFinal: Bool) throws(ProtocolViolation) -> WireFrame? {
    guard isFinal else { return nil }
    guard !isText || validator.isComplete else { throw Self.notUTF8 }
    let message = collected
    collected = ByteBuffer()
    forget()
    return isText ? .text(message) : .binary(message)
  }

  private mutating func forget() {
    isInMessage = false
    fragments = 0
    announcedBytes = 0
    validator = UTF8Validator()
  }

  private static let notUTF8 = ProtocolViolation(
    .invalidData, "a text message is not valid UTF-8")
}
