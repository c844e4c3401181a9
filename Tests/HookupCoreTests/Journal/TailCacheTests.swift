import NIOCore
import Testing

@testable import HookupCore

@Suite struct TailCacheTests {
  private let payload = ByteBuffer(repeating: 7, count: 10)

  private func entry(_ sequence: UInt64, _ payload: ByteBuffer) -> OutboxEntry {
    OutboxEntry(sequence: sequence, flags: 0, ackTimeoutMilliseconds: 0, payload: payload)
  }

  @Test func `reading is bounded by count, and by bytes after the first`() {
    var cache = TailCache(maximumBytes: .max)
    for sequence: UInt64 in 1...5 { cache.append(entry(sequence, payload)) }
    cache.append(entry(5, payload))
    func read(_ from: UInt64, _ count: Int, _ bytes: Int) -> [UInt64] {
      cache.entries(from: from, maximumCount: count, maximumBytes: bytes).map(\.sequence)
    }
    #expect(read(0, .max, .max) == [1, 2, 3, 4, 5])
    #expect(read(2, 2, .max) == [2, 3])
    #expect(read(2, .max, 29) == [2, 3])
    #expect(read(2, .max, 0) == [2])
    #expect(read(2, 0, .max) == [])
    #expect(read(6, .max, .max) == [])
  }

  @Test func `when it is full the oldest go`() {
    let one = payload.storageCapacity + 96
    var cache = TailCache(maximumBytes: 3 * one)
    for sequence: UInt64 in [1, 8, 15, 22] {
      cache.append(entry(sequence, payload))
    }
    #expect(cache[1] == nil)
    #expect([8, 15, 22].allSatisfy { cache[$0] != nil })
    #expect(cache.bytes == 3 * one)
    for sequence: UInt64 in [8, 8, 15, 22] { cache.remove(sequence) }
    #expect(cache.bytes == 0)
  }

  @Test func `with no room nothing is kept`() {
    var cache = TailCache(maximumBytes: 0)
    cache.append(entry(1, payload))
    #expect(cache[1] == nil)
    #expect(cache.bytes == 0)
  }

  @Test func `a small part of a large buffer counts with all of it`() throws {
    var large = ByteBuffer(repeating: 0, count: 1 << 20)
    let slice = large.readSlice(length: 10)
    let part = try #require(slice)
    var cache = TailCache(maximumBytes: 1 << 20)
    cache.append(entry(1, part))
    #expect(cache[1] == nil)
  }
}
