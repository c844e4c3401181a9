import HookupCore

/// The picture.
extension ChatScreen {
  /// The picture for the size of the last ``ScreenEvent/resized(columns:rows:)`` (80 x 24 before the first). Only what
  /// is in view is laid out: the cost does not grow with the length of a room.
  public func render(at clock: ScreenClock) -> ScreenBuffer {
    var buffer = ScreenBuffer(columns: columns, rows: rows)
    guard columns > 0, rows > 0 else { return buffer }
    let layout = self.layout
    if let area = layout.header {
      buffer.write(header(layout, at: clock).bar(columns: columns), row: area.row, column: 0)
    }
    if let area = layout.rooms {
      let rows = roomsPane.rows(columns: area.columns, rows: area.rows)
      draw(rows, in: area, on: &buffer)
      drawRule(column: area.end, area, on: &buffer)
    }
    if let area = layout.side {
      draw(sideRows(area, panes: shownSidePanes, at: clock), in: area, on: &buffer)
      drawRule(column: area.column - 1, area, on: &buffer)
    }
    drawChat(layout, at: clock, on: &buffer)
    if let area = layout.status {
      buffer.write(status(layout, at: clock).bar(columns: columns), row: area.row, column: 0)
    }
    drawInput(layout.input, on: &buffer)
    return buffer
  }

  private func draw(_ rows: [StyledText], in area: Layout.Area, on buffer: inout ScreenBuffer) {
    for (index, row) in rows.prefix(area.rows).enumerated() {
      buffer.write(row, row: area.row + index, column: area.column, end: area.end)
    }
  }

  private func drawRule(column: Int, _ area: Layout.Area, on buffer: inout ScreenBuffer) {
    for row in area.row..<(area.row + area.rows) {
      buffer.write(signs.vertical, CellStyle(.border), row: row, column: column)
    }
  }

  // MARK: The chat and what covers it

  private func drawChat(_ layout: Layout, at clock: ScreenClock, on buffer: inout ScreenBuffer) {
    let area = layout.chat
    if case .choose(let query, let selected) = mode {
      return draw(choices(query, selected, area), in: area, on: &buffer)
    }
    switch page {
    case .help(let top):
      let rows = HelpPage.rows(columns: area.columns)
      let first = max(0, min(top, rows.count - area.rows))
      draw(Array(rows.dropFirst(first)), in: area, on: &buffer)
    case .pane(let pane):
      let panes = [pane] + Pane.side.filter { $0 != pane }
      draw(sideRows(area, panes: panes, at: clock), in: area, on: &buffer)
    case .list(let list):
      let pane = ListPane(page: list, columns: area.columns, signs: signs, clock: clock)
      draw(pane.rows(area.rows), in: area, on: &buffer)
    case .check: draw(CheckPage.rows(columns: area.columns, signs: signs), in: area, on: &buffer)
    case .keys(let names):
      let title = StyledText("KEYS as they arrive  (Esc twice closes)", .title, bold: true)
      let shown = names.suffix(max(0, area.rows - 1))
      draw([title] + shown.map { StyledText($0) }, in: area, on: &buffer)
    case nil where window.timeline.numbers.isEmpty:
      let text = StyledText(emptyWindowSentence, .dim).truncated(to: area.columns)
      let column = area.column + (area.columns - text.width) / 2
      buffer.write(text, row: area.row + area.rows / 2, column: column, end: area.end)
    case nil: drawTimeline(layout, at: clock, on: &buffer)
    }
  }

  private func drawTimeline(
    _ layout: Layout, at clock: ScreenClock, on buffer: inout ScreenBuffer
  ) {
    let area = layout.chat
    let pane = timelinePane(layout, at: clock)
    let height = viewRows(layout)
    var rows = pane.visible(rows: height, scroll: window.scroll)
    if height < area.rows {
      // Scrolled up: the newest lines stay in sight.
      rows = Array(repeating: StyledText(), count: height - rows.count) + rows
      let tail = pane.tail(rows: Layout.tailRows, scroll: window.scroll)
      rows.append(pane.belowRule(belowSentence(pane)))
      rows += tail
    }
    var bottom = area
    bottom.row += max(0, area.rows - rows.count)
    draw(rows, in: bottom, on: &buffer)
  }

  private func belowSentence(_ pane: TimelinePane) -> String {
    let mentions = pane.mentionsBelow(window.scroll)
    let named = mentions == 0 ? "" : mentions == 1 ? ", 1 mention" : ", \(mentions) mentions"
    return "\(pane.below(window.scroll)) below\(named)"
  }

  private func choices(_ query: String, _ selected: Int, _ area: Layout.Area) -> [StyledText] {
    let title = StyledText("ROOMS", .title, bold: true)
      .justified(
        with: StyledText(area.columns < 50 ? "" : "Enter goes there  Esc closes", .dim),
        columns: area.columns)
    let matching = windows(matching: query)
    let height = max(1, area.rows - 1)
    let first = max(0, min(selected - height / 2, matching.count - height))
    let pane = RoomsPane(
      entries: roomsPane.entries,
      current: matching.indices.contains(selected) ? matching[selected] : -1, signs: signs)
    return [title]
      + matching.dropFirst(first).prefix(height).map { pane.row($0, columns: area.columns) }
  }

  /// What a newcomer reads where there is nothing yet.
  private var emptyWindowSentence: String {
    guard room != nil else { return "F1 help   /join #room" }
    return ConnectionPane.isUp(connection.link.state)
      ? "nothing was said here yet" : "write already: it is kept until it can be sent"
  }

  private func sideRows(
    _ area: Layout.Area, panes: [Pane], at clock: ScreenClock
  ) -> [StyledText] {
    // The last column stays free, so that the panes have air on a screen and on paper.
    let columns = max(0, area.columns - 1)
    let contents = panes.filter { $0 != .rooms }.map { pane in
      (pane: pane, content: content(of: pane, columns: columns, rows: area.rows, at: clock))
    }
    return PaneStack.rows(contents, columns: columns, rows: area.rows, signs: signs)
  }

  private func content(
    of pane: Pane, columns: Int, rows: Int, at clock: ScreenClock
  ) -> PaneContent {
    switch pane {
    case .link:
      connection.content(columns: columns, now: clock.now, backlog: backlog.status, signs: signs)
    case .acks:
      acks.content(
        columns: columns, rows: max(3, rows / 3), now: clock.now, backlog: backlog.status,
        signs: signs)
    case .backlog:
      backlog.content(columns: columns, now: clock.now, signs: signs, inbound: inbound)
    case .members, .rooms:
      MembersPane.content(
        members: window.members, me: nick, away: away, columns: columns, rows: rows, signs: signs)
    }
  }

  /// What all rooms together still fetch of what was missed.
  private var inbound: BacklogPane.Inbound? {
    var inbound: BacklogPane.Inbound?
    for window in windows {
      guard let catchUp = window.catchUp, window.timeline.lastOffset < catchUp.to else { continue }
      var sum = inbound ?? BacklogPane.Inbound(done: 0, total: 0, since: catchUp.since)
      sum.total += catchUp.to - catchUp.from
      sum.done += max(window.timeline.lastOffset, catchUp.from) - catchUp.from
      sum.since = min(sum.since, catchUp.since)
      inbound = sum
    }
    return inbound
  }

  var roomsPane: RoomsPane {
    RoomsPane(
      entries: windows.map {
        RoomsPane.Entry(
          label: $0.label, unread: $0.timeline.unread, mentions: $0.timeline.mentions)
      }, current: current, signs: signs)
  }

  // MARK: Header and status line

  private func header(_ layout: Layout, at clock: ScreenClock) -> StyledText {
    let edge = layout.kind == .wide || layout.kind == .medium ? " " : ""
    var left = StyledText(edge + window.label, .title, bold: true)
    if layout.status == nil {
      // Without a status line what it would say goes here.
      if let hint { return StyledText(hint, .warning).truncated(to: columns) }
      let below = timelinePane(layout, at: clock).below(window.scroll)
      if below > 0 { left.append(" \(below) below", .accent) }
    } else if !window.topic.isEmpty {
      left.append("  " + window.topic, .dim)
    }
    var right = connection.headline(now: clock.now, signs: signs)
    let counts = counts(withWords: layout.kind == .wide)
    if counts.width > 0, right.width + counts.width + 8 <= columns {
      right.append("  ")
      right.append(counts)
    }
    if layout.kind == .wide { right.append("   \(nick)", .plain) }
    right.append(edge)
    return left.justified(with: right, columns: columns, ellipsis: signs.ellipsis)
  }

  /// Own messages in flight, queued and failed; what is zero is not said.
  private func counts(withWords: Bool) -> StyledText {
    let inFlight = acks.pending.count
    let queued = max(0, backlog.status.messages - inFlight)
    let failed = windows.reduce(0) { $0 + $1.timeline.failed }
    var text = StyledText()
    func add(_ sign: String, _ count: Int, _ word: String, _ role: CellStyle.Role) {
      guard count > 0 else { return }
      let gap = text.width == 0 ? "" : withWords ? "  " : " "
      text.append("\(gap)\(sign)\(count)\(withWords ? " " + word : "")", role)
    }
    add(signs.sent, inFlight, "in flight", .accent)
    add(signs.queued, queued, "queued", .warning)
    add(signs.failed, failed, "failed", .bad)
    if let inbound {
      let percent = NumberText.percent(
        Int(clamping: inbound.done), of: Int(clamping: inbound.total))
      text.append("\(text.width > 0 ? " " : "")<\(percent)%", .accent)
    }
    if let percent = backlog.percent { text.append(" \(percent)%", .accent) }
    return text
  }

  private func status(_ layout: Layout, at clock: ScreenClock) -> StyledText {
    var left = StyledText()
    if layout.kind != .slim {
      let time = NumberText.clock(clock.wallMilliseconds, clock.utcOffsetSeconds)
      left.append("[\(time)] ", .dim)
    }
    var right = StyledText()
    let below = timelinePane(layout, at: clock).below(window.scroll)
    if below > 0 { right.append("-- \(below) below --  ", .accent, bold: true) }
    if layout.kind == .slim, below > 0 {
      right = StyledText("\(below) below ", .accent, bold: true)
    } else if let typing = window.typingSentence(at: clock.now), below == 0 {
      let short = StyledText(typing, .dim).truncated(to: columns / 3, ellipsis: signs.ellipsis)
      right.append(short + StyledText("  "))
    }
    let isWriting = modeHint == nil
    right.append(
      !isWriting ? "" : layout.kind == .wide ? "F1 help  F2-F5 panes " : "F1 help ", .dim)
    if let hint = hint ?? modeHint {
      left.append(hint, .warning)
      return left.justified(with: right, columns: columns, ellipsis: signs.ellipsis)
    }
    let room = columns - left.width - right.width - 1
    let rooms = roomsPane
    if layout.rooms == nil {
      left.append(rooms.line(columns: room))
    } else {
      left.append("[\(nick)] \(current + 1):\(window.label)", .plain)
      let news = rooms.line(columns: max(0, columns - left.width - right.width - 8), onlyNews: true)
      if news.width > 0 {
        left.append("  hot: ", .dim)
        left.append(news)
      }
    }
    return left.justified(with: right, columns: columns, ellipsis: signs.ellipsis)
  }

  // MARK: The input

  /// Rows that the whole draft takes.
  func inputRows(columns: Int) -> Int {
    editor.isEmpty && mode == .write ? 1 : inputView(columns: columns).rows.count
  }

  private func inputView(columns: Int) -> InputView {
    if let secret {
      // Not even how long it is.
      return InputView(
        draft: LineEditor.Draft(), prompt: StyledText(secret.question, .warning), columns: columns)
    }
    switch mode {
    case .find(let finder):
      let place = finder.isEverywhere ? "find everywhere: " : "find here: "
      let role: CellStyle.Role = finder.isMissed && !finder.isEverywhere ? .bad : .accent
      return InputView(query: finder.query, prompt: StyledText(place, role), columns: columns)
    case .recall(let recall):
      var line = recall.match.map { editor.history[$0] } ?? ""
      line = Sanitizer.clean(line, limit: 400)
      let words = "history '\(recall.query)': "
      let prompt = StyledText(words, recall.isMissed ? .bad : .accent)
        .truncated(to: max(1, columns / 2))
      return InputView(query: line, prompt: prompt, columns: columns)
    case .choose(let query, _):
      return InputView(query: query, prompt: StyledText("go to: ", .accent), columns: columns)
    case .write, .select: break
    }
    var prompt = StyledText("[\(window.label)] ", .dim)
    if columns < 50 || prompt.width > columns / 3 { prompt = StyledText("> ", .dim) }
    if columns < 6 { prompt = StyledText() }
    return InputView(draft: editor.draft, prompt: prompt, columns: columns)
  }

  /// What the keys mean, while they do not write the draft.
  private var modeHint: String? {
    switch mode {
    case .write: nil
    case .find(let finder):
      if finder.isEverywhere {
        "Enter asks the server  Tab here  Esc back"
      } else if finder.isMissed {
        "no more of it here; Tab looks everywhere  Esc back"
      } else {
        "^R older  ^S newer  Tab everywhere  Enter stay  Esc back"
      }
    case .recall: "^R older  ^S newer  Enter takes it  Esc back"
    case .choose: nil
    case .select(let number, _):
      window.timeline[number: number].map(Self.isFailed) ?? false
        ? Self.selectFailedHint : Self.selectHint
    }
  }

  private static func isFailed(_ line: ChatTimeline.Line) -> Bool {
    guard case .own(let own) = line.content, case .failed = own.state else { return false }
    return !line.isRetried && !line.isDropped
  }

  private func drawInput(_ area: Layout.Area, on buffer: inout ScreenBuffer) {
    let view = inputView(columns: area.columns)
    let top = view.top(height: area.rows)
    draw(Array(view.rows.dropFirst(top)), in: area, on: &buffer)
    buffer.cursor = (
      row: area.row + min(max(0, view.cursor.row - top), area.rows - 1),
      column: min(view.cursor.column, area.columns - 1)
    )
  }
}
