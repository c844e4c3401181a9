import HookupCore

/// LINK: where the connection stands, how quick it is, and when it will be tried again.
struct ConnectionPane: Hashable, Sendable {
  var link = LinkStatus()
  /// Since when the link is in its state.
  var since: MonotonicInstant = .zero
  /// The server's URL, sanitised.
  var server = ""
  /// The last round trips, oldest first. At most ``maximumSamples``.
  private(set) var samples: [Sample] = []

  /// A round trip, or nil where the link was lost.
  struct Sample: Hashable, Sendable {
    var at: MonotonicInstant
    var roundTrip: Duration?
  }

  static let maximumSamples = 128
  /// What one bar of the sparkline stands for.
  static let barLength = Duration.seconds(10)
  /// Cells of a label.
  private static let label = 6

  /// Takes a new state of the link.
  mutating func update(_ new: LinkStatus, now: MonotonicInstant) {
    let wasUp = Self.isUp(link.state)
    if let roundTrip = new.roundTrip, roundTrip != link.roundTrip {
      addSample(Sample(at: now, roundTrip: roundTrip))
    }
    if wasUp, !Self.isUp(new.state) { addSample(Sample(at: now)) }
    if new.state != link.state { since = now }
    link = new
    link.lastFailure = new.lastFailure.map { Sanitizer.clean($0, limit: 200) }
  }

  static func isUp(_ state: LinkStatus.State) -> Bool { state == .online || state == .stalled }

  /// The state's word, its sign and its number: what the header shows as well.
  func headline(now: MonotonicInstant, signs: Signs) -> StyledText {
    switch link.state {
    case .online:
      let roundTrip = link.roundTrip.map { " " + NumberText.roundTrip($0) } ?? ""
      return StyledText(signs.online, .good) + StyledText(" ONLINE" + roundTrip, .good)
    case .connecting:
      let attempt = link.attempt > 1 ? " #\(link.attempt)" : ""
      return StyledText("\(signs.busy) CONNECTING\(attempt)", .warning)
    case .resuming: return StyledText("\(signs.sent) RESUMING", .warning)
    case .stalled:
      return StyledText(
        "\(signs.busy) STALLED \(NumberText.age(since.duration(to: now)))", .warning)
    case .retrying:
      let time = link.retryAt.map { " in " + NumberText.countdown(now.duration(to: $0)) } ?? ""
      return StyledText("\(signs.failed) RETRY #\(link.attempt)\(time)", .bad)
    case .offline: return StyledText("\(signs.offline) OFFLINE", .bad)
    }
  }

  /// - Parameter backlog: for what is held while there is no connection.
  func content(
    columns: Int, now: MonotonicInstant, backlog: BacklogStatus, signs: Signs
  ) -> PaneContent {
    var content = PaneContent(title: "LINK", summary: headline(now: now, signs: signs))
    var rows = [headline(now: now, signs: signs)]
    func add(_ name: String, _ value: String, _ role: CellStyle.Role = .plain) {
      rows.append(StyledText(name.rightPadded(to: Self.label), .dim) + StyledText(value, role))
    }
    if Self.isUp(link.state) {
      if let since = link.connectedSince { add("up", NumberText.uptime(since.duration(to: now))) }
      addRoundTrips(to: &rows, columns: columns, now: now, signs: signs)
      if let ping = pingSentence(now: now, columns: columns) { add("ping", ping) }
    } else {
      if let failure = link.lastFailure {
        rows += [Glyph].rows(of: "last: " + failure, columns: columns, .bad).prefix(2)
      }
      addRoundTrips(to: &rows, columns: columns, now: now, signs: signs)
      if backlog.messages > 0 {
        add("held", "\(backlog.messages) msg, \(NumberText.bytes(backlog.bytes))", .warning)
      }
      if link.state == .retrying { rows.append(StyledText("/reconnect = now", .dim)) }
      if link.state == .offline { rows.append(StyledText("/go online to connect", .dim)) }
    }
    add("drops", "\(link.drops)", link.drops > 0 ? .warning : .plain)
    if !server.isEmpty {
      // A URL that does not fit behind its label is recognised without one.
      let fits = StyledText(server).width + Self.label <= columns
      if fits { add("url", server) } else { rows.append(StyledText(server)) }
    }
    if let encryption = link.encryption { add("tls", Sanitizer.clean(encryption, limit: 40)) }
    content.body = rows.map { $0.truncated(to: columns, ellipsis: signs.ellipsis) }
    content.essential = 3
    return content
  }

  /// When the last ping went and, where there is room, when the next one is due, in whole seconds that change with the uptime's.
  private func pingSentence(now: MonotonicInstant, columns: Int) -> String? {
    guard let since = link.connectedSince else { return nil }
    func seconds(_ instant: MonotonicInstant) -> Int64 {
      instant <= since ? 0 : since.duration(to: instant).components.seconds
    }
    let last = link.lastPing.map { "\(max(0, seconds(now) - seconds($0)))s ago" }
    // The other side's own pings put ours off, and that is not told.
    let next = link.nextPing.flatMap { $0 > now ? "next \(seconds($0) - seconds(now))s" : nil }
    let words = [last, next].compactMap { $0 }
    guard !words.isEmpty else { return nil }
    let both = words.joined(separator: " ")
    return Self.label + both.count <= columns ? both : words[0]
  }

  /// When the bars of the sparkline move on.
  func nextChange(after now: MonotonicInstant) -> MonotonicInstant {
    guard !samples.isEmpty else { return now + .seconds(3_600) }
    let bar = Self.barLength.wholeNanoseconds
    return MonotonicInstant(nanoseconds: (now.nanoseconds / bar + 1) * bar)
  }

  private func addRoundTrips(
    to rows: inout [StyledText], columns: Int, now: MonotonicInstant, signs: Signs
  ) {
    let known = samples.compactMap(\.roundTrip).sorted()
    guard !known.isEmpty else { return }
    func percentile(_ part: Int) -> String {
      NumberText.roundTrip(known[min(known.count - 1, known.count * part / 100)])
    }
    let wide = "\(percentile(50))  p95 \(percentile(95))"
    // Tenths of a millisecond need the room that the columns would take.
    let fits = Self.label + wide.count <= columns
    rows.append(
      StyledText(fits ? "rtt".rightPadded(to: Self.label) : "rtt ", .dim)
        + StyledText(fits ? wide : "\(percentile(50)) p95 \(percentile(95))"))
    rows.append(
      sparkline(columns: columns, now: now, signs: signs, highest: known[known.count - 1]))
  }

  /// The time until now as bars of ten seconds: the longest round trip of each, a mark where the link was lost, a point
  /// where nothing was measured.
  private func sparkline(
    columns: Int, now: MonotonicInstant, signs: Signs, highest: Duration
  ) -> StyledText {
    func bar(_ instant: MonotonicInstant) -> Int64 {
      instant.nanoseconds / Self.barLength.wholeNanoseconds
    }
    var bars: [Int64: Duration?] = [:]
    for sample in samples {
      guard let roundTrip = sample.roundTrip else {
        bars[bar(sample.at)] = .some(nil)
        continue
      }
      // A loss stays to be seen.
      if case .some(let before) = bars[bar(sample.at)] {
        bars[bar(sample.at)] = .some(before.map { max($0, roundTrip) })
      } else {
        bars[bar(sample.at)] = roundTrip
      }
    }
    var row = StyledText()
    guard let first = samples.first else { return row }
    let last = bar(now)
    for index in max(bar(first.at), last - Int64(max(0, columns - 1)))...max(last, bar(first.at)) {
      switch bars[index] {
      case nil: row.append(signs.idle, .dim)
      case .some(nil): row.append(signs.failed, .bad)
      case .some(let roundTrip?):
        let share = roundTrip.inSeconds / max(highest.inSeconds, 1e-9)
        let level = min(signs.levels.count - 1, max(0, Int(share * Double(signs.levels.count - 1))))
        row.append(signs.levels[level], .accent)
      }
    }
    return row
  }

  private mutating func addSample(_ sample: Sample) {
    samples.append(sample)
    if samples.count > Self.maximumSamples { samples.removeFirst() }
  }
}

extension [Glyph] {
  /// A sentence as rows of at most `columns` cells.
  static func rows(of text: String, columns: Int, _ role: CellStyle.Role) -> [StyledText] {
    Sanitizer.glyphs(of: text).wrapped(to: columns).map { StyledText($0, CellStyle(role)) }
  }
}
