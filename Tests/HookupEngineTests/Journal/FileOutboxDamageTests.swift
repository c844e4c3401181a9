import Foundation
import HookupCore
import Testing

@testable import HookupEngine

@Suite struct FileOutboxDamageTests {
  private let directory = JournalDirectory()

  private func fill(_ groups: ClosedRange<UInt64>..., settling: [UInt64] = []) async throws {
    let outbox = try directory.open(.small())
    for group in groups { #expect(await outbox.append(group).isSuccess) }
    outbox.settle(settling)
    #expect(await outbox.close().isSuccess)
  }

  @Test func `a write that was cut off is removed and told`() async throws {
    try await fill(1...2, 3...3)
    let name = try #require(directory.segments.first)
    try directory.write(try directory.data(name).dropLast(5), to: name)
    let outbox = try directory.open(.small())
    #expect(outbox.recovered.pending.map(\.sequence) == [1, 2])
    #expect(outbox.recovered.nextSequence == 3)
    let notice = try #require(outbox.recovered.notices.first)
    #expect(notice.contains(name))
    #expect(notice.contains("bytes"))
    #expect(outbox.epoch == 7)
    #expect(await outbox.append(3...3).isSuccess)
    await outbox.close()
    let again = try directory.open(.small())
    #expect(again.recovered.notices == [])
    #expect(try await again.read(from: 0) == (1...3).map { entry($0) })
    await again.close()
    #expect(directory.names == ["lock", name])
  }

  @Test func `a damaged file is set aside whole, and told with its numbers`() async throws {
    try await fill(1...2, 3...4, 5...6)
    let name = try #require(directory.segments.first)
    var data = try directory.data(name)
    data[100] ^= 1
    try directory.write(data, to: name)
    let outbox = try directory.open(.small(), epoch: 8)
    #expect(outbox.recovered.pending.isEmpty)
    let next = outbox.recovered.nextSequence
    #expect(next > 6)
    #expect(outbox.recovered.notices.count == 1)
    let notice = try #require(outbox.recovered.notices.first)
    #expect(notice.contains("\(directory.path)/\(name).damaged-1"))
    #expect(notice.contains("1 to 6"))
    #expect(outbox.recovered.lost == [1...6])
    #expect(outbox.recovered.epoch == 8)
    #expect(outbox.recovered.isNewEpoch)
    #expect(outbox.epoch == 8)
    #expect(try directory.data("\(name).damaged-1") == data)
    await outbox.close()
    // It is told once, and what was learnt about the numbers stays.
    let again = try directory.open(.small(), epoch: 9)
    #expect(again.recovered.notices == [])
    #expect(again.recovered.lost == [])
    #expect(!again.recovered.isNewEpoch)
    #expect(again.recovered.nextSequence == next)
    #expect(again.epoch == 8)
    await again.close()
  }

  @Test func `a second damaged file of the same name gets the next number`() async throws {
    try await fill(1...2)
    let name = try #require(directory.segments.first)
    try directory.write(Data([1]), to: "\(name).damaged-1")
    try directory.write(Data("nonsense".utf8), to: name)
    let outbox = try directory.open(.small(), epoch: 8)
    await outbox.close()
    #expect(try directory.data("\(name).damaged-1") == Data([1]))
    #expect(try directory.data("\(name).damaged-2") == Data("nonsense".utf8))
  }

  @Test func `a torn end that holds valid records is kept aside`() async throws {
    try await fill(1...1, 2...4)
    let name = try #require(directory.segments.first)
    let whole = try directory.data(name)
    var data = whole
    let start =
      JournalSegmentHeader.encodedBytes + JournalRecordCodec.encodedBytes(of: entry(1))
    data[start + 20] ^= 1
    try directory.write(data, to: name)
    let outbox = try directory.open(.small(), epoch: 8)
    #expect(outbox.recovered.pending.map(\.sequence) == [1])
    #expect(outbox.recovered.nextSequence > 4)
    #expect(outbox.recovered.notices.first?.contains("\(name).damaged-1") == true)
    #expect(try directory.data("\(name).damaged-1") == data.dropFirst(start))
    #expect(outbox.epoch == 8)
    await outbox.close()
    let again = try directory.open(.small())
    #expect(again.recovered.notices == [])
    #expect(again.recovered.nextSequence == outbox.recovered.nextSequence)
    #expect(try await again.read(from: 0) == [entry(1)])
    await again.close()
  }

  @Test func `a missing file is told, with its numbers`() async throws {
    let outbox = try directory.open(.small())
    for start in stride(from: 1 as UInt64, to: 300, by: 20) {
      #expect(await outbox.append(start...start + 19).isSuccess)
    }
    await outbox.close()
    let segments = directory.segments
    #expect(segments.count > 3)
    let name = try #require(JournalSegmentName(segments[1]))
    let next = try #require(JournalSegmentName(segments[2]))
    try FileManager.default.removeItem(atPath: "\(directory.path)/\(segments[1])")
    let again = try directory.open(.small(), epoch: 8)
    #expect(again.recovered.notices.count == 1)
    #expect(again.recovered.notices.first?.contains("\(name.first) to \(next.first - 1)") == true)
    #expect(again.recovered.lost == [name.first...next.first - 1])
    #expect(again.recovered.pending.count == 300 - Int(next.first - name.first))
    #expect(again.epoch == 8)
    await again.close()
    let third = try directory.open(.small())
    #expect(third.recovered.notices == [])
    await third.close()
  }

  @Test func `a later version is refused, and nothing is touched`() async throws {
    try await fill(1...2)
    let name = try #require(directory.segments.first)
    var data = try directory.data(name)
    data[8] = 2
    data[52] ^= 1
    try directory.write(data, to: name)
    let error = try #require(throws: HookupError.self) { try directory.open() }
    #expect(error.code == .storage)
    #expect(error.message.contains("version 2"))
    #expect(try directory.data(name) == data)
    // The lock was given back.
    data[8] = 1
    data[52] ^= 1
    try directory.write(data, to: name)
    let outbox = try directory.open()
    #expect(try await outbox.sequences() == [1, 2])
    await outbox.close()
  }

  @Test func `damage that comes after opening is told by the read that meets it`() async throws {
    let files = SimulatedFiles()
    let outbox = try FileOutbox.open(
      directory: "/d", options: .small(), files: files, freshEpoch: 7)
    #expect(await outbox.append(1...3).isSuccess)
    let path = try #require(files.paths.first { $0.hasSuffix(".log") })
    files.change(path) { $0[100] ^= 1 }
    do {
      _ = try await outbox.read(from: 1)
      Issue.record("no error")
    } catch {
      #expect(error.code == .corrupt)
      #expect(error.message.contains(path))
    }
    await outbox.close()
  }
}
