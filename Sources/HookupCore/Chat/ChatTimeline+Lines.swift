/// Adding, changing and dropping lines.
extension ChatTimeline {
  /// Lets an edit, a deletion or a reaction change the line of what it is about. False when that is not in view, or it is none of these.
  mutating func change(by entry: RoomEntry) -> Bool {
    switch entry.kind {
    case .edited, .deleted, .reacted, .unreacted: break
    default: return false
    }
    guard let ref = entry.act.ref, let number = messages[ref], var line = self[number: number]
    else { return false }
    // A message of our own is an entry from here on: it is stored, and nothing more becomes of it as a message.
    if case .own(let own) = line.content {
      line.content = .entry(
        RoomEntry(
          room: own.room, offset: ref, act: RoomAct(own.kind, text: own.text, ref: own.ref),
          id: own.id,
          from: nick, milliseconds: own.milliseconds))
    }
    guard case .entry(var changed) = line.content else { return false }
    let before = Self.bytes(of: line)
    changed.take(entry)
    line.content = .entry(changed)
    lines[offset: Int(number - firstNumber)] = line
    bytes += Self.bytes(of: line) - before
    return true
  }

  /// Marks the own message that `entry` is as stored. False when no line waits for it.
  mutating func store(_ entry: RoomEntry) -> Bool {
    guard let number = ownLines[entry.id], let line = self[number: number],
      case .own(var own) = line.content
    else { return false }
    // Another installation under our nick may have chosen the same id: then the offsets differ.
    if case .stored(let offset?) = own.state {
      if offset == entry.offset { messages[offset] = number }
      return offset == entry.offset
    }
    own.state = .stored(offset: entry.offset)
    replace(number, with: own)
    messages[entry.offset] = number
    return true
  }

  mutating func applyNew(_ own: OwnMessage) {
    // Its line was there and went for age. A failure is shown all the same: nobody may have seen it. One without a number
    // was stored before the outbox had said which it has.
    if own.sequence > 0, own.sequence <= droppedSequence {
      guard case .failed = own.state else { return }
    }
    ownLines[own.id] = append(.own(own), at: own.milliseconds)
  }

  mutating func replace(_ number: UInt64, with own: OwnMessage) {
    let index = Int(number - firstNumber)
    if isFailed(lines[offset: index]) { failed -= 1 }
    bytes += own.text.utf8.count - Self.bytes(of: lines[offset: index])
    lines[offset: index].content = .own(own)
    lines[offset: index].isRetried = false
    lines[offset: index].isDropped = false
    if isFailed(lines[offset: index]) { failed += 1 }
  }

  func isFailed(_ line: Line) -> Bool {
    guard !line.isRetried, !line.isDropped, case .own(let own) = line.content,
      case .failed = own.state
    else {
      return false
    }
    return true
  }

  @discardableResult
  mutating func append(
    _ content: Line.Content, at milliseconds: Int64, isMention: Bool = false, counts: Bool = true
  ) -> UInt64 {
    var line = Line(
      number: numbers.upperBound, content: content, milliseconds: milliseconds,
      isMention: isMention)
    number(&line)
    lines.append(line)
    bytes += Self.bytes(of: line)
    if isFailed(line) { failed += 1 }
    if counts { count(line) }
    trim()
    return line.number
  }

  /// Drops the oldest lines beyond the limits.
  mutating func trim() {
    let factor = isReadingBack ? Self.readingBackFactor : 1
    while lines.count > maximumLines * factor || (bytes > maximumBytes * factor && lines.count > 1)
    {
      dropOldest()
    }
  }

  /// Gives the links of a line their numbers.
  func countLinks(in line: Line) -> Int {
    switch line.content {
    case .entry(let entry) where entry.kind.isSpeech: WebLinks.count(in: entry.text)
    case .own(let own): WebLinks.count(in: own.text)
    default: 0
    }
  }

  mutating func number(_ line: inout Line) {
    let count = countLinks(in: line)
    guard count > 0 else { return }
    line.firstLink = nextLink
    nextLink += count
  }

  /// Counts what another person said as unread, and sets the marker before the first such line.
  private mutating func count(_ line: Line) {
    guard case .entry(let entry) = line.content, entry.kind.isSpeech, entry.from != nick,
      entry.offset > readOffset
    else { return }
    if !isWatched {
      unread += 1
      if line.isMention { mentions += 1 }
    } else if entry.offset > catchUpOffset {
      // Read as it comes.
      return
    }
    if marker == nil {
      marker = ReadMarker(before: line.number, count: 1)
    } else {
      marker?.count += 1
    }
  }

  mutating func dropOldest() {
    guard let line = lines.popFirst() else { return }
    firstNumber += 1
    hasAll = false
    bytes -= Self.bytes(of: line)
    if isFailed(line) { failed -= 1 }
    switch line.content {
    case .own(let own):
      droppedSequence = max(droppedSequence, own.sequence)
      forget(own.id, line.number)
      if case .stored(let offset?) = own.state {
        messages[offset] = nil
        raiseOldest(after: offset)
      }
    case .gap(_, let to): raiseOldest(after: to)
    case .entry(let entry):
      messages[entry.offset] = nil
      raiseOldest(after: entry.offset)
      if entry.from == nick { forget(entry.id, line.number) }
    default: break
    }
  }

  private mutating func raiseOldest(after offset: UInt64) {
    oldestOffset = max(oldestOffset ?? 0, offset == .max ? offset : offset + 1)
  }

  private mutating func forget(_ id: MessageID, _ number: UInt64) {
    if ownLines[id] == number { ownLines[id] = nil }
  }

  static func bytes(of line: Line) -> Int {
    switch line.content {
    case .entry(let entry): entry.text.utf8.count
    case .own(let own): own.text.utf8.count
    case .notice(let text), .failure(let text): text.utf8.count
    case .link(let notice): notice.text.utf8.count
    case .gap, .presence: 0
    }
  }

  /// Whether `nick` stands in the first 4 KiB of `text` as a word of its own, without regard to case.
  static func text(_ text: String, names nick: Nick) -> Bool {
    let wanted = Array(nick.text.lowercased().unicodeScalars)
    let prefix = text.utf8.count > 4096 ? String(text.unicodeScalars.prefix(4096)) : text
    let scalars = Array(prefix.lowercased().unicodeScalars)
    guard scalars.count >= wanted.count else { return false }
    for start in 0...(scalars.count - wanted.count) {
      guard scalars[start] == wanted[0] else { continue }
      let end = start + wanted.count
      let fits = zip(scalars[start..<end], wanted).allSatisfy { $0 == $1 }
      let opens = start == 0 || !isWordScalar(scalars[start - 1])
      let closes = end == scalars.count || !isWordScalar(scalars[end])
      if fits, opens, closes { return true }
    }
    return false
  }

  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
  }
}
