import HookupCore

/// UNACKED: every message in flight with its age against its deadline, and the next ones that wait.
struct AcksPane: Hashable, Sendable {
  /// In flight, oldest first.
  private(set) var pending: [PendingAck] = []
  private var bySequence: [UInt64: PendingAck] = [:]
  /// Where own messages that are not settled were said. The outbox has a limit, and so has this.
  private var rooms: [UInt64: RoomName] = [:]
  /// No unsettled message has a number below this.
  private var lowest: UInt64 = 0

  /// How many were stored in each of the last seconds of the clock in which any were, oldest first.
  private var stored: [Stored] = []

  private struct Stored: Hashable, Sendable {
    var second: Int64
    var count: Int
  }

  /// How long the rate of acks is shown after the last one, and over how long it is taken, in seconds.
  private static let rateSeconds: Int64 = 10
  static let maximumRooms = 100_000
  /// Messages listed one by one; the rest is a number.
  static let maximumRows = 64

  subscript(sequence sequence: UInt64) -> PendingAck? { bySequence[sequence] }

  mutating func update(_ pending: [PendingAck]) {
    self.pending = pending
    bySequence = Dictionary(
      pending.map { ($0.sequence, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func note(_ own: OwnMessage, now: MonotonicInstant) {
    if case .stored = own.state { count(at: Self.second(now)) }
    switch own.state {
    case .stored, .failed, .withdrawn:
      rooms[own.sequence] = nil
      // The outbox settles them nearly in order: this mostly takes one step.
      for _ in 0..<64 where !rooms.isEmpty && rooms[lowest] == nil { lowest = lowest &+ 1 }
    case .buffered, .sent:
      guard rooms.count < Self.maximumRooms || rooms[own.sequence] != nil else { return }
      lowest = rooms.isEmpty ? own.sequence : min(lowest, own.sequence)
      rooms[own.sequence] = own.room
    }
  }

  private mutating func count(at second: Int64) {
    if stored.last?.second == second {
      stored[stored.count - 1].count += 1
    } else {
      stored.append(Stored(second: second, count: 1))
      stored.removeAll { $0.second < second - Self.rateSeconds }
    }
  }

  private static func second(_ instant: MonotonicInstant) -> Int64 {
    instant.nanoseconds / 1_000_000_000
  }

  /// Whether the rate of acks is shown, which changes with the second.
  func isBusy(now: MonotonicInstant) -> Bool {
    stored.last.map { $0.second >= Self.second(now) - Self.rateSeconds } ?? false
  }

  /// Acks a second over the last ten whole seconds, and a bar for each of them.
  private func rate(now: MonotonicInstant, signs: Signs) -> StyledText? {
    guard isBusy(now: now) else { return nil }
    let last = Self.second(now)
    let counts = (last - Self.rateSeconds..<last).map { second in
      stored.first { $0.second == second }?.count ?? 0
    }
    let sum = counts.reduce(0, +)
    guard sum > 0, let highest = counts.max() else { return nil }
    var row = StyledText("acks ", .dim)
    let tenths = sum % Int(Self.rateSeconds)
    row.append(sum < 100 ? "\(sum / 10).\(tenths)/s " : "\(sum / 10)/s ", .plain)
    for count in counts {
      let level = count * (signs.levels.count - 1) / highest
      row.append(count == 0 ? signs.idle : signs.levels[level], count == 0 ? .dim : .accent)
    }
    return row
  }

  /// Whether a number changes ten times a second.
  func isQuick(now: MonotonicInstant) -> Bool {
    pending.contains { $0.sentAt.duration(to: now) < .seconds(10) }
  }

  func oldestAge(now: MonotonicInstant) -> Duration? {
    pending.first.map { $0.sentAt.duration(to: now) }
  }

  func content(
    columns: Int, rows: Int, now: MonotonicInstant, backlog: BacklogStatus, signs: Signs
  ) -> PaneContent {
    var content = PaneContent(title: "UNACKED \(max(pending.count, backlog.messages))")
    let limit = min(max(0, rows), Self.maximumRows)
    let queued = max(0, backlog.messages - pending.count)
    if let oldest = oldestAge(now: now) {
      content.summary = StyledText(NumberText.age(oldest, decimals: 2), .plain)
      if columns >= 26 {
        content.body.append(
          StyledText("   seq  age/max try room", .dim)
            .justified(with: StyledText("B", .dim), columns: columns))
      }
    } else if queued == 0 {
      content.body = [StyledText("all acked", .dim)]
      if let rate = rate(now: now, signs: signs) { content.body.append(rate) }
      return content
    }
    for ack in pending.prefix(limit) {
      content.body.append(row(ack, columns: columns, now: now, signs: signs))
    }
    if pending.count > limit {
      content.body.append(StyledText("  and \(pending.count - limit) more in flight", .dim))
    }
    let listed = nextQueued(limit: min(queued, max(0, limit - pending.count)))
    for (sequence, room) in listed {
      let number = StyledText("\(signs.queued)\(String(sequence).leftPadded(to: 5)) queued", .dim)
      content.body.append(
        columns >= 26 ? number + StyledText("      " + room.label, .dim) : number)
    }
    if queued > listed.count {
      content.body.append(StyledText("  \(queued - listed.count) more wait", .dim))
    }
    if let rate = rate(now: now, signs: signs) { content.body.append(rate) }
    content.body = content.body.map { $0.truncated(to: columns, ellipsis: signs.ellipsis) }
    content.essential = 3
    return content
  }

  private func row(
    _ ack: PendingAck, columns: Int, now: MonotonicInstant, signs: Signs
  ) -> StyledText {
    let age = ack.sentAt.duration(to: now)
    let isLate = now >= ack.deadline
    let allowed = Self.whole(ack.sentAt.duration(to: ack.deadline))
    let text = String(NumberText.age(age, decimals: 2).dropLast()) + "/" + allowed
    let role: CellStyle.Role = isLate ? .bad : age > .seconds(2) ? .warning : .plain
    var row = StyledText(signs.sent, role)
    row.append(String(ack.sequence).leftPadded(to: 5), role)
    row.append(" " + text.leftPadded(to: 8), role)
    row.append(" x\(ack.tries)".rightPadded(to: 4), ack.tries > 1 ? .warning : .dim)
    guard columns >= 26 else { return row }
    if let room = rooms[ack.sequence] { row.append(room.label, .dim) }
    return row.justified(
      with: StyledText(Self.short(bytes: ack.bytes), .dim), columns: columns,
      ellipsis: signs.ellipsis)
  }

  /// In at most four cells: `41`, `3.1k`.
  private static func short(bytes: Int) -> String {
    bytes < 1_000 ? "\(bytes)" : String(NumberText.bytes(bytes).filter { $0 != " " }.dropLast())
  }

  /// The deadline's length without decimals: `5s`, `2m`.
  private static func whole(_ duration: Duration) -> String {
    let seconds = max(0, duration.wholeMilliseconds / 1000)
    return seconds < 100 ? "\(seconds)s" : "\(seconds / 60)m"
  }

  /// The next messages behind those in flight. Numbers have few holes; the search is bounded all the same.
  private func nextQueued(limit: Int) -> [(UInt64, RoomName)] {
    var found: [(UInt64, RoomName)] = []
    var sequence = max(lowest, (pending.last?.sequence).map { $0 &+ 1 } ?? 0)
    for _ in 0..<(limit * 4) where found.count < limit {
      if let room = rooms[sequence], bySequence[sequence] == nil { found.append((sequence, room)) }
      sequence = sequence &+ 1
    }
    return found
  }
}
