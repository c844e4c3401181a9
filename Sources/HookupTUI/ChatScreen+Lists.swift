import HookupCore

/// Pages of messages that can be gone to: what a search found, and who named us.
extension ChatScreen {
  mutating func show(_ hits: [ChatHit], more: Bool, at clock: ScreenClock) {
    // Nobody but the person covers the chat.
    guard let words = searched else { return }
    searched = nil
    let count = hits.isEmpty ? "nothing found" : "\(hits.count) found"
    let title = "SEARCH \(Sanitizer.clean(words, limit: 60))  \(count)"
    page = .list(
      ListPage(
        title: title + (more ? ", and there are more: add a word" : ""),
        emptyText: "no message holds all these words; wor* finds those that begin so",
        items: hits.prefix(ListPage.maximumItems).map { hit in
          ListPage.Item(
            room: hit.entry.room, offset: hit.entry.offset, from: hit.entry.from,
            milliseconds: hit.entry.milliseconds, text: hit.snippet)
        }))
    mode = .write
  }

  mutating func search(_ words: String, in room: RoomName? = nil) -> [ScreenEffect] {
    searched = words
    return [.ask(.search(ChatQuery(words: words, room: room)))]
  }

  mutating func noteMention(_ entry: RoomEntry) {
    let item = ListPage.Item(
      room: entry.room, offset: entry.offset, from: entry.from, milliseconds: entry.milliseconds,
      text: String(entry.text.unicodeScalars.prefix(200)))
    named.insert(item, at: 0)
    if named.count > ListPage.maximumItems { named.removeLast() }
  }

  mutating func showMentions() {
    page = .list(
      ListPage(
        title: "MENTIONS \(named.count)", emptyText: "nobody has named you in this run",
        items: named))
  }

  /// What the keys do while a list is shown; nil for those that mean what they always mean.
  mutating func pressInList(
    _ action: KeyAction, _ list: ListPage, at clock: ScreenClock
  ) -> [ScreenEffect]? {
    var list = list
    let step = max(1, layout.chat.rows - 2)
    switch action {
    case .up where editor.isEmpty: list.move(by: -1)
    case .down where editor.isEmpty: list.move(by: 1)
    case .pageUp: list.move(by: -step)
    case .pageDown: list.move(by: step)
    case .scrollUp: list.move(by: -3)
    case .scrollDown: list.move(by: 3)
    case .scrollToTop: list.selected = 0
    case .scrollToBottom: list.move(by: list.items.count)
    case .send where editor.isEmpty:
      page = nil
      guard list.items.indices.contains(list.selected) else { return [] }
      let item = list.items[list.selected]
      return jump(to: item.room, item.offset, at: clock)
    default: return nil
    }
    page = .list(list)
    return []
  }

  /// The windows whose names hold `query`, by their numbers: those that begin with it first.
  func windows(matching query: String) -> [Int] {
    let wanted = query.lowercased()
    let all = windows.indices.filter { index in
      wanted.isEmpty || windows[index].label.lowercased().contains(wanted)
    }
    func begins(_ index: Int) -> Bool {
      windows[index].label.lowercased().drop { "#@".contains($0) }.hasPrefix(wanted)
    }
    return all.filter(begins) + all.filter { !begins($0) }
  }
}
