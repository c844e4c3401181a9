import Foundation
import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct FileOutboxCrashTests {
  /// What a run knows when its machine goes down.
  private struct Knowledge {
    var tried: UInt64 = 0
    var confirmed: Set<UInt64> = []
    var settled: Set<UInt64> = []
  }

  /// Appends, settles, closes and opens again, until it is done or the machine is down.
  private func work(_ files: SimulatedFiles, _ knowledge: inout Knowledge) async {
    var random = SplitMix(state: 5)
    for _ in 0..<3 {
      guard
        let outbox = try? FileOutbox.open(
          directory: "/d", options: .small(), files: files, freshEpoch: 7)
      else { return }
      for _ in 0..<14 {
        let first = knowledge.tried + 1
        let last = first + UInt64.random(in: 0..<12, using: &random)
        knowledge.tried = last
        if await outbox.append(first...last).isSuccess {
          knowledge.confirmed.formUnion(first...last)
        }
        let settled = (1...last).filter { number in
          knowledge.confirmed.contains(number) && !knowledge.settled.contains(number)
            && number % 40 != 1 && UInt64.random(in: 0..<4, using: &random) != 0
        }
        knowledge.settled.formUnion(settled)
        outbox.settle(settled)
      }
      await outbox.close()
    }
  }

  /// Opens what a crash left, and compares.
  private func check(
    _ files: SimulatedFiles, _ knowledge: Knowledge, _ comment: Comment
  ) async throws {
    let outbox = try FileOutbox.open(
      directory: "/d", options: .small(), files: files, freshEpoch: 7)
    let entries = try await outbox.read(from: 0)
    let found = entries.map(\.sequence)
    let isExact = entries == found.map { entry($0) }
    #expect(isExact, comment)
    #expect(found == Array(Set(found)).sorted(), comment)
    #expect(knowledge.confirmed.subtracting(knowledge.settled).isSubset(of: found), comment)
    #expect((found.last ?? 0) <= knowledge.tried, comment)
    #expect(outbox.recovered.nextSequence > knowledge.confirmed.max() ?? 0, comment)
    // Nothing that was durable was damaged.
    #expect(!outbox.recovered.notices.contains { $0.contains("set aside whole") }, comment)
    #expect(!outbox.recovered.notices.contains { $0.contains("lacks") }, comment)
    let next = outbox.recovered.nextSequence
    #expect(await outbox.append(next...next).isSuccess, comment)
    #expect(await outbox.close().isSuccess, comment)
    #expect(files.violations == [], comment)
  }

  @Test func `power may go between any two calls to the system`() async throws {
    let whole = SimulatedFiles()
    var knowledge = Knowledge()
    await work(whole, &knowledge)
    #expect(knowledge.confirmed.count > 200)
    #expect(whole.count(of: "rename") > 3)
    for call in 0..<whole.calls {
      let files = SimulatedFiles()
      files.crash(at: call)
      var knowledge = Knowledge()
      await work(files, &knowledge)
      try await check(
        files.afterCrash(seed: UInt64(call)), knowledge, "call \(call)")
    }
  }

  @Test func `what was read after a kill stays when power goes`() async throws {
    for call in stride(from: 5, to: 400, by: 7) {
      let killed = SimulatedFiles()
      killed.crash(at: call)
      var knowledge = Knowledge()
      await work(killed, &knowledge)
      let files = killed.afterKill()
      let outbox = try FileOutbox.open(
        directory: "/d", options: .small(), files: files, freshEpoch: 7)
      let found = try await outbox.sequences()
      let again = try FileOutbox.open(
        directory: "/d", options: .small(), files: files.afterCrash(seed: UInt64(call)),
        freshEpoch: 7)
      #expect(try await again.sequences() == found, "call \(call)")
      await outbox.close()
      await again.close()
    }
  }

  @Test func `power may go again while the damage is repaired`() async throws {
    for seed: UInt64 in 0..<50 {
      var random = SplitMix(state: seed)
      var files = SimulatedFiles()
      files.crash(at: Int.random(in: 20..<200, using: &random))
      var knowledge = Knowledge()
      await work(files, &knowledge)
      for _ in 0..<4 {
        files = files.afterCrash(seed: random.next())
        files.crash(at: Int.random(in: 0..<12, using: &random))
        if let outbox = try? FileOutbox.open(
          directory: "/d", options: .small(), files: files, freshEpoch: 7)
        {
          await outbox.close()
        }
      }
      try await check(files.afterCrash(seed: random.next()), knowledge, "seed \(seed)")
    }
  }

  @Test func `kill -9 at any moment loses nothing that was confirmed`() async throws {
    let directory = JournalDirectory()
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "outbox-crash-writer")
    var random = SystemRandomNumberGenerator()
    var confirmed: Set<UInt64> = []
    var settled: Set<UInt64> = []
    for round in 0..<10 {
      let lines = try run(program, directory.path, until: Int.random(in: 1...2_000, using: &random))
      for line in lines {
        let number = try #require(UInt64(line.dropFirst(2)), "\(line)")
        if line.hasPrefix("c ") {
          #expect(confirmed.insert(number).inserted, "\(number) was given twice")
        } else {
          settled.insert(number)
        }
      }
      let outbox = try directory.open()
      let entries = try await outbox.read(from: 0)
      let found = entries.map(\.sequence)
      #expect(found == Array(Set(found)).sorted())
      let lost = confirmed.subtracting(settled).subtracting(found)
      #expect(lost.isEmpty, "round \(round)")
      let isExact = entries.allSatisfy { entry in
        let text =
          "message \(entry.sequence) " + String(repeating: "x", count: Int(entry.sequence % 200))
        return entry.payload == ByteBuffer(string: text)
          && entry.ackTimeoutMilliseconds == UInt32(entry.sequence % 1_000)
      }
      #expect(isExact)
      #expect(outbox.recovered.nextSequence > confirmed.max() ?? 0)
      await outbox.close()
    }
    #expect(confirmed.count > 100)
  }

  /// Runs the program, kills it when it has said so many lines, and gives all whole lines it said.
  private func run(_ program: URL, _ directory: String, until count: Int) throws -> [Substring] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program
    process.arguments = [directory]
    process.standardOutput = pipe
    try process.run()
    var output = Data()
    var lines = 0
    while lines < count {
      let part = pipe.fileHandleForReading.availableData
      guard !part.isEmpty else { break }
      lines += part.count { $0 == 10 }
      output += part
    }
    kill(process.processIdentifier, SIGKILL)
    output += pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    return String(decoding: output, as: UTF8.self).split(separator: "\n")
  }
}
