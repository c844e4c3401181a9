import NIOCore

/// What waits to be written to one peer: collected frames, who wants to hear of them, and how many bytes there are.
///
/// Frames of one turn lie one behind the other in one buffer, so that one write takes them all. A large frame that many
/// connections share stays a buffer of its own.
struct WebSocketOutput {
  typealias Written = @Sendable (Bool) -> Void

  /// One write to the channel.
  struct Batch {
    var buffers: [ByteBuffer]
    var written: [Written]
    var bytes: Int
  }

  /// Shared frames up to this size are copied: cheaper than a buffer more in the write.
  private static let copiedBytes = 4_096

  private let highBytes: Int
  private let lowBytes: Int
  /// Frames that are collected for the next write.
  var tail = ByteBuffer()
  private var closedBuffers: [ByteBuffer] = []
  private var written: [Written] = []
  private var closedBytes = 0
  /// Handed to the channel, not yet to the kernel.
  private(set) var bytesInFlight = 0
  private(set) var isWritable = true

  init(highBytes: Int, lowBytes: Int) {
    self.highBytes = max(highBytes, 1)
    self.lowBytes = min(max(lowBytes, 0), self.highBytes)
  }

  /// Bytes collected and not handed to the channel.
  var collectedBytes: Int { closedBytes + tail.readableBytes }
  var isEmpty: Bool { collectedBytes == 0 && bytesInFlight == 0 }

  /// Calls `callback` when all that is collected so far was written, or failed.
  mutating func notify(_ callback: @escaping Written) { written.append(callback) }

  /// Appends a frame that others send too.
  mutating func append(shared frame: ByteBuffer) {
    guard frame.readableBytes > Self.copiedBytes else {
      tail.writeImmutableBuffer(frame)
      return
    }
    closeTail()
    closedBuffers.append(frame)
    closedBytes += frame.readableBytes
  }

  /// Takes all that is collected, to be handed to the channel; nil when there is nothing.
  mutating func take() -> Batch? {
    guard collectedBytes > 0 || !written.isEmpty else { return nil }
    closeTail()
    let batch = Batch(buffers: closedBuffers, written: written, bytes: closedBytes)
    bytesInFlight += closedBytes
    closedBuffers = []
    written = []
    closedBytes = 0
    return batch
  }

  /// A batch has left, or failed.
  mutating func settled(_ batch: Batch) { bytesInFlight -= batch.bytes }

  /// Whether senders may go on, when that has changed.
  mutating func writabilityChange() -> Bool? {
    let bytes = collectedBytes + bytesInFlight
    guard isWritable ? bytes > highBytes : bytes <= lowBytes else { return nil }
    isWritable.toggle()
    return isWritable
  }

  private mutating func closeTail() {
    guard tail.readableBytes > 0 else { return }
    closedBytes += tail.readableBytes
    closedBuffers.append(tail)
    tail = ByteBuffer()
  }
}
