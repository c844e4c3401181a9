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
    switch page {
    case .help:
      draw(HelpPage.rows(columns: area.columns, rows: area.rows), in: area, on: &buffer)
    case .pane(let pane):
      let panes = [pane] + Pane.side.filter { $0 != pane }
      draw(sideRows(area, panes: panes, at: clock), in: area, on: &buffer)
    case nil where window.timeline.numbers.isEmpty:
      let text = StyledText(emptyWindowSentence, .dim).truncated(to: area.columns)
      let column = area.column + (area.columns - text.width) / 2
      buffer.write(text, row: area.row + area.rows / 2, column: column, end: area.end)
    case nil:
      let rows = timelinePane(layout, at: clock).visible(rows: area.rows, scroll: window.scroll)
      var bottom = area
      bottom.row += max(0, area.rows - rows.count)
      draw(rows, in: bottom, on: &buffer)
    }
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
    case .backlog: backlog.content(columns: columns, now: clock.now, signs: signs)
    case .members, .rooms:
      MembersPane.content(
        members: window.members, me: nick, columns: columns, rows: rows, signs: signs)
    }
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
    }
    right.append(layout.kind == .wide ? "F1 help  F2-F5 panes " : "F1 help ", .dim)
    if let hint {
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
    editor.isEmpty ? 1 : inputView(columns: columns).rows.count
  }

  private func inputView(columns: Int) -> InputView {
    var prompt = StyledText("[\(window.label)] ", .dim)
    if columns < 50 || prompt.width > columns / 3 { prompt = StyledText("> ", .dim) }
    if columns < 6 { prompt = StyledText() }
    if let secret {
      // Not even how long it is.
      return InputView(
        draft: LineEditor.Draft(), prompt: StyledText(secret.question, .warning), columns: columns)
    }
    return InputView(draft: editor.draft, prompt: prompt, columns: columns)
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
