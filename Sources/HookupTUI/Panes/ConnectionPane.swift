import HookupCore

/// LINK: where the connection stands, how quick it is, and when it will be tried again.
struct ConnectionPane: Hashable, Sendable {
  var link = LinkStatus()
  /// Since when the link is in its state.
  var since: MonotonicInstant = .zero
  /// The server's URL, sanitised.
  var server = ""
  /// The last round trips, oldest first; nil where the link was lost. At most ``maximumSamples``.
  private(set) var samples: [Duration?] = []

  static let maximumSamples = 64
  /// Cells of a label.
  private static let label = 6

  /// Takes a new state of the link.
  mutating func update(_ new: LinkStatus, now: MonotonicInstant) {
    let wasUp = Self.isUp(link.state)
    if let roundTrip = new.roundTrip, roundTrip != link.roundTrip { addSample(roundTrip) }
    if wasUp, !Self.isUp(new.state) { addSample(nil) }
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
      addRoundTrips(to: &rows, columns: columns, signs: signs)
    } else {
      if let failure = link.lastFailure {
        rows += [Glyph].rows(of: "last: " + failure, columns: columns, .bad).prefix(2)
      }
      addRoundTrips(to: &rows, columns: columns, signs: signs)
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
    content.body = rows.map { $0.truncated(to: columns, ellipsis: signs.ellipsis) }
    content.essential = 3
    return content
  }

  private func addRoundTrips(
    to rows: inout [StyledText], columns: Int, signs: Signs
  ) {
    let known = samples.compactMap { $0 }.sorted()
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
    rows.append(sparkline(columns: columns, signs: signs, highest: known[known.count - 1]))
  }

  /// The last round trips as a row of bars; a lost link is a mark in it.
  private func sparkline(columns: Int, signs: Signs, highest: Duration) -> StyledText {
    var row = StyledText()
    for sample in samples.suffix(columns) {
      guard let sample else {
        row.append(signs.failed, .bad)
        continue
      }
      let share = sample.inSeconds / max(highest.inSeconds, 1e-9)
      let level = min(signs.levels.count - 1, max(0, Int(share * Double(signs.levels.count - 1))))
      row.append(signs.levels[level], .accent)
    }
    return row
  }

  private mutating func addSample(_ sample: Duration?) {
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
