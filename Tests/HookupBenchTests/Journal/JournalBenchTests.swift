import ArgumentParser
import Foundation
import Testing

@testable import hookup_bench

@Suite struct JournalBenchTests {
  @Test func `a short run measures everything and leaves nothing behind`() throws {
    let place = FileManager.default.temporaryDirectory
      .appending(path: "hookup-journal-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let parsed = try HookupBench.parseAsRoot([
      "journal", "--directory", place.path, "--rounds", "3", "--turn", "1", "--recover", "1",
      "--drain", "5000",
    ])
    let command = try #require(parsed as? JournalCommand)
    let report = try command.measure()
    #expect(report.races.map(\.groupSize) == [1, 10, 100])
    for race in report.races {
      #expect(race.raw > 0 && race.chained > 0 && race.waiting > 0 && race.pipelined > 0)
      #expect(race.waitingRatio > 0 && race.pipelinedRatio > 0)
    }
    #expect(try #require(report.recovery).seconds > 0)
    let memory = try #require(report.drain).memory
    #expect(memory.opened > 0 && memory.highest >= memory.opened)
    #expect(memory.highest >= memory.drained)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == [])
    let json = report.report.json()
    for name in ["groups_of_1", "groups_of_10", "groups_of_100", "recovery", "drain"] {
      #expect(json.contains("\"\(name)\":{"), "\(name)")
    }
  }

  @Test func `ratios are medians over the rounds, not ratios of medians`() {
    let rounds = [(100.0, 50.0), (10, 9), (1_000, 700)].map {
      JournalRace.Round(raw: $0.0, chained: $0.1 * 1.25, waiting: $0.1, pipelined: $0.0 * 2)
    }
    let result = JournalRaceResult(groupSize: 10, rounds)
    #expect(result.raw == 100)
    #expect(result.waiting == 50)
    #expect(result.chained == 62.5)
    #expect(result.chainedRatio == 0.875)
    #expect(result.waitingRatio == 0.7)
    #expect(result.pipelinedRatio == 2)
  }

  @Test func `the median is the middle, or between the two in the middle`() {
    #expect(median([]) == 0)
    #expect(median([3, 1, 2]) == 2)
    #expect(median([4, 1, 3, 2]) == 2.5)
  }
}
