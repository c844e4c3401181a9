import HookupCore
import Synchronization
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ClientIdentityFileTests {
  private let files = SimulatedFiles()

  private func open(
    _ files: SimulatedFiles? = nil, isExpected: Bool = false, fresh: UInt64 = 1
  ) throws(HookupError) -> ClientIdentityFile {
    try ClientIdentityFile.open(
      directory: "/d", files: files ?? self.files, isExpected: isExpected, freshID: (fresh, 2))
  }

  @Test func `the id stays, and each dial gets the next number`() async throws {
    var expected: UInt64 = 0
    for fresh: UInt64 in 1...3 {
      let file = try open(fresh: fresh)
      #expect(file.id == "00000000000000010000000000000002")
      #expect(file.recovered.state == (fresh == 1 ? .new : .restored))
      #expect(file.connections == expected)
      for _ in 0..<3 {
        expected += 1
        #expect(try await file.nextConnectionNumber() == expected)
        #expect(file.connections == expected)
      }
      await file.close()
    }
  }

  @Test func `two installations have different ids`() throws {
    let one = try ClientIdentityFile.open(directory: "/a", files: files)
    let other = try ClientIdentityFile.open(directory: "/b", files: files)
    #expect(one.id != other.id)
    #expect(one.id.count == 32)
  }

  @Test func `dials at the same time get different numbers, in the order of the calls`()
    async throws
  {
    let file = try open()
    let numbers = Mutex<[UInt64]>([])
    await withCheckedContinuation { continuation in
      for call in 1...500 {
        file.nextConnectionNumber { result in
          if case .success(let number) = result { numbers.withLock { $0.append(number) } }
          if call == 500 { continuation.resume() }
        }
      }
    }
    #expect(numbers.withLock { $0 } == Array(1...500))
    await file.close()
  }

  @Test func `no number is given twice, though power goes between any two calls to the system`()
    async throws
  {
    let whole = SimulatedFiles()
    let numbers = await work(whole)
    #expect(numbers == Array(1...9))
    for call in 0..<whole.calls {
      for seed: UInt64 in 0..<8 {
        let files = SimulatedFiles()
        files.crash(at: call)
        let used = await work(files)
        let file = try open(files.afterCrash(seed: UInt64(call) << 8 | seed, sector: 8))
        let place: Comment = "call \(call), seed \(seed)"
        #expect(!file.recovered.isLost, place)
        if !used.isEmpty { #expect(file.id == "00000000000000010000000000000002", place) }
        #expect(try await file.nextConnectionNumber() > used.last ?? 0, place)
        await file.close()
      }
    }
  }

  private func work(_ files: SimulatedFiles) async -> [UInt64] {
    var numbers: [UInt64] = []
    for _ in 0..<3 {
      guard let file = try? open(files) else { break }
      for _ in 0..<3 {
        if let number = try? await file.nextConnectionNumber() { numbers.append(number) }
      }
      await file.close()
    }
    return numbers
  }

  @Test func `a number that a damaged slot may have held is not given again`() async throws {
    let file = try open()
    for number: UInt64 in 1...3 { #expect(try await file.nextConnectionNumber() == number) }
    await file.close()
    files.change("/d/identity") { $0[4_096 + 40] ^= 1 }
    let again = try open()
    #expect(again.recovered.state == .older)
    #expect(try await again.nextConnectionNumber() == 4)
    await again.close()
  }

  @Test func `a number whose store failed is not given again`() async throws {
    let file = try open()
    #expect(try await file.nextConnectionNumber() == 1)
    files.fail { verb, _, _ in verb == "flush" ? EIO : nil }
    await #expect(throws: HookupError.self) { try await file.nextConnectionNumber() }
    files.fail(nil)
    #expect(try await file.nextConnectionNumber() == 3)
    #expect(files.violations == [])
    await file.close()
  }

  @Test func `a file that is missing though the outbox was used means a fresh id, and is told`()
    async throws
  {
    let file = try open(isExpected: true, fresh: 5)
    #expect(file.recovered.state == .missing)
    #expect(file.recovered.notices.first?.contains("/d/identity") == true)
    #expect(file.id.hasPrefix("0000000000000005"))
    await file.close()
  }

  @Test func `a damaged file is set aside, and told`() async throws {
    let file = try open()
    #expect(try await file.nextConnectionNumber() == 1)
    await file.close()
    files.change("/d/identity") { bytes in
      bytes[0] ^= 1
      bytes[4_096] ^= 1
    }
    let again = try open(isExpected: true, fresh: 6)
    #expect(again.recovered.state == .damaged)
    #expect(again.recovered.notices.first?.contains("/d/identity.damaged-1") == true)
    #expect(again.id.hasPrefix("0000000000000006"))
    #expect(try await again.nextConnectionNumber() == 1)
    await again.close()
  }

  @Test func `a later version is refused, and nothing is touched`() async throws {
    let file = try open()
    await file.close()
    files.change("/d/identity") { bytes in
      bytes[8] = 2
      let checksum = bytes[..<72].withUnsafeBytes { CRC32C.checksum($0, seed: 0x736C_6F74) }
      bytes.replaceSubrange(72..<76, with: withUnsafeBytes(of: checksum.littleEndian, Array.init))
    }
    let error = try #require(throws: HookupError.self) { try open() }
    #expect(error.message.contains("version 2"))
    #expect(files.paths == ["/d/identity"])
  }

  @Test func `the last number is said to be the last`() async throws {
    let file = try open()
    await file.close()
    let last = InstallationIdentity(high: 1, low: 2, connections: (1 << 53) - 1)
    let bytes = TwoSlotCodec.encodeFile(TwoSlotCodec.Slot(generation: 1, value: last))
    files.change("/d/identity") { $0 = Array(bytes.readableBytesView) }
    let full = try open()
    await #expect(throws: HookupError.self) { try await full.nextConnectionNumber() }
    #expect(full.connections == (1 << 53) - 1)
    await full.close()
  }
}
