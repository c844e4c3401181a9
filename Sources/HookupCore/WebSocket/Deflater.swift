import CZlib
import NIOCore

/// Compresses the messages of one direction (RFC 7692 §7.2.1). Memory is taken with the first message that is compressed.
/// Copies do not see one another's messages.
struct Deflater: Sendable {
  private let settings: CompressionSettings
  private let windowBits: Int
  private let keepsContext: Bool
  private var stream: ZlibStream?

  /// - Parameters:
  ///   - settings: level, memory and threshold.
  ///   - windowBits: the window agreed on, 9...15.
  ///   - keepsContext: whether messages refer to earlier ones. If not, no memory is held between messages.
  init(settings: CompressionSettings, windowBits: Int, keepsContext: Bool) {
    self.settings = settings
    self.windowBits = windowBits
    self.keepsContext = keepsContext
  }

  /// Whether memory is held.
  var isAllocated: Bool { stream != nil }

  /// The compressed form of a message, which must then be sent; nil when the message is to be sent as it is: it is below
  /// the threshold, it would not become smaller, or there is no memory.
  mutating func deflate(_ message: ByteBuffer) -> ByteBuffer? {
    guard message.readableBytes > 0, message.readableBytes >= settings.minimumBytes,
      let stream = prepare()
    else { return nil }
    let deflated = Self.deflate(message, with: stream)
    if !keepsContext {
      self.stream = nil
    } else if deflated == nil {
      // The peer never sees what was just compressed, so nothing may refer to it: this end forgets all, and refers only to
      // what comes. That is right for the peer, whatever it remembers.
      deflateReset(stream.state)
    }
    return deflated
  }

  /// Gives the memory back; nothing more is compressed.
  mutating func release() { stream = nil }

  private mutating func prepare() -> ZlibStream? {
    if stream == nil {
      stream = ZlibStream.make(
        .deflate(
          level: settings.level, windowBits: windowBits, memoryLevel: settings.memoryLevel))
    } else if !isKnownUniquelyReferenced(&stream) {
      stream = stream?.copy()
    }
    return stream
  }

  /// nil when it does not become smaller than it is.
  private static func deflate(_ message: ByteBuffer, with stream: ZlibStream) -> ByteBuffer? {
    let count = message.readableBytes
    let limit = count - 1 + Inflater.tail.count
    var output = ByteBuffer()
    let isComplete = message.withUnsafeReadableBytes { bytes in
      var input = bytes
      while true {
        let room = min(limit - output.readableBytes, max(count / 4, 256))
        guard room > 0 else { return false }
        var ran = (result: Z_OK, taken: 0, given: 0)
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
          ran = stream.run(input, into: UnsafeMutableRawBufferPointer(rebasing: space[..<room]))
          return ran.given
        }
        guard ran.result == Z_OK || ran.result == Z_BUF_ERROR else { return false }
        input = UnsafeRawBufferPointer(rebasing: input[ran.taken...])
        // Room that is left says that everything is out.
        if ran.given < room { return input.isEmpty }
      }
    }
    // The empty block that ends a flush is left out (RFC 7692 §7.2.1).
    let end = output.writerIndex - Inflater.tail.count
    guard isComplete, end >= 0,
      output.getBytes(at: end, length: Inflater.tail.count) == Inflater.tail
    else { return nil }
    output.moveWriterIndex(to: end)
    return output
  }
}
