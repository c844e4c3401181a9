import Foundation
import HookupCore
import Synchronization
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ReceivedCursorFileTests {
  private let files = SimulatedFiles()

  private func open(
    _ files: SimulatedFiles? = nil, isExpected: Bool = false
  ) throws(HookupError) -> ReceivedCursorFile {
    try ReceivedCursorFile.open(
      directory: "/d", files: files ?? self.files, isExpected: isExpected)
  }

  @Test func `what was stored is there after it is opened again, on the real file system`()
    async throws
  {
    let directory = JournalDirectory()
    var file = try ReceivedCursorFile.open(directory: directory.path)
    #expect(file.recovered == TwoSlotRecovery(state: .new))
    #expect(file.value == .none)
    for number: UInt64 in 1...5 {
      #expect(await file.store(cursor(number)).isSuccess)
      #expect(file.value == cursor(number))
      await file.close()
      file = try ReceivedCursorFile.open(directory: directory.path, isExpected: true)
      #expect(file.recovered == TwoSlotRecovery(state: .restored))
      #expect(file.value == cursor(number))
    }
    await file.close()
    #expect(directory.names == ["received"])
  }

  @Test func `an outbox beside it takes no notice`() async throws {
    let directory = JournalDirectory()
    let outbox = try directory.open()
    let file = try ReceivedCursorFile.open(directory: directory.path)
    #expect(await outbox.append(1...3).isSuccess)
    #expect(await file.store(cursor(3)).isSuccess)
    await file.close()
    await outbox.close()
    let again = try directory.open()
    #expect(again.recovered.notices == [])
    #expect(try await again.sequences() == [1, 2, 3])
    await again.close()
  }

  @Test func `stores that come during a flush become one, and complete in order`() async throws {
    let file = try open()
    let order = Mutex<[UInt64]>([])
    await withCheckedContinuation { continuation in
      for number: UInt64 in 1...2_000 {
        file.store(cursor(number)) { result in
          #expect(result.isSuccess)
          order.withLock { $0.append(number) }
          if number == 2_000 { continuation.resume() }
        }
      }
    }
    #expect(order.withLock { $0 } == Array(1...2_000))
    #expect(files.count(of: "flush") < 1_000)
    #expect(file.value == cursor(2_000))
    await file.close()
    #expect(try open(files.afterCrash(seed: 1)).value == cursor(2_000))
  }

  /// Stores until the machine is down; gives the last number that was tried, and that was confirmed.
  private func work(_ files: SimulatedFiles) async -> (tried: UInt64, confirmed: UInt64) {
    var number: UInt64 = 0
    var confirmed: UInt64 = 0
    for round in 0..<3 {
      guard let file = try? open(files, isExpected: round > 0) else { break }
      for _ in 0..<4 {
        number += 1
        if await file.store(cursor(number)).isSuccess { confirmed = number }
      }
      await file.close()
    }
    return (number, confirmed)
  }

  @Test
  func `power may go between any two calls to the system, and nothing confirmed is forgotten`()
    async throws
  {
    let whole = SimulatedFiles()
    #expect(await work(whole).confirmed == 12)
    for call in 0..<whole.calls {
      for seed: UInt64 in 0..<8 {
        let files = SimulatedFiles()
        files.crash(at: call)
        let (tried, confirmed) = await work(files)
        let after = files.afterCrash(seed: UInt64(call) << 8 | seed, sector: 8)
        let file = try open(after)
        let place: Comment = "call \(call), seed \(seed)"
        #expect((confirmed...tried).contains(file.value.rx), place)
        #expect(file.value == (file.value.rx == 0 ? .none : cursor(file.value.rx)), place)
        #expect(!file.recovered.isLost, place)
        #expect(await file.store(cursor(tried + 1)).isSuccess, place)
        await file.close()
        #expect(try open(after.afterCrash(seed: seed)).value == cursor(tried + 1), place)
      }
    }
  }

  @Test func `what was read after a kill stays when power goes`() async throws {
    for call in 0..<40 {
      let killed = SimulatedFiles()
      killed.crash(at: call)
      _ = await work(killed)
      let files = killed.afterKill()
      let found = try open(files).value
      for seed: UInt64 in 0..<4 { #expect(try open(files.afterCrash(seed: seed)).value == found) }
    }
  }

  @Test func `a failed flush is told, never tried again on that file, and the next store goes on`()
    async throws
  {
    let file = try open()
    #expect(await file.store(cursor(1)).isSuccess)
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    let error = try #require(await file.store(cursor(2)).error)
    #expect(error.code == .storage)
    #expect(error.message.contains("/d/received"))
    #expect(await file.store(cursor(3)).error?.code == .storage)
    #expect(file.value == cursor(1))
    files.fail(nil)
    #expect(await file.store(cursor(4)).isSuccess)
    #expect(await file.store(cursor(5)).isSuccess)
    #expect(files.violations == [])
    #expect(file.value == cursor(5))
    await file.close()
    for seed: UInt64 in 0..<8 {
      let again = try open(files.afterCrash(seed: seed))
      #expect(again.value == cursor(5))
      #expect(again.recovered.state == .restored)
    }
  }

  @Test func `a full disk does not keep a store from its place, which was taken before`()
    async throws
  {
    let file = try open()
    files.limit(to: try #require(files.size(of: "/d/received")))
    for number: UInt64 in 1...5 { #expect(await file.store(cursor(number)).isSuccess) }
    await file.close()
    #expect(try open().value == cursor(5))
  }

  @Test func `damage of both slots is told, and the file is set aside`() async throws {
    let file = try open()
    for number: UInt64 in 1...3 { #expect(await file.store(cursor(number)).isSuccess) }
    await file.close()
    files.change("/d/received") { bytes in
      bytes[30] ^= 1
      bytes[4_096 + 30] ^= 1
    }
    let again = try open(isExpected: true)
    #expect(again.recovered.state == .damaged)
    #expect(again.recovered.isLost)
    #expect(again.value == .none)
    let notice = try #require(again.recovered.notices.first)
    #expect(notice.contains("/d/received.damaged-1"))
    #expect(notice.contains("lost"))
    #expect(files.paths == ["/d/received", "/d/received.damaged-1"])
    #expect(await again.store(cursor(7)).isSuccess)
    await again.close()
    let third = try open(isExpected: true)
    #expect(third.recovered == TwoSlotRecovery(state: .restored))
    #expect(third.value == cursor(7))
  }

  @Test func `damage of the newer slot gives the older, and is told`() async throws {
    let file = try open()
    for number: UInt64 in 1...3 { #expect(await file.store(cursor(number)).isSuccess) }
    await file.close()
    // The file began with slot 0; the third store went to slot 1.
    files.change("/d/received") { $0[4_096 + 30] ^= 1 }
    let again = try open()
    #expect(again.recovered.state == .older)
    #expect(again.recovered.notices.count == 1)
    #expect(again.value == cursor(2))
    // The good slot is not the one that is written to.
    files.crash(at: files.calls + 1)
    #expect(await again.store(cursor(8)).error != nil)
    for seed: UInt64 in 0..<8 {
      #expect([cursor(2), cursor(8)].contains(try open(files.afterCrash(seed: seed)).value))
    }
  }

  @Test func `a file that is missing is told when it should be there`() async throws {
    let file = try open(isExpected: true)
    #expect(file.recovered.state == .missing)
    #expect(file.recovered.notices.first?.contains("/d/received") == true)
    await file.close()
    #expect(try open(isExpected: true).recovered.state == .restored)
  }

  @Test func `a closed file refuses, and closing again is no error`() async throws {
    let file = try open()
    await file.close()
    await file.close()
    #expect(await file.store(cursor(1)).error?.code == .closed)
  }

  @Test(arguments: ["create directory", "list", "open", "read", "flush"])
  func `what fails on opening is told`(_ verb: String) async throws {
    let file = try open()
    await file.close()
    files.fail { failing, _, _ in failing == verb ? EACCES : nil }
    let error = try #require(throws: HookupError.self) { try open() }
    #expect(error.code == .storage)
    #expect(error.message.contains("/d"))
    files.fail(nil)
    #expect(try open(files.afterCrash(seed: 1)).value == .none)
  }
}
