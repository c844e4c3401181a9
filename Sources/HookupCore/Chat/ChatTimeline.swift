import NIOCore

/// What one room's window shows, as a value: the room's log, the messages of one's own from the moment they are said,
/// and what happened in between.
///
/// A line never moves: new ones come at the end, and an own message stays where it was said while its state changes.
/// It is shown once, whichever arrives first, the entry of the room's log or the report of our own outbox. Older lines
/// come in front when somebody reads back. At most ``maximumLines`` lines and about ``maximumBytes`` bytes of text are
/// kept, ``readingBackFactor`` times as much while somebody reads back; beyond that the oldest go.
package struct ChatTimeline: Hashable, Sendable {
  /// One line. Its number is its name: lines are numbered without holes, upwards from ``origin`` as they come, downwards
  /// when older ones come in front.
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
      /// The connection was lost, or came back.
      case link(LinkNotice)
    }

    package let number: UInt64
    package var content: Content
    /// Milliseconds since 1970: the server's clock for entries, the local one for everything else.
    package var milliseconds: Int64
    /// Whether another person named us in it.
    package var isMention = false
    /// Whether a failed message was said again, as another message.
    package var isRetried = false
    /// Whether the person has put a failed message away.
    package var isDropped = false
    /// The number of the first link in its text, by which a person opens it; 0 for a line without any.
    package var firstLink = 0
  }

  /// What became of the connection, folded into one line as long as nothing else happens.
  package struct LinkNotice: Hashable, Sendable {
    package var text: String
    package var isFailure: Bool
    /// How often the connection was lost in what this line stands for.
    package var losses: Int
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

  /// The number of the first line that ever came at the end.
  package static let origin: UInt64 = 1 << 32
  /// How many times the limits hold while ``isReadingBack``.
  package static let readingBackFactor = 5

  package let maximumLines: Int
  package let maximumBytes: Int
  /// Our own nick: whose entries are our own, and what a mention looks for. Lines that are there keep what they are.
  package var nick: Nick

  /// The highest offset that was applied; 0 before the first.
  package internal(set) var lastOffset: UInt64 = 0
  /// The offset before which older entries would be asked for; nil before the first entry.
  package internal(set) var oldestOffset: UInt64?
  /// Whether nothing older is to be had.
  package internal(set) var hasAll = false
  /// Up to which offset the person has read, here or on another device.
  package internal(set) var readOffset: UInt64 = 0
  /// Messages of others since the room was last watched, and how many of them name us.
  package internal(set) var unread = 0
  package internal(set) var mentions = 0
  package internal(set) var marker: ReadMarker?
  package internal(set) var isWatched = false
  /// Own messages in view that failed for good and were neither said again nor put away.
  package internal(set) var failed = 0
  /// Whether the limits are those of somebody who reads back.
  package internal(set) var isReadingBack = false

  /// The lines of messages that are stored, by their offsets.
  var messages: [UInt64: UInt64] = [:]
  var lines = CircularBuffer<Line>()
  var bytes = 0
  var firstNumber = origin
  /// The lines of own messages, by the id that the outbox and the room's log share.
  var ownLines: [MessageID: UInt64] = [:]
  /// The highest sequence of an own message whose line was dropped for age.
  var droppedSequence: UInt64 = 0
  /// What comes up to this offset was said while we were away.
  var catchUpOffset: UInt64 = 0
  /// The number of the next link.
  var nextLink = 1

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

  /// Own messages that failed and were neither said again nor put away, oldest first.
  package var failedMessages: [OwnMessage] {
    lines.compactMap { line in
      guard isFailed(line), case .own(let own) = line.content else { return nil }
      return own
    }
  }

  /// The own message of that number in the outbox, if its line is kept.
  package func own(sequence: UInt64) -> OwnMessage? {
    for line in lines.reversed() {
      if case .own(let own) = line.content, own.sequence == sequence { return own }
    }
    return nil
  }
}

// MARK: - What happens

extension ChatTimeline {
  /// Takes the next entry of the room's log. One that was seen before (by its offset) changes nothing; a jump in the
  /// offsets is shown as a gap. Returns whether a line of another person was added that names us.
  /// - Parameter isIgnored: the person does not want to see it: it is not counted as unread.
  @discardableResult
  package mutating func apply(_ entry: RoomEntry, isIgnored: Bool = false) -> Bool {
    guard entry.offset > lastOffset else { return false }
    if lastOffset > 0, entry.offset - lastOffset > 1 {
      append(.gap(from: lastOffset + 1, to: entry.offset - 1), at: entry.milliseconds)
    }
    lastOffset = entry.offset
    oldestOffset = oldestOffset ?? entry.offset
    if isWatched, entry.offset > catchUpOffset { readOffset = entry.offset }
    // What changes a message that is in view changes its line, and is none itself.
    if change(by: entry) { return false }
    guard entry.from == nick else {
      let isMention = !isIgnored && isMention(entry)
      let number = append(
        .entry(entry), at: entry.milliseconds, isMention: isMention, counts: !isIgnored)
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

  func isMention(_ entry: RoomEntry) -> Bool {
    entry.from != nick && entry.kind.isSpeech
      && (entry.mentions.contains { $0.folded == nick.folded }
        || Self.text(entry.text, names: nick))
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
    oldestOffset = oldestOffset ?? from
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

  /// The connection was lost or is back. As long as nothing else happens, all of it is one line.
  package mutating func applyLink(_ text: String, isFailure: Bool, at milliseconds: Int64) {
    var notice = LinkNotice(text: text, isFailure: isFailure, losses: isFailure ? 1 : 0)
    guard let last = lines.last, case .link(let before) = last.content else {
      append(.link(notice), at: milliseconds)
      return
    }
    notice.losses += before.losses
    bytes += text.utf8.count - before.text.utf8.count
    lines[offset: lines.count - 1].content = .link(notice)
    lines[offset: lines.count - 1].milliseconds = milliseconds
  }

  /// The failed message of that id was said again.
  package mutating func markRetried(_ id: MessageID) {
    settle(id) { $0.isRetried = true }
  }

  /// The failed message of that id is put away: its line stays.
  package mutating func markDropped(_ id: MessageID) {
    settle(id) { $0.isDropped = true }
  }

  private mutating func settle(_ id: MessageID, _ change: (inout Line) -> Void) {
    guard let number = ownLines[id], let line = self[number: number], isFailed(line) else { return }
    change(&lines[offset: Int(number - firstNumber)])
    failed -= 1
  }

  /// Forgets all lines that are kept; messages that are still under way come back when their state changes.
  package mutating func clear() {
    while !lines.isEmpty { dropOldest() }
    droppedSequence = 0
    marker = nil
  }
}
