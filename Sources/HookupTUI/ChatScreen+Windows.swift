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
    previous = current
    current = index
    page = nil
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
      isTabular: isTabular, signs: signs, clock: clock, acks: acks)
  }
}
