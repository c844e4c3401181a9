import CZlib
import NIOCore

/// Inflates the compressed messages of one direction, piece by piece (RFC 7692 §7.2.2).
///
/// A message is fed with ``step(_:into:maximumBytes:)`` until that is done with its bytes, then, if ``needsTail``, with
/// ``tail`` likewise, then ``endMessage()``. Memory is taken with the first message; after an error nothing more may be
/// fed. Copies do not see one another's messages.
struct Inflater: Sendable {
  /// What a sender leaves out at the end of each message: the empty block that ends it.
  static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
  /// The most bytes that one step gives.
  static let chunkBytes = 16_384
  private static let leastBytes = 256

  private let windowBits: Int
  private let keepsContext: Bool
  private var stream: ZlibStream?
  /// Something of the message under way was read.
  private var hasInput = false
  /// A block said that it is the last: what follows begins a new run of blocks, which may refer to those before
  /// (RFC 7692 §7.2.3.4).
  private var hasEnded = false

  /// - Parameters:
  ///   - windowBits: the sender's window at most, 8...15.
  ///   - keepsContext: whether messages refer to earlier ones. If not, no memory is held between messages.
  init(windowBits: Int, keepsContext: Bool) {
    // Some that agree on 8 use 9; a larger window than needed reads everything.
    self.windowBits = max(windowBits, 9)
    self.keepsContext = keepsContext
  }

  /// Whether memory is held.
  var isAllocated: Bool { stream != nil }

  /// Whether the message under way still needs ``tail``. Not one without a byte, nor one whose very last block said it
  /// is the last: lenient, as some send that.
  var needsTail: Bool { hasInput && !hasEnded }

  /// Takes from the front of `input` and puts what comes of it behind `output`, at most ``chunkBytes`` at once.
  ///
  /// - Parameter maximumBytes: how large `output` may become. Never is more written than that.
  /// - Returns: whether to call again; if not, `input` is empty.
  /// - Throws: 1009 when the message is larger, 1007 when it is no deflate data.
  mutating func step(
    _ input: inout UnsafeRawBufferPointer, into output: inout ByteBuffer, maximumBytes: Int
  ) throws(ProtocolViolation) -> Bool {
    guard input.count > 0 || hasInput else { return false }
    let stream = try prepare()
    hasInput = true
    if hasEnded {
      guard input.count > 0 else { return false }
      // Begins anew but for the window. Copying that in and out by documented calls would cost 64 KiB of copying for
      // each two bytes of a hostile message.
      inflateResetKeep(stream.state)
      hasEnded = false
    }
    let room = min(
      maximumBytes - output.readableBytes, Self.chunkBytes,
      max(input.count * 4, output.readableBytes, Self.leastBytes))
    let ran =
      room > 0
      ? Self.run(stream, input, onto: &output, room: room)
      : Self.runWithoutRoom(stream, input)
    input = UnsafeRawBufferPointer(rebasing: input[ran.taken...])
    try judge(ran.result)
    guard room > 0 || ran.given == 0 else {
      throw ProtocolViolation(.messageTooBig, "a message is larger than \(maximumBytes) bytes")
    }
    if input.count == 0 { return !hasEnded && room > 0 && ran.given == room }
    guard ran.taken > 0 || ran.given > 0 || hasEnded else { throw Self.notDeflate }
    return true
  }

  /// The message is complete.
  /// - Throws: 1007 when its last block is not.
  mutating func endMessage() throws(ProtocolViolation) {
    defer { hasInput = false }
    guard hasInput, let stream else { return }
    // 128: behind a block; the lower bits: no bits are left over.
    guard hasEnded || stream.state.pointee.data_type == 128 else {
      throw ProtocolViolation(.invalidData, "a compressed message ends within a block")
    }
    guard !keepsContext else { return }
    self.stream = nil
    hasEnded = false
  }

  /// Gives the memory back; nothing more is inflated.
  mutating func release() { stream = nil }

  private mutating func prepare() throws(ProtocolViolation) -> ZlibStream {
    if stream == nil {
      stream = ZlibStream.make(.inflate(windowBits: windowBits))
    } else if !isKnownUniquelyReferenced(&stream) {
      stream = stream?.copy()
    }
    guard let stream else {
      throw ProtocolViolation(.internalError, "no memory to inflate a message")
    }
    return stream
  }

  private static func run(
    _ stream: ZlibStream, _ input: UnsafeRawBufferPointer, onto output: inout ByteBuffer, room: Int
  ) -> (result: CInt, taken: Int, given: Int) {
    var ran = (result: Z_OK, taken: 0, given: 0)
    output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
      ran = stream.run(input, into: UnsafeMutableRawBufferPointer(rebasing: space[..<room]))
      return ran.given
    }
    return ran
  }

  /// With the message at its limit: whether there is one byte more.
  private static func runWithoutRoom(
    _ stream: ZlibStream, _ input: UnsafeRawBufferPointer
  ) -> (result: CInt, taken: Int, given: Int) {
    var byte: UInt8 = 0
    return withUnsafeMutableBytes(of: &byte) { stream.run(input, into: $0) }
  }

  private mutating func judge(_ result: CInt) throws(ProtocolViolation) {
    switch result {
    // Z_BUF_ERROR: there was nothing to do.
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: hasEnded = true
    case Z_MEM_ERROR:
      throw ProtocolViolation(.internalError, "no memory to inflate a message")
    default: throw Self.notDeflate
    }
  }

  private static let notDeflate = ProtocolViolation(
    .invalidData, "a compressed message is not valid deflate data")
}
