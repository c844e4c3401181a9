import NIOConcurrencyHelpers
import NIOCore

/// What the WebSockets of one event loop share, so that an idle connection holds no buffer of its own: the buffer that the
/// socket is read into, those that frames are collected in, and the list of connections that have something to flush.
///
/// Used on its event loop only.
package final class EventLoopPool: @unchecked Sendable {
  /// How much one read takes from a socket at most. A message that is kept as a slice of what was read keeps all of it.
  static let receiveBytes = 128 << 10
  /// Buffers for collecting that are kept, each up to ``keptBytes``: more is freed.
  private static let keptBuffers = 32
  private static let keptBytes = 64 << 10
  private static let initialBytes = 2 << 10
  private static let keptListLength = 4_096

  let eventLoop: any EventLoop
  private var receiveBuffer: ByteBuffer?
  private var outputBuffers: [ByteBuffer] = []
  private var unflushed: [WebSocketChannelHandler] = []
  /// The empty list that takes the place of ``unflushed`` while that one is worked through.
  private var spareList: [WebSocketChannelHandler] = []

  package init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// A buffer to read a socket into.
  func takeReceiveBuffer() -> ByteBuffer {
    guard var buffer = receiveBuffer else {
      return ByteBufferAllocator().buffer(capacity: Self.receiveBytes)
    }
    receiveBuffer = nil
    // Makes new storage when somebody still holds a slice of the old.
    buffer.clear(minimumCapacity: Self.receiveBytes)
    return buffer
  }

  /// Takes a buffer back that was read; whether anybody holds slices of it shows when it is used again.
  func giveBack(received buffer: ByteBuffer) {
    guard buffer.storageCapacity >= Self.receiveBytes else { return }
    receiveBuffer = buffer
  }

  /// An empty buffer to collect frames in.
  func takeOutputBuffer() -> ByteBuffer {
    guard var buffer = outputBuffers.popLast() else {
      return ByteBufferAllocator().buffer(capacity: Self.initialBytes)
    }
    buffer.clear(minimumCapacity: Self.initialBytes)
    return buffer
  }

  /// Takes back a buffer that was handed to the channel and, most often, is written by now.
  func giveBack(output buffer: ByteBuffer) {
    guard outputBuffers.count < Self.keptBuffers, buffer.storageCapacity <= Self.keptBytes else {
      return
    }
    outputBuffers.append(buffer)
  }

  /// Flushes `handler` at the end of this turn of the event loop.
  func flushLater(_ handler: WebSocketChannelHandler) {
    unflushed.append(handler)
    guard unflushed.count == 1 else { return }
    eventLoop.execute { self.flushAll() }
  }

  private func flushAll() {
    var handlers: [WebSocketChannelHandler] = []
    swap(&handlers, &spareList)
    swap(&handlers, &unflushed)
    for handler in handlers { handler.flushIfDue() }
    handlers.removeAll(keepingCapacity: handlers.count <= Self.keptListLength)
    swap(&handlers, &spareList)
  }
}

/// One ``EventLoopPool`` for each event loop.
package final class EventLoopPools: Sendable {
  private let pools = NIOLockedValueBox<[ObjectIdentifier: EventLoopPool]>([:])

  package init() {}

  package func pool(of eventLoop: any EventLoop) -> EventLoopPool {
    pools.withLockedValue { pools in
      let id = ObjectIdentifier(eventLoop)
      if let pool = pools[id] { return pool }
      let pool = EventLoopPool(eventLoop)
      pools[id] = pool
      return pool
    }
  }
}

/// Reads a socket into the buffer of its event loop's pool instead of one of the channel's own.
struct PooledReceiveAllocator: RecvByteBufferAllocator {
  let pool: EventLoopPool
  private var hasRead = false

  init(pool: EventLoopPool) {
    self.pool = pool
  }

  /// The channel keeps its first buffer for as long as it lives, though it does not use it again: so that one is small.
  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    hasRead ? pool.takeReceiveBuffer() : allocator.buffer(capacity: 16)
  }

  /// Always "may grow": what else makes the channel ask for a buffer each time.
  mutating func record(actualReadBytes: Int) -> Bool {
    hasRead = true
    return true
  }
}

extension EventLoopPool {
  /// Has the sockets of `channel`, in the clear, share this pool's buffer. On the event loop.
  func adopt(_ channel: any Channel) {
    guard let options = channel.syncOptions else { return }
    // A channel that knows no such options keeps its own buffers.
    try? options.setOption(.maxMessagesPerRead, value: 1)
    try? options.setOption(.recvAllocator, value: PooledReceiveAllocator(pool: self))
  }
}
