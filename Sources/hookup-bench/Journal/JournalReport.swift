/// What `journal` found out.
struct JournalReport {
  var messageBytes: Int
  var races: [JournalRaceResult]
  /// Bytes of the outbox that was opened, and how long that took.
  var recovery: (bytes: Int, seconds: Double)?
  /// Messages that were drained, and what memory took meanwhile.
  var drain: (messages: Int, memory: JournalDrain.Memory)?

  var report: Report {
    var report = Report()
    report.add("benchmark", .text("journal"))
    report.add("bytes", .count(messageBytes))
    for race in races {
      report.add(
        "groups_of_\(race.groupSize)",
        .group([
          .init("raw_messages_per_second", .number(race.raw, digits: 0)),
          .init("messages_per_second", .number(race.chained, digits: 0)),
          .init("ratio", .number(race.chainedRatio, digits: 2)),
          .init("other_thread_messages_per_second", .number(race.waiting, digits: 0)),
          .init("other_thread_ratio", .number(race.waitingRatio, digits: 2)),
          .init("pipelined_messages_per_second", .number(race.pipelined, digits: 0)),
          .init("pipelined_ratio", .number(race.pipelinedRatio, digits: 2)),
        ]))
    }
    if let recovery {
      report.add(
        "recovery",
        .group([
          .init("bytes", .count(recovery.bytes)),
          .init("seconds", .number(recovery.seconds, digits: 3)),
        ]))
    }
    if let drain {
      report.add(
        "drain",
        .group([
          .init("messages", .count(drain.messages)),
          .init("messages_per_second", .number(drain.memory.messagesPerSecond, digits: 0)),
          .init("rss_kib_before", .count(drain.memory.before)),
          .init("rss_kib_opened", .count(drain.memory.opened)),
          .init("rss_kib_highest", .count(drain.memory.highest)),
          .init("rss_kib_drained", .count(drain.memory.drained)),
        ]))
    }
    return report
  }
}
