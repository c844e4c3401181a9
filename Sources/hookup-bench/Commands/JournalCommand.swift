import ArgumentParser
import Foundation
import HookupCore
import HookupEngine

/// The outbox's files by themselves.
struct JournalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Measures the file outbox against a raw write and fdatasync of the same bytes.",
    discussion: """
      Appends messages in groups, each group one append: each by the completion of the one before, \
      then by another thread that waits for it, then with \(JournalRace.window) groups on the way. The raw writes have \
      one call for a group, records with their headers, into space that was reserved. All take turns; ratios are \
      medians over the rounds. Deleting settled files is not in the figures. Then it opens a full \
      outbox, and drains a long backlog page by page and looks at its own memory.
      """)

  @Option(
    help: "Where the files are made; by default the system's temporary directory. They are removed."
  )
  var directory: String?

  @Option(help: "Payload bytes of a message.")
  var bytes = 100

  @Option(parsing: .upToNextOption, help: "Messages in a group.")
  var groups = [1, 10, 100]

  @Option(help: "Rounds for each group size; 0 leaves them out.")
  var rounds = 21

  @Option(help: "What a turn of raw writes takes, milliseconds.")
  var turn = 50

  @Option(help: "MiB of the outbox that is opened; 0 leaves it out.")
  var recover = 64

  @Option(help: "Messages that are drained; 0 leaves it out.")
  var drain = 1_000_000

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  func validate() throws {
    try require(0...1_000_000, bytes, "bytes")
    for size in groups { try require(1...10_000, size, "groups") }
    try require(0...10_000, rounds, "rounds")
    try require(1...10_000, turn, "turn")
    try require(0...4_096, recover, "recover")
    try require(0...100_000_000, drain, "drain")
  }

  func run() async throws {
    do {
      let report = try measure().report
      Streams.write(json ? report.json() + "\n" : report.table(), to: 1)
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    } catch let failure as FileFailure {
      Streams.complain("cannot \(failure.verb) '\(failure.path)': errno \(failure.number)")
      throw ExitCode(1)
    }
  }

  /// Makes a directory, measures in it and removes it.
  func measure() throws -> JournalReport {
    let parent = directory ?? FileManager.default.temporaryDirectory.path
    let path = "\(parent)/hookup-bench-journal-\(UInt64.random(in: 0...UInt64.max))"
    try SystemFiles().makeDirectory(path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var report = JournalReport(messageBytes: bytes, races: [])
    let work = JournalDrain(directory: path, messageBytes: bytes)
    // First, while the process is small.
    if drain > 0 { report.drain = (drain, try work.memory(draining: drain)) }
    if recover > 0 {
      report.recovery = (recover << 20, try work.recoverySeconds(bytes: recover << 20))
    }
    guard rounds > 0 else { return report }
    for size in groups {
      let race = JournalRace(
        directory: path, messageBytes: bytes, groupSize: size, rounds: rounds,
        turn: .milliseconds(turn))
      report.races.append(JournalRaceResult(groupSize: size, try race.run()))
    }
    return report
  }
}
