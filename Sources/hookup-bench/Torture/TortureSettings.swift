/// What a run of the torture rig does.
struct TortureSettings: Sendable {
  /// The room that everybody is in.
  static let room = "torture"

  /// How long the faults last; preparing and draining come on top.
  var duration = Duration.seconds(60)
  /// Decides what happens when to whom; how the processes meet it is theirs.
  var seed: UInt64 = 1
  /// Senders on healthy disks.
  var senders = 4
  var readers = 3
  /// Lines that each sender is given a second.
  var rate = 20.0
  /// `kill -9` and a restart.
  var serverKillsPerMinute = 25.0
  /// SIGSTOP, and SIGCONT up to 3 s later.
  var serverStopsPerMinute = 2.0
  /// Over all clients together.
  var clientKillsPerMinute = 25.0
  var clientStopsPerMinute = 6.0
  /// Over all connections together.
  var linkFaultsPerMinute = 180.0
  /// How often the small disk is full, for 1 to 5 s.
  var diskFillsPerMinute = 6.0
  /// Whether there are two more senders: one on a small disk, one whose disk fails.
  var harmsDisks = true
  /// How long each step of the drain may take.
  var drain = Duration.seconds(120)

  /// What no run takes longer than.
  var limit: Duration { duration + drain * 4 + .seconds(120) }
}

/// What was done to the processes and the links, and what they did in spite of it.
struct TortureResult: Sendable {
  var settings: TortureSettings
  var linkFaults: [LinkFault.Kind: Int] = [:]
  var serverKills = 0
  var serverStops = 0
  var clientKills = 0
  var clientStops = 0
  var diskFills = 0
  /// System calls of a sender that were made to fail.
  var injections = 0
  /// Times that a sender with a bad disk gave up and was started again.
  var gaveUp = 0
  var tried = 0
  var confirmed = 0
  /// Lines whose failure was said.
  var failed = 0
  var stored = 0
  /// Entries that readers saw, all of them together.
  var read = 0
  /// How long the drain took.
  var drainTime = Duration.zero
  var verdict = TortureVerdict()
  /// What else went wrong, a sentence each.
  var problems: [String] = []
  /// What was left out, a sentence each.
  var skipped: [String] = []

  /// Whether all went well; nothing at all is not well.
  var isGood: Bool {
    verdict.isClean && problems.isEmpty && confirmed > 0 && stored > 0 && read > 0
  }

  mutating func count(_ evidence: TortureEvidence) {
    for sender in evidence.senders.values {
      tried += sender.tried
      confirmed += sender.confirmed.count
      failed += sender.failed.count
    }
    stored = evidence.log.entries.count
    for reader in evidence.readers.values {
      read += reader.entries.count
      // One reader that saw nothing proves nothing.
      if reader.entries.isEmpty { problems.append("a reader saw nothing") }
    }
    verdict = TortureChecker.verdict(on: evidence)
  }

  var report: Report {
    var report = Report()
    report.add("seed", .text(String(settings.seed)))
    report.add("seconds", .number(settings.duration / .seconds(1), digits: 0))
    var links: [Report.Field] = [.init("total", .count(linkFaults.values.reduce(0, +)))]
    for kind in LinkFault.Kind.allCases {
      links.append(.init(kind.rawValue, .count(linkFaults[kind] ?? 0)))
    }
    report.add("link_faults", .group(links))
    report.add(
      "server", .group([.init("kills", .count(serverKills)), .init("stops", .count(serverStops))]))
    report.add(
      "clients", .group([.init("kills", .count(clientKills)), .init("stops", .count(clientStops))]))
    report.add(
      "disks",
      .group([
        .init("filled", .count(diskFills)), .init("calls_failed", .count(injections)),
        .init("senders_gave_up", .count(gaveUp)),
      ]))
    report.add(
      "messages",
      .group([
        .init("tried", .count(tried)), .init("confirmed", .count(confirmed)),
        .init("failed", .count(failed)), .init("stored", .count(stored)),
        .init("read", .count(read)),
      ]))
    report.add("drain_seconds", .number(drainTime / .seconds(1), digits: 1))
    report.add("lost", .count(verdict.lost))
    report.add("doubled", .count(verdict.doubled))
    report.add("reordered", .count(verdict.reordered))
    report.add("unreported_ranges", .count(verdict.unreported))
    report.add("differing", .count(verdict.differing))
    report.add("problems", .count(problems.count))
    report.add("passed", .flag(isGood))
    return report
  }
}
