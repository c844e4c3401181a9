import Foundation
import Testing

@testable import hookup_bench

@Suite struct ResumeDrainTests {
  @Test func `a short drain delivers all, and says how fast and in what memory`() async throws {
    let place = FileManager.default.temporaryDirectory
      .appending(path: "hookup-resume-drain-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let outcome = try await ResumeDrain(messages: 3_000, window: 256, bytes: 100).run(
      in: place.path)
    #expect(outcome.seconds > 0)
    #expect(outcome.slowestPerSecond > 0 && outcome.slowestPerSecond.isFinite)
    #expect(outcome.before > 0 && outcome.highest >= outcome.before)
  }
}
