import HookupEngine

/// What came of a run of the restart rig.
struct RestartResult: Sendable {
  var settings: RestartSettings
  /// When the clients were back, for each restart.
  var rounds: [ReconnectHistogram] = []
  /// How long the server was away, for each restart: from the signal until it listened again.
  var absences: [Duration] = []
  /// Messages that were put into an outbox.
  var said = 0
  /// Messages of which their sender heard that they are stored.
  var confirmed = 0
  var stored = 0
  /// Entries that readers saw, all of them together.
  var read = 0
  /// Connections beyond the first of each client and one for each restart.
  var extraConnections = 0
  var verdict = TortureVerdict()
  /// What else went wrong, a sentence each.
  var problems: [String] = []

  /// Whether all went well; nothing at all is not well.
  var isGood: Bool {
    verdict.isClean && problems.isEmpty && said > 0 && confirmed == said && stored == said
      && rounds.count == settings.rounds && rounds.allSatisfy { $0.total == settings.clients }
  }

  /// Adds what one room's evidence says.
  mutating func count(_ evidence: TortureEvidence) {
    stored += evidence.log.entries.count
    said += evidence.senders.values.reduce(0) { $0 + $1.confirmed.count }
    read += evidence.readers.values.reduce(0) { $0 + $1.entries.count }
    let found = TortureChecker.verdict(on: evidence)
    verdict.lost += found.lost
    verdict.doubled += found.doubled
    verdict.reordered += found.reordered
    verdict.unreported += found.unreported
    verdict.differing += found.differing
    for sentence in found.findings { verdict.find(sentence) }
  }

  /// The histogram of each restart, for people.
  func pictures() -> String {
    zip(rounds, absences).enumerated().map { index, round in
      "restart \(index + 1): away for \(fixed(round.1 / .seconds(1), 2)) s, all \(round.0.total) back after "
        + "\(fixed(round.0.last / .seconds(1), 2)) s, largest tenth \(fixed(round.0.unevenness, 2)) of the mean\n"
        + round.0.picture() + "\n"
    }.joined()
  }

  var report: Report {
    var report = Report()
    report.add("seed", .text(String(settings.seed)))
    report.add("clients", .count(settings.clients))
    report.add("window_seconds", .number(settings.spread / .seconds(1), digits: 1))
    for (index, round) in rounds.enumerated() {
      let absence = Report.Field("away_seconds", .number(absences[index] / .seconds(1), digits: 2))
      report.add("restart_\(index + 1)", .group([absence] + round.fields))
    }
    report.add("extra_connections", .count(extraConnections))
    report.add(
      "messages",
      .group([
        .init("said", .count(said)), .init("confirmed", .count(confirmed)),
        .init("stored", .count(stored)), .init("read", .count(read)),
      ]))
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
