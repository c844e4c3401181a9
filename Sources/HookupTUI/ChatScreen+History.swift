import HookupCore

/// What was said before this run, and what a later run begins with.
extension ChatScreen {
  /// What a later run is to begin with. Cheap: it shares its texts with the screen.
  public var saved: SavedScreen {
    var saved = SavedScreen(current: room, lines: editor.history)
    saved.ignored = ignored.sorted()
    saved.aliases = aliases.texts
    for (index, window) in windows.enumerated() {
      guard let room = window.room else { continue }
      // A password is no draft.
      let draft = index != current ? window.draft : secret == nil ? editor.draft : .init()
      let read = window.timeline.readOffset
      saved.windows.append(
        SavedScreen.Window(
          room: room, draft: String(draft.characters), cursor: draft.cursor,
          read: read > 0 ? read : nil))
    }
    return saved
  }

  mutating func restore(_ saved: SavedScreen) {
    editor.restore(history: saved.lines)
    ignored = Set(saved.ignored.prefix(Self.maximumNicks))
    for (name, text) in saved.aliases { try? aliases.set(name, to: text) }
    for window in saved.windows {
      guard let index = open(window.room) else { break }
      if let read = window.read { windows[index].timeline.applyRead(read) }
      var draft = LineEditor()
      guard draft.insert(window.draft) else { continue }
      let restored = LineEditor.Draft(
        characters: draft.draft.characters,
        cursor: min(max(0, window.cursor), draft.draft.characters.count))
      if index == current { editor.swap(in: restored) } else { windows[index].draft = restored }
    }
    // A room that was asked for on the command line is shown already.
    if room == nil, let last = saved.current.flatMap(index(of:)) { show(last) }
  }

  mutating func apply(_ page: ChatPage, at clock: ScreenClock) -> [ScreenEffect] {
    guard let index = index(of: page.room) else { return [] }
    windows[index].isFetching = false
    windows[index].problem = page.problem.map { Sanitizer.clean($0, limit: 200) }
    for entry in page.entries where entry.kind.isSpeech { windows[index].noteNick(entry.from) }
    let oldest = windows[index].timeline.oldestOffset
    windows[index].timeline.prepend(page.entries, isComplete: page.isComplete)
    // Asking again would bring the same again.
    let isStuck = windows[index].timeline.oldestOffset == oldest && !page.isComplete
    if isStuck, windows[index].problem == nil { windows[index].problem = "nothing older came" }
    guard let offset = windows[index].seek else {
      return index == current ? fetchOlderIfNear(at: clock) : []
    }
    guard index == current else {
      windows[index].seek = nil
      return []
    }
    return seek(offset, at: clock)
  }

  /// Shows the message of that offset, once it is here.
  mutating func seek(_ offset: UInt64, at clock: ScreenClock) -> [ScreenEffect] {
    let timeline = window.timeline
    if let oldest = timeline.oldestOffset, oldest <= offset, let line = timeline.line(at: offset) {
      windows[current].seek = nil
      reveal(line, at: clock)
      mode = .select(line, asks: false)
      return []
    }
    windows[current].timeline.readBack(true)
    guard let effect = fetchOlder() else {
      windows[current].seek = nil
      windows[current].timeline.readBack(window.scroll != nil)
      hint =
        window.problem
        ?? (timeline.hasAll ? "that message is no longer kept" : "that is too far back")
      return []
    }
    windows[current].seek = offset
    return [effect]
  }

  /// Goes to a message of any room.
  mutating func jump(to room: RoomName, _ offset: UInt64, at clock: ScreenClock) -> [ScreenEffect] {
    var effects: [ScreenEffect] = []
    if let index = index(of: room) {
      show(index)
    } else {
      guard let index = open(room) else {
        hint = "no more than \(Self.maximumWindows) windows: /part one first"
        return [.bell]
      }
      leaving.remove(room)
      wanted.insert(room)
      show(index)
      effects.append(.join(room))
    }
    page = nil
    // A room that was just opened has nothing yet: its newest entries come first.
    guard window.timeline.oldestOffset != nil else {
      windows[current].seek = offset
      return effects
    }
    return effects + seek(offset, at: clock)
  }

  /// Asks for older entries when the view is near the oldest line there is.
  mutating func fetchOlderIfNear(at clock: ScreenClock) -> [ScreenEffect] {
    guard let scroll = window.scroll else { return [] }
    let first = window.timeline.numbers.lowerBound
    guard scroll.line < first + UInt64(2 * max(1, layout.chat.rows)), window.problem == nil else {
      return []
    }
    return fetchOlder().map { [$0] } ?? []
  }

  /// The order to fetch older entries of the room that is shown; nil when that is under way, or there is nothing to fetch.
  mutating func fetchOlder() -> ScreenEffect? {
    guard let room, !window.isFetching, window.timeline.takesOlder,
      let oldest = window.timeline.oldestOffset
    else { return nil }
    windows[current].isFetching = true
    windows[current].problem = nil
    return .fetchHistory(room, before: oldest)
  }

  /// Tells the server how far this person has read, at most once every two seconds.
  mutating func tellRead(at clock: ScreenClock) -> [ScreenEffect] {
    guard let due = readTellDue, due <= clock.now, let room else { return [] }
    let offset = window.timeline.readOffset
    windows[current].toldRead = offset
    readToldAt = clock.now
    return [.read(room, offset: offset)]
  }

  /// When that is to be told next; nil when the server knows all.
  var readTellDue: MonotonicInstant? {
    guard isFocused, room != nil, ConnectionPane.isUp(connection.link.state),
      window.timeline.readOffset > window.toldRead
    else { return nil }
    return readToldAt.map { $0 + .seconds(2) } ?? .zero
  }
}
