import HookupCore
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct FileOutboxWithdrawalTests {
  private let files = SimulatedFiles()

  @Test func `a withdrawal is told only when it would survive the loss of power`() async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...5).isSuccess)
    let after = await withCheckedContinuation { continuation in
      outbox.withdraw([2, 4]) { [files] result in
        #expect(result.isSuccess)
        continuation.resume(returning: (0..<8).map { files.afterCrash(seed: $0) })
      }
    }
    for files in after {
      let again = try files.openOutbox()
      #expect(again.recovered.withdrawn == [2, 4])
      #expect(try await again.sequences() == [1, 2, 3, 4, 5], "they keep their places")
      await again.close()
    }
    await outbox.close()
  }

  @Test func `it is remembered over segments, merges and openings until the message is settled`()
    async throws
  {
    var outbox = try files.openOutbox()
    #expect(await outbox.append(1...3).isSuccess)
    #expect(await outbox.withdraw([2]).isSuccess)
    // Small segments: many of them, and old ones merged.
    for number: UInt64 in 4...300 {
      #expect(await outbox.append(number...number).isSuccess)
      outbox.settle([number])
    }
    #expect(await outbox.withdraw([3]).isSuccess)
    for _ in 0..<3 {
      for seed: UInt64 in 0..<4 {
        let again = try files.afterCrash(seed: seed).openOutbox()
        #expect(again.recovered.withdrawn == [2, 3])
        #expect(try await again.sequences().prefix(3) == [1, 2, 3])
        await again.close()
      }
      #expect(await outbox.close().isSuccess)
      outbox = try files.openOutbox()
      #expect(outbox.recovered.withdrawn == [2, 3])
      #expect(Array(outbox.recovered.pending.map(\.sequence)) == [1, 2, 3])
    }
    outbox.settle([2])
    #expect(await outbox.append(301...301).isSuccess)
    await outbox.close()
    outbox = try files.openOutbox()
    #expect(outbox.recovered.withdrawn == [3])
    outbox.settle([1, 3, 301])
    await outbox.close()
    outbox = try files.openOutbox()
    #expect(outbox.recovered.withdrawn == [] && outbox.recovered.pending.isEmpty)
    await outbox.close()
  }

  @Test func `what is settled and not yet written down stays withdrawn, should it come back`()
    async throws
  {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...2).isSuccess)
    #expect(await outbox.withdraw([1]).isSuccess)
    outbox.settle([1])
    // Its end is not in the files, and these go to new ones.
    #expect(try await outbox.sequences() == [2])
    for seed: UInt64 in 0..<20 {
      let again = try files.afterCrash(seed: seed).openOutbox()
      let isBack = again.recovered.pending.contains(1)
      #expect(again.recovered.withdrawn == (isBack ? [1] : []))
      await again.close()
    }
    await outbox.close()
  }

  @Test func `one that cannot be stored is not withdrawn, then or later`() async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...3).isSuccess)
    #expect(await outbox.withdraw([1]).isSuccess)
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    let error = try #require(await outbox.withdraw([2]).error)
    #expect(error.code == .storage)
    files.fail(nil)
    #expect(await outbox.append(4...4).isSuccess)
    await outbox.close()
    for seed: UInt64 in 0..<20 {
      let again = try files.afterCrash(seed: seed).openOutbox()
      #expect(again.recovered.withdrawn == [1])
      #expect(try await again.sequences() == [1, 2, 3, 4])
      await again.close()
    }
  }

  @Test func `appends and withdrawals share a write, in order`() async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...1).isSuccess)
    async let first = outbox.append(2...9)
    async let second = outbox.withdraw([1])
    async let third = outbox.withdraw([])
    #expect(await first.isSuccess)
    #expect(await second.isSuccess)
    #expect(await third.isSuccess)
    await outbox.close()
    let again = try files.openOutbox()
    #expect(again.recovered.withdrawn == [1])
    #expect(try await again.sequences() == Array(1...9))
    await again.close()
    #expect(await again.withdraw([2]).error?.code == .closed)
  }
}
