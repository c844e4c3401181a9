import ArgumentParser
import HookupCore
import HookupEngine
import Synchronization

/// `hookup-chat send`: says each line of standard input and prints what becomes of it, one JSON object a line.
struct SendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Say each line of standard input, and print each change of its state as JSON.",
    discussion: """
      Prints {"line":3,"id":"…","state":"queued|sent|stored|failed","offset":17,"reason":"…"}, one object a line. A line is \
      "queued" once it is on disk. Empty lines are not sent. Messages that an earlier run left in the outbox go first and are \
      printed without "line".

      Exit status: 0 when all are stored, 2 when some are still queued (they go with the next run), 3 when some were refused, \
      1 when the command could not do its work.
      """)

  @OptionGroup var options: ChatOptions

  @Option(help: "The room to say it in: ops, or @bob for a person.")
  var room: RoomName

  @Option(help: "How long a message may be on the way before that is reported.")
  var ackWithin = DurationOption(seconds: 5)

  @Option(
    help: ArgumentHelp(
      "How long to wait, after the last line, until all are stored; alone it means 60s. Default: as --ack-within.",
      valueName: "time"))
  var wait: DurationOption?

  func run() async throws {
    let options = try self.options.resolved()
    var configuration = try options.clientConfiguration()
    configuration.ackTimeout = ackWithin.duration
    let client = try ChatClient(options.url, configuration: configuration, logger: .quiet)
    let ledger = SendLedger()
    let status = try await withThrowingTaskGroup(of: Int32?.self) { group in
      group.addTask {
        try await client.run()
        return nil
      }
      group.addTask {
        for await update in client.updates { try ledger.take(update) }
        return nil
      }
      group.addTask {
        try await say(client, ledger)
        try await ledger.waitUntilSettled(atMost: (wait ?? ackWithin).duration)
        if ledger.exitStatus != 2 { await client.drained(atMost: .seconds(2)) }
        client.close()
        return nil
      }
      try await group.waitForAll()
      return ledger.exitStatus
    }
    if status != 0 { throw ExitCode(status) }
  }

  private func say(_ client: ChatClient, _ ledger: SendLedger) async throws {
    let input = InputLines()
    var number = 0
    while let lines = await input.next() {
      var numbers: [Int] = []
      var texts: [String] = []
      for line in lines {
        number += 1
        guard !line.isEmpty else { continue }
        numbers.append(number)
        texts.append(line)
      }
      guard !texts.isEmpty else { continue }
      try await client.say(contentsOf: texts, in: room) { ids in ledger.expect(ids, lines: numbers)
      }
    }
  }
}
