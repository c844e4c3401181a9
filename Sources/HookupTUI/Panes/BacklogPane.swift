import HookupCore

/// BACKLOG: what the outbox holds against its limits, and how far its draining has come.
struct BacklogPane: Hashable, Sendable {
  private(set) var status = BacklogStatus()
  /// When the drain that is under way was first seen, and how much of it was done then.
  private var drainStart: (at: MonotonicInstant, drained: Int)? {
    get { drainStartedAt.map { ($0, drainedAtStart) } }
    set {
      drainStartedAt = newValue?.at
      drainedAtStart = newValue?.drained ?? 0
    }
  }
  private var drainStartedAt: MonotonicInstant?
  private var drainedAtStart = 0

  /// What was said while we were away and is being fetched.
  struct Inbound: Hashable, Sendable {
    var done: UInt64
    var total: UInt64
    var since: MonotonicInstant
  }

  mutating func update(_ new: BacklogStatus, now: MonotonicInstant) {
    let isAnother = new.drainTotal != status.drainTotal || new.drained < status.drained
    status = new
    if !isDraining {
      drainStart = nil
    } else if isAnother || drainStart == nil {
      drainStart = (now, new.drained)
    }
  }

  var isDraining: Bool { status.drainTotal > 0 && status.drained < status.drainTotal }

  /// Progress in percent, for the header of a small screen.
  var percent: Int? {
    isDraining ? NumberText.percent(status.drained, of: status.drainTotal) : nil
  }

  func content(
    columns: Int, now: MonotonicInstant, signs: Signs, inbound: Inbound? = nil
  ) -> PaneContent {
    var content = PaneContent(title: "BACKLOG")
    let size = "\(status.messages) msg  \(NumberText.bytes(status.bytes))"
    content.summary = StyledText(status.messages == 0 ? "empty" : size, .plain)
    var rows: [StyledText] = []
    if let inbound { rows += self.rows(inbound, columns: columns, now: now, signs: signs) }
    if isDraining {
      rows.append(bar(columns: columns, part: status.drained, of: status.drainTotal, signs: signs))
      rows.append(
        StyledText("sent  ", .dim) + StyledText("\(status.drained)/\(status.drainTotal)", .accent))
      if let rate = rate(now: now) {
        rows.append(StyledText("rate  ", .dim) + StyledText(rate, .accent))
      }
    }
    if status.messages == 0 {
      rows.append(StyledText("empty", .dim))
    } else {
      rows.append(StyledText("out   ", .dim) + StyledText(size, .warning))
      if !isDraining, let full = fullness, NumberText.percent(full.part, of: full.whole) > 0 {
        rows.append(bar(columns: columns, part: full.part, of: full.whole, signs: signs))
      }
      if status.maximumMessages > 0, status.maximumBytes > 0 {
        let limit = NumberText.bytes(status.maximumBytes)
        let count = columns >= 26 ? "\(status.maximumMessages) msg  " : ""
        rows.append(StyledText("limit \(count)\(limit)", .dim))
      }
    }
    if let file = status.fileBytes {
      let isFull = fullness.map { $0.part >= $0.whole } ?? false
      rows.append(
        StyledText("file  ", .dim) + StyledText(NumberText.bytes(file))
          + StyledText(isFull ? "  FULL" : "", .bad))
    }
    content.body = rows.map { $0.truncated(to: columns, ellipsis: signs.ellipsis) }
    content.essential = (isDraining ? 2 : 1) + (inbound == nil ? 0 : 2)
    return content
  }

  private func rows(
    _ inbound: Inbound, columns: Int, now: MonotonicInstant, signs: Signs
  ) -> [StyledText] {
    let (done, total) = (Int(clamping: inbound.done), Int(clamping: inbound.total))
    var rows = [StyledText("in    ", .dim) + StyledText("\(done)/\(total)", .accent)]
    rows.append(bar(columns: columns, part: done, of: total, signs: signs))
    // Whole seconds: the number changes no oftener.
    let seconds = inbound.since.duration(to: now).components.seconds
    if seconds > 0, done > 0, total > done {
      let perSecond = max(1, Int64(clamping: inbound.done) / seconds)
      let left = NumberText.age(.seconds(Int64(total - done) / perSecond))
      rows.append(StyledText("rate  ", .dim) + StyledText("\(perSecond)/s  eta \(left)", .accent))
    }
    return rows
  }

  /// The limit that is nearer.
  private var fullness: (part: Int, whole: Int)? {
    guard status.maximumMessages > 0, status.maximumBytes > 0 else { return nil }
    let byCount = Double(status.messages) / Double(status.maximumMessages)
    let byBytes = Double(status.bytes) / Double(status.maximumBytes)
    return byCount > byBytes
      ? (status.messages, status.maximumMessages) : (status.bytes, status.maximumBytes)
  }

  /// Messages a second since the drain began, and how long the rest will take.
  private func rate(now: MonotonicInstant) -> String? {
    guard let start = drainStart else { return nil }
    let seconds = start.at.duration(to: now).inSeconds
    let done = status.drained - start.drained
    guard seconds > 0.2, done > 0 else { return nil }
    let perSecond = Double(done) / seconds
    let left = Duration.milliseconds(
      Int64(min(1e12, Double(status.drainTotal - status.drained) / perSecond * 1000)))
    return "\(Int(min(perSecond, 1e9)))/s  eta \(NumberText.age(left))"
  }

  private func bar(columns: Int, part: Int, of whole: Int, signs: Signs) -> StyledText {
    let percent = NumberText.percent(part, of: whole)
    let text = "\(percent)%".leftPadded(to: 5)
    let cells = max(0, columns - 2 - text.count)
    let full = min(cells, cells * percent / 100)
    var row = StyledText("[", .dim)
    row.append(String(repeating: signs.barFull, count: full), .accent)
    row.append(String(repeating: signs.barEmpty, count: cells - full), .dim)
    row.append("]", .dim)
    row.append(text)
    return row
  }
}
