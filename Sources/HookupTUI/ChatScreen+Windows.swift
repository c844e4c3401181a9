import HookupCore

/// Which windows there are and which one is shown.
extension ChatScreen {
  var window: ChatWindow { windows[current] }

  /// The room that is shown; nil in the status window.
  var room: RoomName? { windows[current].room }

  func index(of room: RoomName) -> Int? { windows.firstIndex { $0.room == room } }

  /// The room's window, made if there is none; nil when there are too many.
  mutating func open(_ room: RoomName) -> Int? {
    if let index = index(of: room) { return index }
    guard windows.count < Self.maximumWindows else { return nil }
    windows.append(ChatWindow(room: room, nick: nick))
    return windows.count - 1
  }

  /// Shows a window; each keeps its own draft.
  mutating func show(_ index: Int) {
    guard windows.indices.contains(index), index != current else { return }
    windows[current].draft = editor.swap(in: windows[index].draft)
    windows[current].timeline.watch(false)
    setScroll(window.scroll)
    previous = current
    current = index
    page = nil
    mode = .write
    if isFocused { windows[current].timeline.watch(true) }
  }

  mutating func close(_ room: RoomName) {
    guard let index = index(of: room) else { return }
    if index == current { show(previous == current ? max(0, index - 1) : previous) }
    windows.remove(at: index)
    if current > index { current -= 1 }
    if previous >= index { previous = max(0, previous - 1) }
    askedNames.remove(room)
    wanted.remove(room)
  }

  mutating func step(by offset: Int) {
    show((current + offset + windows.count) % windows.count)
  }

  /// The next window with a mention, else with anything unread.
  mutating func showNextActive() {
    let order = (1..<max(1, windows.count)).map { (current + $0) % windows.count }
    let target =
      order.first { windows[$0].timeline.mentions > 0 }
      ?? order.first { windows[$0].timeline.unread > 0 }
    if let target { show(target) } else { hint = "nothing unread" }
  }

  /// Moves the view of the window that is shown; nil follows the newest line.
  mutating func setScroll(_ scroll: ChatWindow.Scroll?) {
    windows[current].scroll = scroll
    windows[current].timeline.readBack(scroll != nil)
  }

  /// Moves the view so that a line stands in the middle of it.
  mutating func reveal(_ line: UInt64, at clock: ScreenClock) {
    let layout = self.layout
    let pane = timelinePane(layout, at: clock)
    let height = viewRows(layout, isScrolled: true)
    guard !pane.shows(line, scroll: window.scroll, rows: viewRows(layout)) else { return }
    setScroll(pane.scrolledDown(ChatWindow.Scroll(line: line, hidden: 0), by: height / 2))
  }

  /// Rows of the view: while it is scrolled up, the newest lines stay in sight under it.
  func viewRows(_ layout: Layout, isScrolled: Bool) -> Int {
    let rows = layout.chat.rows
    return isScrolled && rows >= Layout.minimumRowsForTail ? rows - Layout.tailRows - 1 : rows
  }

  func viewRows(_ layout: Layout) -> Int { viewRows(layout, isScrolled: window.scroll != nil) }

  mutating func markAllRead() {
    for index in windows.indices { windows[index].timeline.markRead() }
    hint = "all is read"
  }

  /// Goes to the mark before the first message that was not read.
  mutating func showFirstUnread(at clock: ScreenClock) {
    guard let marker = window.timeline.marker else {
      hint = "nothing is unread here"
      return
    }
    reveal(marker.before, at: clock)
  }

  /// Goes to the next message above or below that names us.
  mutating func showMention(upwards: Bool, at clock: ScreenClock) {
    let timeline = window.timeline
    let start: UInt64
    if case .select(let line, _) = mode {
      start = line
    } else {
      start = window.scroll.map { upwards ? $0.line + 1 : $0.line } ?? timeline.numbers.upperBound
    }
    guard let line = timeline.line(from: start, upwards: upwards, where: { $0.isMention }) else {
      hint = "no mention \(upwards ? "above" : "below"); /mentions lists those of all rooms"
      return
    }
    reveal(line, at: clock)
    mode = .select(line, asks: false)
  }

  mutating func focus(_ focused: Bool) {
    isFocused = focused
    windows[current].timeline.watch(focused)
  }

  /// A sentence in the window that is shown.
  mutating func note(_ text: String, at clock: ScreenClock) {
    windows[current].timeline.applyNotice(
      Sanitizer.clean(text), at: clock.wallMilliseconds)
  }

  mutating func fail(_ text: String, at clock: ScreenClock) {
    windows[current].timeline.applyFailure(Sanitizer.clean(text), at: clock.wallMilliseconds)
  }

  /// The side panes that are switched on.
  var shownSidePanes: [Pane] { Pane.side.filter { !hiddenPanes.contains($0) } }

  var layout: Layout {
    // A page needs the room of the side panes: it shows them itself, or the help.
    Layout(
      columns: columns, rows: rows, inputRows: inputRows(columns: columns),
      showsRooms: !hiddenPanes.contains(.rooms),
      showsSide: !shownSidePanes.isEmpty && page == nil)
  }

  func timelinePane(_ layout: Layout, at clock: ScreenClock) -> TimelinePane {
    let isTabular = layout.kind != .slim && layout.kind != .tiny
    return TimelinePane(
      timeline: window.timeline, nickColumns: window.nickColumns, columns: layout.chat.columns,
      isTabular: isTabular, signs: signs, clock: clock, acks: acks, ignored: ignored,
      top: topSentence, selected: selectedLine, highlight: highlight)
  }

  /// What stands above the oldest line there is.
  private var topSentence: String? {
    guard let room else { return nil }
    if window.timeline.hasAll || window.timeline.oldestOffset == 1 {
      return "\(room.label) begins here"
    }
    if let problem = window.problem { return problem }
    return window.isFetching ? "fetching older messages" : nil
  }

  private var selectedLine: UInt64? {
    switch mode {
    case .select(let line, _): line
    case .find(let finder): finder.match
    default: nil
    }
  }

  private var highlight: String {
    if case .find(let finder) = mode, !finder.isEverywhere { return finder.query }
    return ""
  }
}
