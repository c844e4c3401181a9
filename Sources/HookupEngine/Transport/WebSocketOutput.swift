import NIOCore

/// What waits to be handed to the channel of one connection: collected frames, and who wants to hear when they are written.
///
/// Frames of one turn lie one behind the other in one buffer, so that one write takes them all. A large payload stays where it
/// is: in the buffer that it was received in, or that many connections share.
struct WebSocketOutput {
  typealias Written = @Sendable (Bool) -> Void

  /// One write to the channel.
  struct Batch {
    /// What goes before the tail; nothing, most often.
    var buffers: [ByteBuffer]
    var tail: ByteBuffer
    var written: [Written]

    /// Whether the last buffer is one that frames were collected in.
    var hasTail: Bool { tail.storageCapacity > 0 }

    /// Takes what is to be written last; empty when there is nothing at all.
    mutating func removeLast() -> ByteBuffer {
      hasTail ? tail : buffers.popLast() ?? ByteBuffer()
    }
  }

  /// Payloads below this size are copied: cheaper than a buffer more in the write, and than keeping all that was read with it.
  static let referencedBytes = 8 << 10

  private let highBytes: Int
  /// Frames that are collected for the next write. Has storage only while there are some.
  var tail = ByteBuffer()
  private var closedBuffers: [ByteBuffer] = []
  private var written: [Written] = []
  private var closedBytes = 0
  /// Whether the channel holds less than its high mark, or has fallen below its low one since.
  var isChannelWritable = true
  private var isWritable = true

  init(highBytes: Int) {
    self.highBytes = highBytes
  }

  /// Bytes collected and not handed to the channel.
  var collectedBytes: Int { closedBytes + tail.readableBytes }
  var isEmpty: Bool { collectedBytes == 0 && written.isEmpty }

  /// Calls `callback` when all that is collected so far was written, or failed.
  mutating func notify(_ callback: @escaping Written) { written.append(callback) }

  /// Appends bytes, without a copy when they are many.
  mutating func append(_ bytes: ByteBuffer) {
    guard bytes.readableBytes >= Self.referencedBytes else {
      tail.writeImmutableBuffer(bytes)
      return
    }
    closeTail()
    closedBuffers.append(bytes)
    closedBytes += bytes.readableBytes
  }

  /// Takes all that is collected, to be handed to the channel.
  mutating func take() -> Batch {
    defer {
      tail = ByteBuffer()
      if !closedBuffers.isEmpty { closedBuffers = [] }
      if !written.isEmpty { written = [] }
      closedBytes = 0
    }
    return Batch(buffers: closedBuffers, tail: tail, written: written)
  }

  /// Whether senders may go on, when that has changed.
  mutating func writabilityChange() -> Bool? {
    let isWritableNow = isChannelWritable && collectedBytes <= highBytes
    guard isWritableNow != isWritable else { return nil }
    isWritable = isWritableNow
    return isWritableNow
  }

  private mutating func closeTail() {
    // A buffer without a byte stays, for what comes behind.
    guard tail.readableBytes > 0 else { return }
    closedBytes += tail.readableBytes
    closedBuffers.append(tail)
    tail = ByteBuffer()
  }
}
