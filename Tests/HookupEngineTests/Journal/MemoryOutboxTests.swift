import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct MemoryOutboxTests {
  @Test func `what is appended is read until it is settled`() async throws {
    let outbox = MemoryOutbox(epoch: 7)
    #expect(outbox.recovered.epoch == 7)
    #expect(outbox.recovered.isNewEpoch)
    #expect(MemoryOutbox().recovered.epoch != MemoryOutbox().recovered.epoch)
    #expect(outbox.recovered.nextSequence == 1)
    #expect(outbox.fileBytes == nil)
    #expect(await outbox.append(1...5).isSuccess)
    #expect(try await outbox.read(from: 2) == [2, 3, 4, 5].map { entry($0) })
    outbox.settle([3, 1, 99])
    #expect(try await outbox.sequences() == [2, 4, 5])
  }

  @Test func `reading is bounded by count, and by bytes after the first`() async throws {
    let outbox = MemoryOutbox()
    let entries = (1...4).map {
      OutboxEntry(
        sequence: $0, flags: 0, ackTimeoutMilliseconds: 0,
        payload: ByteBuffer(repeating: 1, count: 10))
    }
    #expect(await outbox.append(entries).isSuccess)
    #expect(try await outbox.read(from: 1, count: 2).map(\.sequence) == [1, 2])
    #expect(try await outbox.read(from: 1, bytes: 29).map(\.sequence) == [1, 2])
    #expect(try await outbox.read(from: 2, bytes: 0).map(\.sequence) == [2])
    #expect(try await outbox.read(from: 1, count: 0).isEmpty)
  }

  @Test func `numbers do not go back and leave no hole within one append`() async throws {
    let outbox = MemoryOutbox()
    #expect(await outbox.append(1...2).isSuccess)
    #expect(await outbox.append(2...3).error?.code == .invalidArgument)
    #expect(await outbox.append([entry(5), entry(7)]).error?.code == .invalidArgument)
    // What failed elsewhere may leave a hole between appends.
    #expect(await outbox.append(5...6).isSuccess)
    #expect(try await outbox.sequences() == [1, 2, 5, 6])
    outbox.settle([1, 2, 5, 6])
    #expect(await outbox.append(6...6).error?.code == .invalidArgument)
  }

  @Test func `a closed outbox refuses`() async throws {
    let outbox = MemoryOutbox()
    #expect(await outbox.append(1...2).isSuccess)
    #expect(await outbox.close().isSuccess)
    #expect(await outbox.close().isSuccess)
    #expect(await outbox.append(3...3).error?.code == .closed)
    await #expect(throws: HookupError.self) { try await outbox.read(from: 1) }
  }
}
