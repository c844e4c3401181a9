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

  @Test func `of one append that is too much the first go, of earlier ones all`() {
    let one = payload.storageCapacity + 96
    var cache = TailCache(maximumBytes: 3 * one)
    cache.append((1...2).map { entry($0, payload) })
    #expect(cache[1] != nil && cache.bytes == 2 * one)
    cache.append((3...7).map { entry($0, payload) })
    #expect((1...7).filter { cache[$0] != nil } == [5, 6, 7])
    #expect(cache.bytes == 3 * one)
    cache.append([entry(8, payload)])
    #expect((1...8).filter { cache[$0] != nil } == [8])
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `without a limit it does what a dictionary does`(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var cache = TailCache(maximumBytes: .max)
    var model: Set<UInt64> = []
    var next: UInt64 = 1
    for _ in 0..<1_500 {
      if Int.random(in: 0..<3, using: &random) == 0 {
        next += UInt64.random(in: 0...2, using: &random)
        let end = next + UInt64.random(in: 1...(seed % 4 * 5 + 1), using: &random)
        cache.append((next..<end).map { entry($0, payload) })
        model.formUnion(next..<end)
        next = end
      } else {
        let lowest = model.min() ?? 1
        let sequence =
          Bool.random(using: &random) ? lowest : UInt64.random(in: lowest...next, using: &random)
        cache.remove(sequence)
        model.remove(sequence)
      }
      #expect(cache.bytes == model.count * (payload.storageCapacity + 96))
    }
    func read(_ from: UInt64) -> [UInt64] {
      cache.entries(from: from, maximumCount: .max, maximumBytes: .max).map(\.sequence)
    }
    #expect(read(0) == model.sorted())
    #expect(read(next / 2) == model.sorted().filter { $0 >= next / 2 })
    #expect((0...next).allSatisfy { (cache[$0]?.sequence == $0) == model.contains($0) })
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
