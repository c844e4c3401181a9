import Foundation
import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

@Suite struct FileOutboxTests {
  private let directory = JournalDirectory()

  @Test func `what is appended is there after it is opened again, until it is settled`()
    async throws
  {
    var outbox = try directory.open()
    #expect(outbox.recovered.nextSequence == 1)
    #expect(outbox.recovered.pending.isEmpty)
    #expect(outbox.recovered.lost == [])
    #expect(outbox.recovered.epoch == 7)
    #expect(outbox.recovered.isNewEpoch)
    #expect(await outbox.append(1...3).isSuccess)
    #expect(await outbox.append(4...5).isSuccess)
    #expect(try await outbox.read(from: 2) == [2, 3, 4, 5].map { entry($0) })
    outbox.settle([1, 2, 4])
    #expect(await outbox.close().isSuccess)

    outbox = try directory.open(epoch: 8)
    #expect(outbox.recovered.epoch == 7)
    #expect(!outbox.recovered.isNewEpoch)
    #expect(outbox.recovered.nextSequence == 6)
    #expect(
      Array(outbox.recovered.pending)
        == [3, 5].map {
          PendingMessages.Message(
            sequence: $0, bytes: entry($0).payload.readableBytes,
            ackTimeout: .milliseconds($0))
        })
    #expect(outbox.recovered.notices == [])
    #expect(try await outbox.read(from: 1) == [3, 5].map { entry($0) })
    #expect(await outbox.append(6...6).isSuccess)
    #expect(try await outbox.sequences() == [3, 5, 6])
    await outbox.close()
  }

  @Test(arguments: [OutboxSync.commit, .interval(.milliseconds(1)), .os])
  func `every policy keeps what was confirmed`(_ sync: OutboxSync) async throws {
    for round: UInt64 in 0..<4 {
      let outbox = try directory.open(.small(sync: sync))
      #expect(outbox.recovered.nextSequence == round * 50 + 1)
      for sequence in round * 50 + 1...round * 50 + 50 {
        #expect(await outbox.append(sequence...sequence).isSuccess)
      }
      #expect(try await outbox.read(from: 1) == (1...round * 50 + 50).map { entry($0) })
      #expect(await outbox.close().isSuccess)
    }
  }

  @Test func `no number is used twice, though everything was settled and the files went`()
    async throws
  {
    var next: UInt64 = 1
    for _ in 0..<5 {
      let outbox = try directory.open(.small())
      #expect(outbox.recovered.nextSequence == next)
      #expect(outbox.recovered.pending.isEmpty)
      #expect(await outbox.append(next...next + 299).isSuccess)
      outbox.settle(Array(next...next + 299))
      next += 300
      #expect(await outbox.append(next - 1...next - 1).error?.code == .invalidArgument)
      await outbox.close()
      #expect(directory.segments.count == 1)
    }
  }

  @Test func `settled files go, and their size with them`() async throws {
    let outbox = try directory.open(.small())
    for start in stride(from: 1 as UInt64, to: 1_000, by: 20) {
      #expect(await outbox.append(start...start + 19).isSuccess)
    }
    #expect(directory.segments.count > 5)
    let full = try #require(outbox.fileBytes)
    #expect(full > 40_000)
    outbox.settle(Array(1...500))
    // A read comes after the settlement; what follows it comes after the files went.
    #expect(try await outbox.read(from: 1, count: 1) == [entry(501)])
    #expect(try await outbox.read(from: 1) == (501...1_000).map { entry($0) })
    outbox.settle(Array(501...1_000))
    #expect(try await outbox.sequences() == [])
    await outbox.close()
    #expect(directory.segments.count == 1)
    #expect(outbox.fileBytes == JournalSegmentHeader.encodedBytes)
  }

  @Test func `one message that stays unsettled does not keep all later files`() async throws {
    var outbox = try directory.open(.small())
    var unsettled: [UInt64] = []
    for start in stride(from: 1 as UInt64, to: 4_000, by: 20) {
      #expect(await outbox.append(start...start + 19).isSuccess)
      let settled = (start...start + 19).filter { $0 % 1_000 != 1 }
      unsettled += (start...start + 19).filter { $0 % 1_000 == 1 }
      outbox.settle(settled)
      #expect(directory.segments.count <= 6)
    }
    #expect(try await outbox.read(from: 0) == unsettled.map { entry($0) })
    await outbox.close()
    outbox = try directory.open(.small())
    #expect(outbox.recovered.notices == [])
    #expect(outbox.recovered.nextSequence == 4_001)
    #expect(try await outbox.read(from: 0) == unsettled.map { entry($0) })
    await outbox.close()
  }

  @Test func `a second one on the directory is told who has it and what to do`() async throws {
    let outbox = try directory.open()
    let error = try #require(throws: HookupError.self) { try directory.open() }
    #expect(error.code == .locked)
    #expect(error.message.contains(directory.path))
    #expect(error.message.contains("process \(ProcessInfo.processInfo.processIdentifier)"))
    #expect(error.message.contains("another directory"))
    await outbox.close()
    let again = try directory.open()
    await again.close()
  }

  @Test func `completions come in the order of the calls, and calls share flushes`() async throws {
    let files = SimulatedFiles()
    let outbox = try FileOutbox.open(directory: "/d", files: files, freshEpoch: 7)
    let order = Mutex<[UInt64]>([])
    await withCheckedContinuation { continuation in
      for sequence: UInt64 in 1...2_000 {
        // Some are refused; their completions keep their places.
        let number = sequence % 100 == 0 ? 1 : sequence
        outbox.append([entry(number)]) { result in
          #expect(result.isSuccess == (number == sequence))
          order.withLock { $0.append(sequence) }
          if sequence == 2_000 { continuation.resume() }
        }
      }
    }
    #expect(order.withLock { $0 } == Array(1...2_000))
    #expect(files.count(of: "flush") < 1_000)
    await outbox.close()
  }

  @Test func `twenty thousand messages are read in pages`() async throws {
    let options = FileOutboxOptions(segmentBytes: 1 << 20, cacheBytes: 1 << 20)
    var outbox = try directory.open(options)
    for start in stride(from: 1 as UInt64, to: 20_000, by: 1_000) {
      #expect(await outbox.append(start...start + 999).isSuccess)
    }
    for _ in 0..<2 {
      var next: UInt64 = 1
      while true {
        let page = try await outbox.read(from: next, count: 1_500, bytes: 64 << 10)
        guard let last = page.last else { break }
        let isExact = page == (next...last.sequence).map { entry($0) }
        #expect(isExact)
        next = last.sequence + 1
      }
      #expect(next == 20_001)
      await outbox.close()
      outbox = try directory.open(options)
      #expect(outbox.recovered.pending.count == 20_000)
    }
    await outbox.close()
  }

  @Test func `an append larger than a file gets a file of its own`() async throws {
    var outbox = try directory.open(.small())
    let large = OutboxEntry(
      sequence: 2, flags: 1, ackTimeoutMilliseconds: 9,
      payload: ByteBuffer(repeating: 7, count: 3 << 20))
    #expect(await outbox.append(1...1).isSuccess)
    #expect(await outbox.append([large]).isSuccess)
    #expect(await outbox.append(3...3).isSuccess)
    #expect(directory.segments.count == 3)
    #expect(try await outbox.read(from: 0) == [entry(1), large, entry(3)])
    await outbox.close()
    outbox = try directory.open(.small())
    #expect(try await outbox.read(from: 0) == [entry(1), large, entry(3)])
    await outbox.close()
  }

  @Test func `an append beyond every limit is refused and changes nothing`() async throws {
    let outbox = try directory.open()
    let payload = ByteBuffer(repeating: 7, count: JournalRecordCodec.maximumPayloadBytes + 1)
    let wild = OutboxEntry(sequence: 1, flags: 0, ackTimeoutMilliseconds: 0, payload: payload)
    #expect(await outbox.append([wild]).error?.code == .messageTooBig)
    var last = entry(1)
    last.sequence = JournalSegmentName.sequenceLimit
    #expect(await outbox.append([last]).error?.code == .invalidArgument)
    #expect(await outbox.append([]).isSuccess)
    #expect(await outbox.append(1...1).isSuccess)
    await outbox.close()
  }

  @Test func `a closed outbox refuses, and closing again is no error`() async throws {
    let outbox = try directory.open()
    outbox.append([entry(1)]) { #expect($0.isSuccess) }
    #expect(await outbox.close().isSuccess)
    #expect(await outbox.close().isSuccess)
    #expect(await outbox.append(2...2).error?.code == .closed)
    await #expect(throws: HookupError.self) { try await outbox.read(from: 1) }
    let again = try directory.open()
    #expect(try await again.sequences() == [1])
    await again.close()
  }

  @Test func `an outbox that is let go of closes by itself`() async throws {
    var outbox: FileOutbox? = try directory.open()
    _ = await outbox?.append(1...1)
    outbox = nil
    // The lock is given back by the outbox's thread, soon.
    while true {
      do {
        let again = try directory.open()
        #expect(try await again.sequences() == [1])
        await again.close()
        return
      } catch let error as HookupError where error.code == .locked {
        await Task.yield()
      }
    }
  }

  @Test func `the directory is made for this user only, or it is said why not`() async throws {
    let outbox = try FileOutbox.open(directory: directory.path + "/a/b/")
    await outbox.close()
    for part in ["", "/a", "/a/b"] {
      let mode =
        try FileManager.default.attributesOfItem(atPath: directory.path + part)[.posixPermissions]
        as? Int
      #expect(mode == 0o700)
    }
    try directory.write(Data(), to: "file")
    for path in [directory.path + "/file", directory.path + "/file/below"] {
      let error = try #require(throws: HookupError.self) { try FileOutbox.open(directory: path) }
      #expect(error.code == .storage)
      #expect(error.message.contains(directory.path + "/file"))
      #expect(error.message.contains("another directory"))
    }
  }

  @Test func `recent messages need no file, old ones do`() async throws {
    let files = SimulatedFiles()
    let outbox = try FileOutbox.open(
      directory: "/d", options: .small(cacheBytes: 4_000), files: files, freshEpoch: 7)
    #expect(await outbox.append(1...100).isSuccess)
    #expect(try await outbox.read(from: 98) == (98...100).map { entry($0) })
    #expect(files.count(of: "read") == 0)
    #expect(try await outbox.read(from: 1) == (1...100).map { entry($0) })
    #expect(files.count(of: "read") == 1)
    await outbox.close()
  }

  @Test func `settlements are written soon, without another append`() async throws {
    let files = SimulatedFiles()
    let outbox = try FileOutbox.open(
      directory: "/d", options: FileOutboxOptions(settleDelay: .milliseconds(1)), files: files,
      freshEpoch: 7)
    #expect(await outbox.append(1...2).isSuccess)
    let writes = files.count(of: "write")
    let flushes = files.count(of: "flush")
    outbox.settle([1])
    while files.count(of: "write") == writes { await Task.yield() }
    #expect(files.count(of: "flush") == flushes)
    await outbox.close()
  }
}
