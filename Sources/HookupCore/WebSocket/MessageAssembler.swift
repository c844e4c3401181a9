import NIOCore

/// Puts the data frames of one connection together to messages (RFC 6455 §5.4) and holds them to their bounds before a
/// byte is kept.
struct MessageAssembler: Sendable {
  /// The largest message, payload bytes; beyond it 1009.
  let maximumBytes: Int
  /// The most frames one message may have; beyond it 1008. It ends streams of empty fragments, which never reach
  /// ``maximumBytes``.
  let maximumFragments: Int

  /// For compressed messages; nil when there are none.
  private var inflater: Inflater?
  private var isCompressed = false
  private var isText = false
  private var isInMessage = false
  private var fragments = 0
  /// What the headers of the message's frames so far promised.
  private var announcedBytes = 0
  private var collected = ByteBuffer()
  private var validator = UTF8Validator()

  init(maximumBytes: Int, inflater: Inflater? = nil) {
    self.maximumBytes = maximumBytes
    self.inflater = inflater
    maximumFragments = 1_024 + maximumBytes / 16
  }

  /// Gives back what compression holds; no compressed message can be taken any more.
  mutating func release() { inflater?.release() }

  /// The most bytes that the frames of a message may have in all: of a compressed one more than it may become, because
  /// deflate makes random bytes longer, by an eighth at worst, and ends each flush with an empty block. It ends streams
  /// of empty blocks, which never reach ``maximumBytes``.
  private var maximumFrameBytes: Int {
    isCompressed ? maximumBytes + maximumBytes / 8 + 1_024 + 8 * fragments : maximumBytes
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
      isCompressed = header.isCompressed
    }
    fragments += 1
    guard fragments <= maximumFragments else {
      throw ProtocolViolation(
        .policyViolation, "a message has more than \(maximumFragments) fragments")
    }
    guard header.payloadBytes <= maximumFrameBytes - announcedBytes else {
      throw ProtocolViolation(.messageTooBig, "a message is larger than \(maximumBytes) bytes")
    }
    announcedBytes += header.payloadBytes
  }

  /// Takes a message that is one whole frame, not compressed, and stays where it is in `buffer`; true when it is text.
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
    guard !isCompressed else { return try inflate(buffer, at: index, count: count) }
    guard !isText || validator.accept(buffer, at: index, count: count) else {
      throw Self.notUTF8
    }
    buffer.withUnsafeReadableBytes { readable in
      let first = index - buffer.readerIndex
      _ = collected.writeBytes(UnsafeRawBufferPointer(rebasing: readable[first..<first + count]))
    }
  }

  /// Inflates a piece of the frame's payload; the bounds and the check of text hold for what comes of it, as it comes.
  private mutating func inflate(
    _ buffer: ByteBuffer, at index: Int, count: Int
  ) throws(ProtocolViolation) {
    let result = buffer.withUnsafeReadableBytes { readable -> Result<Void, ProtocolViolation> in
      let first = index - buffer.readerIndex
      var input = UnsafeRawBufferPointer(rebasing: readable[first..<first + count])
      return Result { () throws(ProtocolViolation) in try inflate(&input) }
    }
    try result.get()
  }

  private mutating func inflate(
    _ input: inout UnsafeRawBufferPointer
  ) throws(ProtocolViolation) {
    var hasMore = true
    while hasMore {
      let start = collected.writerIndex
      hasMore =
        try inflater?.step(&input, into: &collected, maximumBytes: maximumBytes) ?? false
      guard
        !isText || validator.accept(collected, at: start, count: collected.writerIndex - start)
      else { throw Self.notUTF8 }
    }
  }

  private mutating func endInflating() throws(ProtocolViolation) {
    if inflater?.needsTail == true {
      try inflate(ByteBuffer(bytes: Inflater.tail), at: 0, count: Inflater.tail.count)
    }
    try inflater?.endMessage()
  }

  /// The frame's payload is complete: the message, if it was the last frame.
  mutating func endFrame(isFinal: Bool) throws(ProtocolViolation) -> WireFrame? {
    guard isFinal else { return nil }
    if isCompressed { try endInflating() }
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
