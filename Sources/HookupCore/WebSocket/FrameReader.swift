import NIOCore

/// Reads frames out of what arrives (RFC 6455 §5), all frames of one read in one pass, unmasking them where they lie.
///
/// It answers with places in the buffer, not with slices of it: a slice taken while bytes are still being unmasked would
/// copy the whole buffer.
struct FrameReader: Sendable {
  /// Something whole that was read, in the order of the wire.
  enum Item: Hashable, Sendable {
    /// A message in one frame, in place.
    case message(isText: Bool, Range<Int>)
    /// A message from several frames or several reads, or one that was compressed.
    case assembled(WireFrame)
    /// A control frame, in place.
    case control(FrameOpcode, Range<Int>)
    /// A control frame from several reads.
    case gathered(FrameOpcode, ByteBuffer)

    var isData: Bool {
      switch self {
      case .message, .assembled: true
      case .control, .gathered: false
      }
    }
  }

  /// The frame under way: its header is read, of its payload `receivedBytes`.
  private struct Progress {
    var header: FrameHeader
    var receivedBytes: Int
  }

  private let role: WebSocketRole
  private let allowsCompression: Bool
  private var assembler: MessageAssembler
  private var progress: Progress?
  /// The beginning of a header that was cut by the end of a read: at most 13 bytes.
  private var cutHeader = ByteBuffer()
  /// The beginning of a control frame's payload that was cut: at most 125 bytes.
  private var cutControl = ByteBuffer()
  /// After a close frame nothing is read (RFC 6455 §5.5.1).
  private var isClosed = false

  private let unmasksInPlace: Bool

  /// - Parameters:
  ///   - unmasksInPlace: whether bytes are unmasked where they lie even when their storage is shared.
  ///   - inflater: for the peer's compressed messages; nil when permessage-deflate was not agreed on.
  init(
    role: WebSocketRole, maximumMessageBytes: Int, unmasksInPlace: Bool = false,
    inflater: Inflater? = nil
  ) {
    self.role = role
    self.unmasksInPlace = unmasksInPlace
    allowsCompression = inflater != nil
    assembler = MessageAssembler(maximumBytes: maximumMessageBytes, inflater: inflater)
  }

  /// Whether the bytes so far end within a frame or a message.
  var isUnderWay: Bool {
    progress != nil || !assembler.isIdle || cutHeader.readableBytes > 0
  }

  /// Gives back what compression holds; nothing is read any more.
  mutating func release() { assembler.release() }

  /// Reads all that `buffer` holds, unmasking it in place, and appends what is whole to `items`. What came before a
  /// violation is in `items`.
  mutating func read(
    _ buffer: inout ByteBuffer, into items: inout [Item]
  ) throws(ProtocolViolation) {
    var cursor = try readWhole(&buffer, into: &items)
    while !isClosed {
      if progress == nil {
        guard let header = try readHeader(from: buffer, at: &cursor) else { return }
        if !header.opcode.isControl { try assembler.beginFrame(header) }
        progress = Progress(header: header, receivedBytes: 0)
      }
      guard try readPayload(from: &buffer, at: &cursor, into: &items) else { return }
    }
  }

  /// Reads the messages at the front that are one whole, uncompressed frame each, as nearly all are; the rest is left to the steps
  /// below, which know every case. Returns where it begins.
  private mutating func readWhole(
    _ buffer: inout ByteBuffer, into items: inout [Item]
  ) throws(ProtocolViolation) -> Int {
    guard progress == nil, !isClosed, assembler.isIdle, cutHeader.readableBytes == 0 else {
      return buffer.readerIndex
    }
    let base = buffer.readerIndex
    let (read, isValid): (Int, Bool)
    if unmasksInPlace {
      (read, isValid) = buffer.withUnsafeReadableBytes {
        readWhole(UnsafeMutableRawBufferPointer(mutating: $0), base: base, into: &items)
      }
    } else {
      (read, isValid) = buffer.withUnsafeMutableReadableBytes {
        readWhole($0, base: base, into: &items)
      }
    }
    guard isValid else { throw MessageAssembler.notUTF8 }
    return base + read
  }

  /// How many bytes were read, and whether all texts among them are valid; reading ends at the first that is not.
  private func readWhole(
    _ bytes: UnsafeMutableRawBufferPointer, base: Int, into items: inout [Item]
  ) -> (read: Int, isValid: Bool) {
    let maskBit: UInt8 = role == .server ? 0x80 : 0
    let maskBytes = role == .server ? 4 : 0
    var offset = 0
    while offset + 2 <= bytes.count {
      let start = bytes[offset]
      let short = bytes[offset + 1] ^ maskBit
      guard start == Self.wholeText || start == Self.wholeBinary, short <= 126 else { break }
      var payload = offset + 2
      var count = Int(short)
      if short == 126 {
        guard payload + 2 <= bytes.count else { break }
        count = Int(bytes[payload]) << 8 | Int(bytes[payload + 1])
        payload += 2
        guard count > 125 else { break }
      }
      payload += maskBytes
      guard payload + count <= bytes.count, count <= assembler.maximumBytes else { break }
      let body = UnsafeMutableRawBufferPointer(rebasing: bytes[payload..<payload + count])
      if maskBytes > 0 {
        let key = bytes.loadUnaligned(fromByteOffset: payload - 4, as: UInt32.self)
        FrameMask(key: UInt32(bigEndian: key)).apply(to: body)
      }
      let isText = start == Self.wholeText
      guard !isText || UTF8Validator.isValid(UnsafeRawBufferPointer(body)) else {
        return (offset, false)
      }
      items.append(.message(isText: isText, base + payload..<base + payload + count))
      offset = payload + count
    }
    return (offset, true)
  }

  /// The first byte of a frame that is a whole, uncompressed message.
  private static let wholeText: UInt8 = 0x81
  private static let wholeBinary: UInt8 = 0x82

  /// Moves `cursor` past the next header; nil when it is not all there, and then all bytes are kept.
  private mutating func readHeader(
    from buffer: ByteBuffer, at cursor: inout Int
  ) throws(ProtocolViolation) -> FrameHeader? {
    let available = buffer.writerIndex - cursor
    guard cutHeader.readableBytes > 0 else {
      if let header = try FrameHeader.read(
        from: buffer, at: cursor, role: role, allowsCompression: allowsCompression)
      {
        cursor += header.headerBytes
        return header
      }
      keepHeader(buffer, at: cursor, count: available)
      return nil
    }
    let kept = cutHeader.readableBytes
    keepHeader(buffer, at: cursor, count: min(available, FrameHeader.maximumBytes - kept))
    guard
      let header = try FrameHeader.read(
        from: cutHeader, at: 0, role: role, allowsCompression: allowsCompression)
    else { return nil }
    cutHeader.clear()
    cursor += header.headerBytes - kept
    return header
  }

  private mutating func keepHeader(_ buffer: ByteBuffer, at index: Int, count: Int) {
    guard let bytes = buffer.getSlice(at: index, length: count) else { return }
    cutHeader.writeImmutableBuffer(bytes)
  }

  /// Takes the payload of the frame under way, or the part that is there; false when there is no more to read.
  private mutating func readPayload(
    from buffer: inout ByteBuffer, at cursor: inout Int, into items: inout [Item]
  ) throws(ProtocolViolation) -> Bool {
    guard let (header, received) = progress.map({ ($0.header, $0.receivedBytes) }) else {
      return false
    }
    let count = min(header.payloadBytes - received, buffer.writerIndex - cursor)
    let isComplete = received + count == header.payloadBytes
    if let mask = header.mask {
      if unmasksInPlace {
        mask.applyInPlace(to: buffer, at: cursor, count: count, phase: received)
      } else {
        mask.apply(to: &buffer, at: cursor, count: count, phase: received)
      }
    }
    let place = cursor..<cursor + count
    cursor += count
    progress = isComplete ? nil : Progress(header: header, receivedBytes: received + count)
    let isWhole = isComplete && received == 0
    let item =
      header.opcode.isControl
      ? takeControl(header.opcode, buffer, place, isWhole: isWhole, isComplete: isComplete)
      : try takeData(header, buffer, place, isWhole: isWhole, isComplete: isComplete)
    if let item { items.append(item) }
    return isComplete
  }

  private mutating func takeControl(
    _ opcode: FrameOpcode, _ buffer: ByteBuffer, _ place: Range<Int>, isWhole: Bool,
    isComplete: Bool
  ) -> Item? {
    isClosed = isComplete && opcode == .close
    if isWhole { return .control(opcode, place) }
    if let bytes = buffer.getSlice(at: place.lowerBound, length: place.count) {
      cutControl.writeImmutableBuffer(bytes)
    }
    guard isComplete else { return nil }
    defer { cutControl = ByteBuffer() }
    return .gathered(opcode, cutControl)
  }

  private mutating func takeData(
    _ header: FrameHeader, _ buffer: ByteBuffer, _ place: Range<Int>, isWhole: Bool,
    isComplete: Bool
  ) throws(ProtocolViolation) -> Item? {
    if isWhole && header.isFinal && header.opcode != .continuation && !header.isCompressed {
      let isText = try assembler.takeWhole(buffer, at: place.lowerBound, count: place.count)
      return .message(isText: isText, place)
    }
    try assembler.append(buffer, at: place.lowerBound, count: place.count)
    guard isComplete else { return nil }
    return try assembler.endFrame(isFinal: header.isFinal).map { .assembled($0) }
  }
}
