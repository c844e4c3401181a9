import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct TailCacheTests {
  @Test func `when it is full the oldest go`() {
    let one = entry(1).payload.storageCapacity + 96
    var cache = TailCache(maximumBytes: 3 * one)
    for sequence: UInt64 in [1, 8, 15, 22] {
      cache.append(
        OutboxEntry(
          sequence: sequence, flags: 0, ackTimeoutMilliseconds: 0, payload: entry(1).payload))
    }
    #expect(cache[1] == nil)
    #expect([8, 15, 22].allSatisfy { cache[$0] != nil })
    #expect(cache.bytes == 3 * one)
    for sequence: UInt64 in [8, 8, 15, 22] { cache.remove(sequence) }
    #expect(cache.bytes == 0)
  }

  @Test func `with no room nothing is kept`() {
    var cache = TailCache(maximumBytes: 0)
    cache.append(entry(1))
    #expect(cache[1] == nil)
    #expect(cache.bytes == 0)
  }

  @Test func `a small part of a large buffer counts with all of it`() throws {
    var large = ByteBuffer(repeating: 0, count: 1 << 20)
    let slice = large.readSlice(length: 10)
    let part = try #require(slice)
    var cache = TailCache(maximumBytes: 1 << 20)
    cache.append(OutboxEntry(sequence: 1, flags: 0, ackTimeoutMilliseconds: 0, payload: part))
    #expect(cache[1] == nil)
  }
}
