import NIOCore

/// What one room's window shows, as a value: the room's log, the messages of one's own from the moment they are said,
/// and what happened in between.
///
/// A line never moves: new ones come at the end, and an own message stays where it was said while its state changes.
/// It is shown once, whichever arrives first, the entry of the room's log or the report of our own outbox. At most
/// ``maximumLines`` lines and about ``maximumBytes`` bytes of text are kept; beyond that the oldest go.
package struct ChatTimeline: Hashable, Sendable {
  /// One line. Its number is its name: lines are numbered from 0 upwards without holes.
  package struct Line: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
      /// Somebody said something or set the topic.
      case entry(RoomEntry)
      /// A message said by this client.
      case own(OwnMessage)
      /// Entries that cannot be had: these offsets, both ends included.
      case gap(from: UInt64, to: UInt64)
      case presence(Presence)
      /// A sentence about this client or the connection.
      case notice(String)
      /// A sentence about something that went wrong.
      case failure(String)
    }

    package let number: UInt64
    package var content: Content
    /// Milliseconds since 1970: the server's clock for entries, the local one for everything else.
    package let milliseconds: Int64
    /// Whether another person named us in it.
    package var isMention = false
    /// Whether a failed message was said again, as another message.
    package var isRetried = false
  }

  /// Who came and went, folded into one line as long as nothing else happens.
  package struct Presence: Hashable, Sendable {
    package struct Change: Hashable, Sendable {
      package var nick: Nick
      package var arrived: Bool
    }
    /// The first changes, at most ``maximumChanges``.
    package var changes: [Change]
    /// How many came after those.
    package var more = 0

    package static let maximumChanges = 8
  }

  /// Where the line "new messages" stands.
  package struct ReadMarker: Hashable, Sendable {
    /// The number of the first line that was not seen.
    package var before: UInt64
    /// Messages of others since then that came while nobody watched.
    package var count: Int
  }

  package let maximumLines: Int
  package let maximumBytes: Int
  /// Our own nick: whose entries are our own, and what a mention looks for. Lines that are there keep what they are.
  package var nick: Nick

  /// The highest offset that was applied; 0 before the first.
  package private(set) var lastOffset: UInt64 = 0
  /// Messages of others since the room was last watched, and how many of them name us.
  package private(set) var unread = 0
  package private(set) var mentions = 0
  package private(set) var marker: ReadMarker?
  package private(set) var isWatched = false
  /// Own messages in view that failed for good and were not said again.
  package private(set) var failed = 0

  /// The lines of messages that are stored, by their offsets.
  private var messages: [UInt64: UInt64] = [:]
  private var lines = CircularBuffer<Line>()
  private var bytes = 0
  private var firstNumber: UInt64 = 0
  /// The lines of own messages, by the id that the outbox and the room's log share.
  private var ownLines: [MessageID: UInt64] = [:]
  /// The highest sequence of an own message whose line was dropped for age.
  private var droppedSequence: UInt64 = 0

  /// - Parameters:
  ///   - maximumLines: 1 or more; default 10,000. Few: one cannot scroll far. Many: memory, about 200 bytes a line.
  ///   - maximumBytes: text kept, bytes; default 4 MiB. One line may be larger than that; it is then kept alone.
  package init(nick: Nick, maximumLines: Int = 10_000, maximumBytes: Int = 4 << 20) {
    self.nick = nick
    self.maximumLines = max(1, maximumLines)
    self.maximumBytes = max(1, maximumBytes)
  }

  /// The numbers of the lines that are kept.
  package var numbers: Range<UInt64> { firstNumber..<(firstNumber + UInt64(lines.count)) }

  /// The line of that number; nil when it is not kept.
  package subscript(number number: UInt64) -> Line? {
    numbers.contains(number) ? lines[offset: Int(number - firstNumber)] : nil
  }

  /// Own messages that failed and were not said again, oldest first.
  package var failedMessages: [OwnMessage] {
    lines.compactMap { line in
      guard !line.isRetried, case .own(let own) = line.content, case .failed = own.state else {
        return nil
      }
      return own
    }
  }
}

// MARK: - What happens

extension ChatTimeline {
  /// Takes the next entry of the room's log. One that was seen before (by its offset) changes nothing; a jump in the
  /// offsets is shown as a gap. Returns whether a line of another person was added that names us.
  @discardableResult
  package mutating func apply(_ entry: RoomEntry) -> Bool {
    guard entry.offset > lastOffset else { return false }
    if lastOffset > 0, entry.offset - lastOffset > 1 {
      append(.gap(from: lastOffset + 1, to: entry.offset - 1), at: entry.milliseconds)
    }
    lastOffset = entry.offset
    // What changes a message that is in view changes its line, and is none itself.
    if change(by: entry) { return false }
    guard entry.from == nick else {
      let isMention =
        entry.kind.isSpeech
        && (entry.mentions.contains { $0.folded == nick.folded }
          || Self.text(entry.text, names: nick))
      let number = append(.entry(entry), at: entry.milliseconds, isMention: isMention)
      if entry.kind.isSpeech { messages[entry.offset] = number }
      return isMention
    }
    if entry.kind.isSpeech, store(entry) { return false }
    let number = append(.entry(entry), at: entry.milliseconds)
    if entry.kind.isSpeech {
      ownLines[entry.id] = number
      messages[entry.offset] = number
    }
    return false
  }

  /// The offset of the newest message that is in view and stands, of our own or of somebody else.
  package func newestMessage(own: Bool) -> UInt64? {
    for line in lines.reversed() {
      switch line.content {
      case .entry(let entry)
      where entry.kind.isSpeech && entry.since?.deleted == nil && (entry.from == nick) == own:
        return entry.offset
      case .own(let message):
        if own, case .stored(let offset?) = message.state { return offset }
      default: break
      }
    }
    return nil
  }

  /// Takes an own message or a new state of one.
  package mutating func apply(_ own: OwnMessage) {
    guard let number = ownLines[own.id], let line = self[number: number] else {
      return applyNew(own)
    }
    switch line.content {
    case .own(let before):
      // What the server committed stays committed, however late an older state arrives.
      if case .stored(let offset) = before.state {
        guard offset == nil, case .stored(.some) = own.state else { return }
      }
      replace(number, with: own)
    case .entry(let entry):
      if case .stored(let offset?) = own.state, offset != entry.offset {
        return applyNew(own)
      }
      var stored = own
      stored.state = .stored(offset: entry.offset)
      replace(number, with: stored)
    default: break
    }
  }

  /// Offsets that will not come: the server no longer has them, or they were skipped on purpose.
  package mutating func applyGap(from: UInt64, to: UInt64, at milliseconds: Int64) {
    guard to > lastOffset, from <= to else { return }
    append(.gap(from: max(from, lastOffset + 1), to: to), at: milliseconds)
    lastOffset = to
  }

  package mutating func applyPresence(_ nick: Nick, arrived: Bool, at milliseconds: Int64) {
    let change = Presence.Change(nick: nick, arrived: arrived)
    if let last = lines.last, case .presence(var presence) = last.content {
      if presence.changes.count < Presence.maximumChanges {
        presence.changes.append(change)
      } else {
        presence.more += 1
      }
      lines[offset: lines.count - 1].content = .presence(presence)
    } else {
      append(.presence(Presence(changes: [change])), at: milliseconds)
    }
  }

  package mutating func applyNotice(_ text: String, at milliseconds: Int64) {
    append(.notice(text), at: milliseconds)
  }

  package mutating func applyFailure(_ text: String, at milliseconds: Int64) {
    append(.failure(text), at: milliseconds)
  }

  /// The person began or ceased to look at the room. The marker of unread messages stays until the person turns away.
  package mutating func watch(_ watched: Bool) {
    guard watched != isWatched else { return }
    isWatched = watched
    if watched {
      unread = 0
      mentions = 0
    } else {
      marker = nil
    }
  }

  /// The failed message of that id was said again.
  package mutating func markRetried(_ id: MessageID) {
    guard let number = ownLines[id], let line = self[number: number], isFailed(line) else { return }
    lines[offset: Int(number - firstNumber)].isRetried = true
    failed -= 1
  }

  /// Forgets all lines that are kept; messages that are still under way come back when their state changes.
  package mutating func clear() {
    while !lines.isEmpty { dropOldest() }
    droppedSequence = 0
    marker = nil
  }
}

// MARK: - Keeping lines

extension ChatTimeline {
  /// Lets an edit, a deletion or a reaction change the line of what it is about. False when that is not in view, or it is none of these.
  private mutating func change(by entry: RoomEntry) -> Bool {
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
          room: own.room, offset: ref, act: RoomAct(own.kind, text: own.text), id: own.id,
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
  private mutating func store(_ entry: RoomEntry) -> Bool {
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

  private mutating func applyNew(_ own: OwnMessage) {
    // Its line was there and went for age. A failure is shown all the same: nobody may have seen it.
    if own.sequence <= droppedSequence {
      guard case .failed = own.state else { return }
    }
    ownLines[own.id] = append(.own(own), at: own.milliseconds)
  }

  private mutating func replace(_ number: UInt64, with own: OwnMessage) {
    let index = Int(number - firstNumber)
    if isFailed(lines[offset: index]) { failed -= 1 }
    bytes += own.text.utf8.count - Self.bytes(of: lines[offset: index])
    lines[offset: index].content = .own(own)
    lines[offset: index].isRetried = false
    if isFailed(lines[offset: index]) { failed += 1 }
  }

  private func isFailed(_ line: Line) -> Bool {
    guard !line.isRetried, case .own(let own) = line.content, case .failed = own.state else {
      return false
    }
    return true
  }

  @discardableResult
  private mutating func append(
    _ content: Line.Content, at milliseconds: Int64, isMention: Bool = false
  ) -> UInt64 {
    let line = Line(
      number: numbers.upperBound, content: content, milliseconds: milliseconds,
      isMention: isMention)
    lines.append(line)
    bytes += Self.bytes(of: line)
    if isFailed(line) { failed += 1 }
    if !isWatched, case .entry(let entry) = content, entry.kind.isSpeech, entry.from != nick {
      count(line)
    }
    while lines.count > maximumLines || (bytes > maximumBytes && lines.count > 1) {
      dropOldest()
    }
    return line.number
  }

  private mutating func count(_ line: Line) {
    unread += 1
    if line.isMention { mentions += 1 }
    if marker == nil {
      marker = ReadMarker(before: line.number, count: 1)
    } else {
      marker?.count += 1
    }
  }

  private mutating func dropOldest() {
    guard let line = lines.popFirst() else { return }
    firstNumber += 1
    bytes -= Self.bytes(of: line)
    if isFailed(line) { failed -= 1 }
    switch line.content {
    case .own(let own):
      droppedSequence = max(droppedSequence, own.sequence)
      forget(own.id, line.number)
      if case .stored(let offset?) = own.state { messages[offset] = nil }
    case .entry(let entry):
      messages[entry.offset] = nil
      if entry.from == nick { forget(entry.id, line.number) }
    default: break
    }
  }

  private mutating func forget(_ id: MessageID, _ number: UInt64) {
    if ownLines[id] == number { ownLines[id] = nil }
  }

  private static func bytes(of line: Line) -> Int {
    switch line.content {
    case .entry(let entry): entry.text.utf8.count
    case .own(let own): own.text.utf8.count
    case .notice(let text), .failure(let text): text.utf8.count
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
