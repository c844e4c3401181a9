import HookupCore

/// One log of a ``MemoryChatStore``.
struct MemoryLog {
  private struct Entry {
    var append: RoomAppend
    var mentions: [Nick]
    var milliseconds: Int64
    /// What it says now, when it was edited.
    var current: String?
    var edited: UInt64?
    var deleted: UInt64?
    var reactions: [RoomEntryChange.Reaction] = []
  }

  /// The entry with offset n is at n - `head.first`.
  private var entries: [Entry] = []
  private(set) var head = RoomHead()
  /// Which append was its last, counted over all logs: the order of conversations.
  private(set) var turn: UInt64 = 0

  /// What the rules ask about an entry that is to be added.
  func facts(for append: RoomAppend, at milliseconds: Int64) -> RoomFacts {
    var facts = RoomFacts(
      isNew: head.last == 0, target: append.act.ref.flatMap { target($0, append) })
    if head.state.slowSeconds > 0, append.kind.isSpeech {
      let earliest = milliseconds - Int64(head.state.slowSeconds) * 1_000
      facts.lastSaid =
        entries.last {
          $0.append.kind.isSpeech && $0.append.from.folded == append.from.folded
            && $0.milliseconds > earliest
        }?.milliseconds
    }
    return facts
  }

  private func target(_ offset: UInt64, _ append: RoomAppend) -> RoomFacts.Target? {
    guard let index = index(of: offset) else { return nil }
    let entry = entries[index]
    var target = RoomFacts.Target(
      kind: entry.append.kind, from: entry.append.from, client: entry.append.client,
      isAccount: entry.append.isAccount, isDeleted: entry.deleted != nil)
    target.reactions = entry.reactions.count
    let reaction = entry.reactions.first { $0.text == append.text }
    target.hasReaction = reaction != nil
    target.hasReacted = reaction?.nicks.contains { $0.folded == append.from.folded } ?? false
    return target
  }

  private func index(of offset: UInt64) -> Int? {
    offset >= head.first && offset <= head.last ? Int(offset - head.first) : nil
  }

  /// Adds an entry and returns its offset.
  mutating func add(
    _ append: RoomAppend, _ mentions: [Nick], milliseconds: Int64, turn: UInt64
  ) -> UInt64 {
    let offset = head.last + 1
    self.turn = turn
    head.take(append, offset: offset)
    head.state.take(append, at: milliseconds)
    entries.append(Entry(append: append, mentions: mentions, milliseconds: milliseconds))
    if let ref = append.act.ref, let target = index(of: ref) { apply(append, offset, to: target) }
    return offset
  }

  private mutating func apply(_ append: RoomAppend, _ offset: UInt64, to target: Int) {
    switch append.kind {
    case .edited:
      entries[target].current = append.text
      entries[target].edited = offset
      entries[target].mentions = entries.last?.mentions ?? []
    case .deleted: entries[target].deleted = offset
    case .reacted:
      let index =
        entries[target].reactions.firstIndex { $0.text == append.text }
        ?? entries[target].reactions.endIndex
      if index == entries[target].reactions.endIndex {
        entries[target].reactions.append(.init(text: append.text, nicks: [], count: 0))
      }
      entries[target].reactions[index].nicks.append(append.from)
    case .unreacted:
      for index in entries[target].reactions.indices
      where entries[target].reactions[index].text == append.text {
        entries[target].reactions[index].nicks.removeAll { $0.folded == append.from.folded }
      }
      entries[target].reactions.removeAll { $0.nicks.isEmpty }
    default: break
    }
  }

  // MARK: Reading

  /// The entry as it stands now.
  private func entry(at index: Int, named name: RoomName) -> RoomEntry {
    let entry = entries[index]
    var act = entry.append.act
    let edits = entry.append.kind == .edited ? act.ref.flatMap(self.index) : nil
    let isGone = entry.deleted != nil || edits.map { entries[$0].deleted != nil } ?? false
    act.text = isGone ? "" : entry.current ?? act.text
    let reactions = entry.reactions.map { reaction in
      RoomEntryChange.Reaction(
        text: reaction.text,
        nicks: Array(reaction.nicks.prefix(RoomEntryChange.Reaction.maximumNicks)),
        count: reaction.nicks.count)
    }
    return RoomEntry(
      room: name, offset: head.first + UInt64(index), act: act, id: entry.append.id,
      from: entry.append.from, milliseconds: entry.milliseconds,
      mentions: isGone ? [] : entry.mentions,
      since: RoomEntryChange(
        nonEmpty: entry.edited, deleted: entry.deleted,
        reactions: entry.deleted == nil ? reactions : []))
  }

  /// What was said and stands.
  func messages(named name: RoomName) -> [RoomEntry] {
    entries.indices.filter { entries[$0].append.kind.isSpeech && entries[$0].deleted == nil }
      .map { entry(at: $0, named: name) }
  }

  func page(_ request: RoomPageRequest) -> RoomPage {
    switch request.position {
    case .after(let offset):
      let start = offset < head.first ? 0 : Int(clamping: offset - head.first + 1)
      return forwards(from: min(start, entries.count), request)
    case .before(let offset):
      let end = offset <= head.first ? 0 : Int(clamping: offset - head.first)
      return backwards(to: min(end, entries.count), request)
    case .since(let milliseconds):
      let start = entries.firstIndex { $0.milliseconds >= milliseconds } ?? entries.count
      return forwards(from: start, request)
    case .around(let offset):
      let middle = offset <= head.first ? 0 : Int(clamping: offset - head.first)
      return around(min(middle, entries.count), request)
    }
  }

  private func forwards(from start: Int, _ request: RoomPageRequest) -> RoomPage {
    var bounds = PageBounds(request)
    var taken: [RoomEntry] = []
    for index in start..<entries.count {
      let entry = entry(at: index, named: request.name)
      guard bounds.take(entry) else { break }
      taken.append(entry)
    }
    return RoomPage(entries: taken, more: start + taken.count < entries.count)
  }

  private func backwards(to end: Int, _ request: RoomPageRequest) -> RoomPage {
    var bounds = PageBounds(request)
    var taken: [RoomEntry] = []
    for index in (0..<end).reversed() {
      let entry = entry(at: index, named: request.name)
      guard bounds.take(entry) else { break }
      taken.append(entry)
    }
    return RoomPage(entries: taken.reversed(), more: taken.count < end)
  }

  private func around(_ middle: Int, _ request: RoomPageRequest) -> RoomPage {
    let (before, after) = request.halves
    let earlier = before.map { backwards(to: middle, $0) } ?? RoomPage(entries: [], more: false)
    let later = forwards(from: middle, after)
    return RoomPage(entries: earlier.entries + later.entries, more: earlier.more || later.more)
  }

  // MARK: Forgetting

  /// Removes the oldest entries that `retention` does not keep, at most `maximum`, but never the newest one. Returns them.
  mutating func trim(
    _ retention: RoomRetention, milliseconds: Int64, maximum: Int
  ) -> [RoomAppend] {
    var bytes = entries.reduce(0) { $0 + $1.append.text.utf8.count }
    var count = 0
    while count < min(maximum, entries.count - 1) {
      let entry = entries[count]
      let isOld = retention.seconds.map {
        entry.milliseconds < milliseconds - Int64($0) * 1_000
      }
      let isMany = retention.entries.map { entries.count - count > $0 }
      let isLarge = retention.bytes.map { bytes > $0 }
      guard isOld == true || isMany == true || isLarge == true else { break }
      bytes -= entry.append.text.utf8.count
      count += 1
    }
    let gone = entries.prefix(count).map(\.append)
    entries.removeFirst(count)
    head.first += UInt64(count)
    return gone
  }
}
