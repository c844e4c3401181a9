/// What was said before: older lines, and how far the room is read.
extension ChatTimeline {
  /// Puts older entries in front, in rising order of their offsets; those that are in view already are left out. Edits,
  /// deletions and reactions change the entries of the page that they are about. `isComplete`: nothing older is to be
  /// had. Returns how many lines came in front.
  @discardableResult
  package mutating func prepend(_ entries: [RoomEntry], isComplete: Bool = false) -> Int {
    var older = folded(entries.filter { $0.offset < oldestOffset ?? .max })
    // A message of ours that stands where it was said has its line.
    older.removeAll { $0.from == nick && $0.kind.isSpeech && store($0) }
    if isComplete { hasAll = true }
    guard let first = entries.first, let last = entries.last, first.offset < oldestOffset ?? .max
    else { return 0 }
    if lastOffset == 0 { lastOffset = last.offset }
    var count = older.count
    if let oldestOffset, last.offset + 1 < oldestOffset {
      prepend(.gap(from: last.offset + 1, to: oldestOffset - 1), at: last.milliseconds)
      count += 1
    }
    for entry in older.reversed() { prepend(entry) }
    oldestOffset = first.offset
    return count
  }

  /// The server no longer has what came after `offset`, or never had it: another store. What comes next may bear the same
  /// offsets. What is in view stays, unless nothing of it holds any more.
  package mutating func rewind(after offset: UInt64) {
    guard offset < lastOffset else { return }
    if offset == 0 {
      clear()
      oldestOffset = nil
      hasAll = false
    }
    lastOffset = offset
    readOffset = min(readOffset, offset)
    catchUpOffset = min(catchUpOffset, offset)
    messages = messages.filter { $0.key <= offset }
  }

  /// Whether somebody reads back: then more lines are kept. The oldest go when the reading is over.
  package mutating func readBack(_ isReadingBack: Bool) {
    guard isReadingBack != self.isReadingBack else { return }
    self.isReadingBack = isReadingBack
    trim()
  }

  /// Whether older lines may still come in front.
  package var takesOlder: Bool {
    !hasAll && (oldestOffset ?? 1) > 1 && lines.count < maximumLines * (Self.readingBackFactor - 1)
      && bytes < maximumBytes * (Self.readingBackFactor - 1)
  }

  /// The person began or ceased to look at the room. The marker of unread messages stays until the person turns away.
  package mutating func watch(_ watched: Bool) {
    guard watched != isWatched else { return }
    isWatched = watched
    if watched {
      markRead()
    } else {
      marker = nil
    }
  }

  /// All that is here is read.
  package mutating func markRead() {
    readOffset = max(readOffset, lastOffset)
    unread = 0
    mentions = 0
  }

  /// The person has read up to `offset`, here in an earlier run or on another device.
  package mutating func applyRead(_ offset: UInt64) {
    guard offset > readOffset else { return }
    readOffset = offset
    unread = 0
    mentions = 0
    if !isWatched { marker = nil }
    guard offset < lastOffset, !isWatched else { return }
    for line in lines.reversed() {
      guard let entry = line.speech, entry.from != nick else { continue }
      guard entry.offset > offset else { break }
      unread += 1
      if line.isMention { mentions += 1 }
      marker = ReadMarker(before: line.number, count: unread)
    }
  }

  /// What comes up to `offset` was said while we were away, and gets the marker even before the eyes of somebody.
  package mutating func catchUp(to offset: UInt64) { catchUpOffset = max(catchUpOffset, offset) }

  /// The number of the line at which `offset` stands, or of the first one after it.
  package func line(at offset: UInt64) -> UInt64? {
    if let number = messages[offset] { return number }
    return lines.first { ($0.offset ?? 0) >= offset }?.number
  }

  /// The next line in which somebody says `query`, from `number` (which is not looked at) upwards or downwards, without
  /// regard to case.
  package func line(holding query: String, from number: UInt64, upwards: Bool) -> UInt64? {
    let wanted = query.lowercased()
    guard !wanted.isEmpty else { return nil }
    return line(from: number, upwards: upwards) {
      $0.isSaid && $0.text.lowercased().contains(wanted)
    }
  }

  /// The next line for which `isWanted` is true, the same way.
  package func line(
    from number: UInt64, upwards: Bool, where isWanted: (Line) -> Bool
  ) -> UInt64? {
    let range =
      upwards
      ? numbers.clamped(to: 0..<number)
      : numbers.clamped(to: (number == .max ? number : number + 1)..<UInt64.max)
    func test(_ number: UInt64) -> Bool { self[number: number].map(isWanted) ?? false }
    return upwards ? range.last(where: test) : range.first(where: test)
  }

  /// The link of that number.
  package func link(_ number: Int) -> String? {
    guard number > 0 else { return nil }
    for line in lines.reversed() where line.firstLink > 0 && line.firstLink <= number {
      let links = WebLinks.texts(in: line.text)
      let index = number - line.firstLink
      if index < links.count { return links[index] }
    }
    return nil
  }
}

extension ChatTimeline.Line {
  /// The entry, of a line that somebody said.
  package var speech: RoomEntry? {
    guard case .entry(let entry) = content, entry.kind.isSpeech else { return nil }
    return entry
  }

  /// Its offset in the room's log, where it has one.
  package var offset: UInt64? {
    switch content {
    case .entry(let entry): return entry.offset
    case .own(let own):
      if case .stored(let offset) = own.state { return offset }
      return nil
    case .gap(let from, _): return from
    default: return nil
    }
  }

  /// Whether it is what a person said, we or another.
  package var isSaid: Bool {
    if case .own = content { return true }
    return speech != nil
  }

  /// What is said in it.
  package var text: String {
    switch content {
    case .entry(let entry): entry.text
    case .own(let own): own.text
    case .notice(let text), .failure(let text): text
    case .link(let notice): notice.text
    case .gap, .presence: ""
    }
  }
}

extension ChatTimeline {
  /// The entries with what is about them worked in. What is about an entry that is not among them stays.
  private func folded(_ entries: [RoomEntry]) -> [RoomEntry] {
    var folded: [RoomEntry] = []
    folded.reserveCapacity(entries.count)
    var places: [UInt64: Int] = [:]
    for entry in entries {
      switch entry.kind {
      case .edited, .deleted, .reacted, .unreacted:
        guard let ref = entry.act.ref, let place = places[ref] else { break }
        folded[place].take(entry)
        continue
      default: break
      }
      if entry.kind.isSpeech { places[entry.offset] = folded.count }
      folded.append(entry)
    }
    return folded
  }

  private mutating func prepend(_ entry: RoomEntry) {
    let number = prepend(
      .entry(entry), at: entry.milliseconds, isMention: isMention(entry))
    guard entry.kind.isSpeech else { return }
    messages[entry.offset] = number
    if entry.from == nick, ownLines[entry.id] == nil { ownLines[entry.id] = number }
  }

  @discardableResult
  private mutating func prepend(
    _ content: Line.Content, at milliseconds: Int64, isMention: Bool = false
  ) -> UInt64 {
    firstNumber -= 1
    var line = Line(
      number: firstNumber, content: content, milliseconds: milliseconds, isMention: isMention)
    number(&line)
    lines.prepend(line)
    bytes += Self.bytes(of: line)
    countOlder(line)
    return firstNumber
  }

  /// What comes in front is unread only beyond what the person has read: after a start, before the room was looked at.
  private mutating func countOlder(_ line: Line) {
    guard readOffset > 0, let entry = line.speech, entry.from != nick, entry.offset > readOffset
    else { return }
    marker = ReadMarker(before: line.number, count: (marker?.count ?? 0) + 1)
    guard !isWatched else { return }
    unread += 1
    if line.isMention { mentions += 1 }
  }
}
