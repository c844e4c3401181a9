import NIOCore
import NIOEmbedded
import Testing

@testable import HookupEngine

@Suite struct EventLoopPoolTests {
  private let loop = EmbeddedEventLoop()

  @Test func `a receive buffer that nobody holds is used again, and one that is held is not`() {
    let pool = EventLoopPool(loop)
    var first = pool.takeReceiveBuffer()
    first.writeString("read")
    let address = first.withUnsafeReadableBytes { $0.baseAddress }
    pool.giveBack(received: first)
    first = ByteBuffer()
    var second = pool.takeReceiveBuffer()
    #expect(second.readableBytes == 0)
    second.writeString("again")
    #expect(second.withUnsafeReadableBytes { $0.baseAddress } == address)

    let kept = second.getSlice(at: 0, length: 2)
    pool.giveBack(received: second)
    second = ByteBuffer()
    var third = pool.takeReceiveBuffer()
    third.writeString("other")
    #expect(kept == ByteBuffer(string: "ag"))
  }

  @Test func `a channel's first buffer is small, for it keeps that one`() {
    var allocator = PooledReceiveAllocator(pool: EventLoopPool(loop))
    #expect(allocator.buffer(allocator: ByteBufferAllocator()).capacity <= 64)
    #expect(allocator.record(actualReadBytes: 16))
    #expect(
      allocator.buffer(allocator: ByteBufferAllocator()).capacity >= EventLoopPool.receiveBytes)
  }

  @Test func `output buffers come back, but not without bound`() {
    let pool = EventLoopPool(loop)
    for _ in 0..<100 {
      var buffer = ByteBuffer()
      buffer.writeRepeatingByte(1, count: 3_000)
      pool.giveBack(output: buffer)
    }
    var capacities: [Int] = []
    for _ in 0..<100 { capacities.append(pool.takeOutputBuffer().storageCapacity) }
    #expect(capacities.prefix(32).allSatisfy { $0 >= 3_000 })
    #expect(capacities.dropFirst(32).allSatisfy { $0 < 3_000 })

    var huge = ByteBuffer()
    huge.writeRepeatingByte(1, count: 1 << 20)
    pool.giveBack(output: huge)
    #expect(pool.takeOutputBuffer().storageCapacity < 1 << 20)
  }

  @Test func `each event loop has its pool`() {
    let pools = EventLoopPools()
    let other = EmbeddedEventLoop()
    #expect(pools.pool(of: loop) === pools.pool(of: loop))
    #expect(pools.pool(of: loop) !== pools.pool(of: other))
  }
}
