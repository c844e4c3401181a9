import HookupCore
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct FileOutboxFaultTests {
  private let files = SimulatedFiles()

  @Test func `an append completes only when it would survive the loss of power`() async throws {
    let outbox = try files.openOutbox()
    for number: UInt64 in 1...20 {
      let after = await withCheckedContinuation { continuation in
        outbox.append([entry(number)]) { [files] result in
          #expect(result.isSuccess)
          continuation.resume(returning: (0..<4).map { files.afterCrash(seed: number * 4 + $0) })
        }
      }
      for files in after {
        let again = try files.openOutbox()
        #expect(try await again.sequences() == Array(1...number))
        await again.close()
      }
    }
    await outbox.close()
  }

  @Test func `a failed flush fails its appends, and is never tried again on that file`()
    async throws
  {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...2).isSuccess)
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    let error = try #require(await outbox.append([entry(3)]).error)
    #expect(error.code == .storage)
    #expect(error.message.contains("/d/outbox-"))
    #expect(error.message.contains("Input/output error"))
    #expect(await outbox.append([entry(3, attempt: 2)]).error?.code == .storage)
    #expect(try await outbox.sequences() == [1, 2])

    files.fail(nil)
    #expect(await outbox.append([entry(3, attempt: 3)]).isSuccess)
    #expect(await outbox.append(4...4).isSuccess)
    let expected = [entry(1), entry(2), entry(3, attempt: 3), entry(4)]
    #expect(try await outbox.read(from: 0) == expected)
    #expect(files.violations == [])
    await outbox.close()
    for seed: UInt64 in 0..<20 {
      let again = try files.afterCrash(seed: seed).openOutbox()
      #expect(try await again.read(from: 0) == expected)
      #expect(again.recovered.notices == [])
      await again.close()
    }
  }

  @Test func `all that shared the failed flush fail, and the numbers may go on`() async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...1).isSuccess)
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    for number: UInt64 in 2...4 {
      #expect(await outbox.append(number...number).error?.code == .storage)
    }
    files.fail(nil)
    #expect(await outbox.append(5...6).isSuccess)
    #expect(try await outbox.sequences() == [1, 5, 6])
    await outbox.close()
    let again = try files.afterCrash(seed: 1).openOutbox()
    #expect(try await again.sequences() == [1, 5, 6])
    #expect(again.recovered.notices == [])
    #expect(again.recovered.nextSequence == 7)
    await again.close()
  }

  @Test func `a failed write leaves what was there, also when it failed half way`() async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...2).isSuccess)
    let path = try #require(files.paths.first { $0.hasSuffix(".log") })
    let size = try #require(files.size(of: path))
    files.limit(to: size)
    let error = try #require(await outbox.append(3...200).error)
    #expect(error.code == .storage)
    #expect(error.message.contains("No space left on device"))
    #expect(error.message.contains("free some space"))
    #expect(try await outbox.sequences() == [1, 2])
    files.limit(to: .max)
    #expect(await outbox.append([entry(3, attempt: 2)]).isSuccess)
    #expect(try await outbox.read(from: 2) == [entry(2), entry(3, attempt: 2)])
    await outbox.close()
    let again = try files.afterCrash(seed: 1).openOutbox()
    #expect(try await again.read(from: 0) == [entry(1), entry(2), entry(3, attempt: 2)])
    await again.close()
  }

  @Test func `on a full disk the last byte is used, and then it is said`() async throws {
    files.limit(to: 3_000)
    let outbox = try files.openOutbox()
    var confirmed: [UInt64] = []
    for number: UInt64 in 1...100 where await outbox.append(number...number).isSuccess {
      confirmed.append(number)
    }
    #expect(confirmed.count > 20)
    #expect(confirmed.count < 100)
    #expect(try await outbox.sequences() == confirmed)
    outbox.settle(confirmed)
    files.limit(to: .max)
    #expect(await outbox.append(101...101).isSuccess)
    await outbox.close()
    let again = try files.afterCrash(seed: 1).openOutbox()
    #expect(try await again.sequences() == [101])
    await again.close()
  }

  @Test func `what was confirmed early is written again after a failed flush`() async throws {
    let options = FileOutboxOptions.small(sync: .interval(.seconds(3_600)))
    let outbox = try files.openOutbox(options)
    #expect(await outbox.append(1...3).isSuccess)
    #expect(await outbox.append(4...6).isSuccess)
    outbox.settle([5])
    // The file is full: it is flushed before the next one begins.
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    let filler = (7...90).map { entry($0) }
    #expect(await outbox.append(filler).error?.code == .storage)
    #expect(try await outbox.sequences() == [1, 2, 3, 4, 6])
    files.fail(nil)
    #expect(await outbox.append(filler).isSuccess)
    #expect(files.violations == [])
    let expected = [1, 2, 3, 4, 6].map { entry($0) } + filler
    #expect(try await outbox.read(from: 0) == expected)
    await outbox.close()
    for seed: UInt64 in 0..<20 {
      let again = try files.afterCrash(seed: seed).openOutbox(options)
      #expect(try await again.read(from: 0) == expected)
      await again.close()
    }
  }

  @Test func `an interval is kept without another append`() async throws {
    let outbox = try files.openOutbox(.small(sync: .interval(.milliseconds(1))))
    let flushes = files.count(of: "flush")
    #expect(await outbox.append(1...3).isSuccess)
    while files.count(of: "flush") < flushes + 2 { await Task.yield() }
    let again = try files.afterCrash(seed: 3).openOutbox(.small())
    #expect(try await again.sequences() == [1, 2, 3])
    await again.close()
    await outbox.close()
  }

  @Test(arguments: ["list", "lock", "create directory", "open", "read", "size"])
  func `what fails on opening is told, and the lock given back`(_ verb: String) async throws {
    let outbox = try files.openOutbox()
    #expect(await outbox.append(1...3).isSuccess)
    await outbox.close()
    files.fail { failing, _, _ in failing == verb ? EACCES : nil }
    do {
      _ = try files.openOutbox()
      Issue.record("no error")
    } catch {
      #expect(error.code == .storage)
      #expect(error.message.contains("/d"))
      #expect(error.message.contains("Permission denied"))
    }
    files.fail(nil)
    let again = try files.openOutbox()
    #expect(try await again.sequences() == [1, 2, 3])
    await again.close()
  }

  @Test func `a file that cannot be deleted, or merged, does no harm`() async throws {
    let outbox = try files.openOutbox()
    files.fail { verb, path, _ in
      verb == "remove" || verb == "rename" && path.isEmpty ? EIO : nil
    }
    for start in stride(from: 1 as UInt64, to: 1_000, by: 20) {
      #expect(await outbox.append(start...start + 19).isSuccess)
      outbox.settle(Array(start...start + 19).filter { $0 != 1 })
    }
    files.fail(nil)
    #expect(try await outbox.sequences() == [1])
    outbox.settle([1])
    #expect(try await outbox.sequences() == [])
    await outbox.close()
    #expect(files.paths.filter { $0.hasSuffix(".log") }.count == 1)
  }
}
