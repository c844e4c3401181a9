import ArgumentParser
import HookupCore
import HookupEngine
import HookupTUI

/// `hookup-chat tail`: prints a room's messages as they come, none twice and none left out.
struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Print a room's messages, reconnecting for as long as asked.",
    discussion: """
      With --json one object a line: \
      {"room":"…","offset":17,"kind":"said","id":"…","from":"…","time":"ISO 8601","text":"…"}.

      Exit status: 0 when --count messages came, or the time was up and no --count was given; 2 when the time was up before \
      --count messages came; 1 when the command could not do its work.
      """)

  @OptionGroup var options: ChatOptions

  @Option(help: "The room to read: ops, or @bob for a person.")
  var room: RoomName

  @Option(help: "Print what comes after this offset; 0 is the beginning.")
  var since: UInt64 = 0

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  @Option(help: "Stop after this many messages.")
  var count: Int?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Stop after this time. Default: never.", valueName: "time"))
  var duration: DurationOption?

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be at least 1") }
  }

  func run() async throws {
    // Reading queues nothing, so it needs no outbox and no lock: any number of readers may share a home.
    let options = try self.options.resolved()
    var configuration = try options.clientConfiguration()
    configuration.onlyReads = true
    let client = try ChatClient(options.url, configuration: configuration, logger: .quiet)
    client.join(room, since: since)
    let isComplete = try await withThrowingTaskGroup(of: Bool?.self) { group in
      group.addTask {
        try await client.run()
        return nil
      }
      group.addTask { try await printEntries(client) }
      if let duration {
        group.addTask {
          try await Task.sleep(for: duration.duration)
          return count == nil
        }
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      return false
    }
    if !isComplete { throw ExitCode(2) }
  }

  /// - Returns: true when `--count` entries were printed; nil when the client ended first.
  private func printEntries(_ client: ChatClient) async throws -> Bool? {
    var printed = 0
    for await update in client.updates {
      switch update {
      case .entry(let entry) where (json || entry.kind.isSpeech) && entry.room == room:
        try StandardOutput.write(line: json ? Printable.json(entry.json.text) : Self.plain(entry))
        printed += 1
        if printed == count { return true }
      case .gap(let room, let from, let to):
        StandardError.write("hookup-chat: \(room): the server no longer keeps \(from) to \(to)\n")
      case .refused(let code, let message, _):
        StandardError.write("hookup-chat: \(Printable.text(message)) (\(Printable.text(code)))\n")
      default: break
      }
    }
    return nil
  }

  private static func plain(_ entry: RoomEntry) -> String {
    let time = ISO8601Time.text(milliseconds: entry.milliseconds)
    return "\(time) \(entry.room) <\(entry.from)> \(Printable.text(entry.text))"
  }
}
