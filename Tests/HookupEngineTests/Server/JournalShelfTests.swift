import Glibc
import HookupCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct JournalShelfTests {
  private let clients = [1, 2].map { SessionID(high: 0, low: $0) }

  private func shelf(
    _ directory: String, _ change: (inout ReplayLimits) -> Void = { _ in }
  ) -> JournalShelf {
    var limits = ReplayLimits()
    change(&limits)
    return JournalShelf(
      directory: directory, sync: .os, limits: limits, files: SystemFiles())
  }

  /// Leaves a journal for each client.
  private func fill(_ directory: String) async throws {
    let shelf = shelf(directory)
    for client in clients {
      let outbox = try await shelf.open(client, after: 0)
      await withCheckedContinuation { done in outbox.close { done.resume() } }
      await shelf.putBack(client, since: .now)
    }
    #expect(shelf.count == 2)
    await shelf.end()
  }

  private func names(_ directory: String) throws -> Set<String> {
    Set(try SystemFiles().names(in: directory)).subtracting(["lock"])
  }

  /// Says that nothing in it was written since a day before yesterday.
  private func age(_ directory: String) throws {
    for name in try SystemFiles().names(in: directory) {
      var times = [timespec(), timespec()]
      times[0].tv_sec = Int(wallClockMilliseconds() / 1_000) - 200_000
      times[1].tv_sec = times[0].tv_sec
      #expect(utimensat(AT_FDCWD, "\(directory)/\(name)", times, 0) == 0)
    }
  }

  @Test func `what is there at the start is kept as long as its files say`() async throws {
    try await withTemporaryDirectory { directory in
      try await fill(directory)
      let (old, new) = (JournalShelf.name(of: clients[0]), JournalShelf.name(of: clients[1]))
      try age("\(directory)/\(old)")
      let shelf = shelf(directory)
      try await shelf.begin()
      #expect(shelf.count == 1)
      #expect(try names(directory) == [new])
      await shelf.end()
    }
  }

  @Test func `of too many the one that was left the longest ago goes, and none that is open`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      try await fill(directory)
      let (old, new) = (JournalShelf.name(of: clients[0]), JournalShelf.name(of: clients[1]))
      try age("\(directory)/\(old)")
      let shelf = shelf(directory) {
        $0.maximumJournals = 1
        $0.keepFor = .seconds(1_000_000)
      }
      try await shelf.begin()
      #expect(try names(directory) == [new])
      let outbox = try await shelf.open(clients[0], after: 0)
      #expect(try names(directory) == [old])
      #expect(shelf.count == 1)
      await withCheckedContinuation { done in outbox.close { done.resume() } }
      await shelf.putBack(clients[0], since: .now)
      await shelf.end()
      #expect(try names(directory) == [old])
    }
  }

  @Test func `no path tells who a client is`() {
    let name = JournalShelf.name(of: clients[0])
    #expect(name != clients[0].text)
    #expect(name != JournalShelf.name(of: clients[1]))
    #expect(name.utf8.count == 32)
  }
}
