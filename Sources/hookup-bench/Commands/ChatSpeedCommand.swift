import ArgumentParser
import Foundation
import HookupEngine

/// The chat server's speed.
struct ChatSpeedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Measures the chat server: durable messages, history, search.",
    discussion: """
      Senders say messages into one room of a server with a SQLite store, all in this process, over loopback; a message \
      counts when its sender knows that it is stored. Then the store alone, and SQLite alone, take the same rows in \
      batches of the same size, synced as much. Then pages and searches of a long history, as medians. Then the time from \
      a message to the last of its readers, as a median, beside a plain broadcast of as many bytes, and with one more reader \
      that has stopped reading.
      """)

  @Option(help: "Senders.")
  var senders = 10

  @Option(help: "Bytes of a message.")
  var bytes = 100

  @Option(help: "Seconds of sending.")
  var seconds = 5

  @Option(help: "Messages of the long history.")
  var history = 100_000

  @Option(help: "Readers of one message.")
  var readers = 500

  @Option(help: "Messages to them, one after the other.")
  var rounds = 300

  @Flag(help: "Prints one JSON object instead of a table.")
  var json = false

  func validate() throws {
    try require(1...1_000, senders, "senders")
    try require(5...8_000, bytes, "bytes")
    try require(1...600, seconds, "seconds")
    try require(1_000...10_000_000, history, "history")
    try require(1...5_000, readers, "readers")
    try require(1...100_000, rounds, "rounds")
  }

  func run() async throws {
    let watchdog = Watchdog(limit: .seconds(seconds + 300 + history / 2_000))
    defer { watchdog.cancel() }
    let directory = NSTemporaryDirectory() + "hookup-chat-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      let speed = try await ChatSpeed(
        directory: directory, senders: senders, bytes: bytes, measured: .seconds(seconds)
      ).run()
      let history = try await ChatHistory(directory: directory, messages: history).run()
      let fanout = try await ChatFanout(directory: directory, readers: readers, rounds: rounds)
        .run(bytes: bytes)
      var report = report(speed, history)
      add(fanout, to: &report)
      Streams.write(json ? report.json() + "\n" : report.table(), to: 1)
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }

  private func add(_ fanout: ChatFanout.Outcome, to report: inout Report) {
    report.add("fanout_readers", .number(Double(readers), digits: 0))
    report.add("fanout_plain_milliseconds", .number(fanout.plain, digits: 2))
    report.add("fanout_chat_milliseconds", .number(fanout.chat, digits: 2))
    report.add("fanout_chat_over_plain", .number(fanout.chat / fanout.plain, digits: 2))
    report.add("fanout_8000_bytes_milliseconds", .number(fanout.largeChat, digits: 2))
    report.add("fanout_with_a_stalled_reader_milliseconds", .number(fanout.stalled, digits: 2))
    report.add(
      "fanout_stalled_over_not", .number(fanout.stalled / fanout.largeChat, digits: 2))
  }

  private func report(_ speed: ChatSpeed.Outcome, _ history: ChatHistory.Outcome) -> Report {
    var report = Report()
    report.add("benchmark", .text("chat"))
    report.add("durable_messages_per_second", .number(speed.messagesPerSecond, digits: 0))
    report.add("messages_per_transaction", .number(speed.batch, digits: 1))
    report.add("store_rows_per_second", .number(speed.storeRowsPerSecond, digits: 0))
    report.add("bare_rows_per_second", .number(speed.bareRowsPerSecond, digits: 0))
    report.add("bare_rows_with_index_per_second", .number(speed.indexedRowsPerSecond, digits: 0))
    report.add(
      "served_over_bare", .number(speed.messagesPerSecond / speed.bareRowsPerSecond, digits: 2))
    report.add(
      "store_over_bare", .number(speed.storeRowsPerSecond / speed.bareRowsPerSecond, digits: 2))
    report.add(
      "store_over_bare_with_index",
      .number(speed.storeRowsPerSecond / speed.indexedRowsPerSecond, digits: 2))
    report.add("history_filled_per_second", .number(history.fillPerSecond, digits: 0))
    report.add("page_of_50_milliseconds", .number(history.pageMilliseconds, digits: 3))
    report.add("page_around_milliseconds", .number(history.aroundMilliseconds, digits: 3))
    report.add("search_milliseconds", .number(history.searchMilliseconds, digits: 2))
    report.add(
      "search_of_a_common_word_milliseconds", .number(history.commonSearchMilliseconds, digits: 2))
    report.add("search_of_a_beginning_milliseconds", .number(history.prefixMilliseconds, digits: 2))
    return report
  }
}
