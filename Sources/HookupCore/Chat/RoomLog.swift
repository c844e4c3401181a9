/// Which log a room's entries are in: one for a public room, one for the two people of a direct conversation.
///
/// Two keys are equal when their texts are, by Unicode's canonical equivalence, as everywhere in Swift.
public struct RoomKey: Hashable, Sendable, CustomStringConvertible {
  /// `ops` for a public room; `@alice+bob` for a conversation, the folded nicks in rising order. No name holds a `+`.
  public let text: String
  /// The folded nicks of a direct conversation, in rising order; equal when people write to themselves.
  public let pair: Pair?

  public struct Pair: Hashable, Sendable {
    public let low: String
    public let high: String
  }

  /// The log that `nick` means by `room`.
  public init(_ room: RoomName, for nick: Nick) {
    guard let peer = room.directPeer else {
      text = room.text
      pair = nil
      return
    }
    let own = nick.folded
    let other = peer.folded
    let pair = own < other ? Pair(low: own, high: other) : Pair(low: other, high: own)
    self.pair = pair
    text = "@\(pair.low)+\(pair.high)"
  }

  /// The key that a store kept: its text, and the folded nicks of a direct conversation. Nil when they do not belong
  /// together.
  package init?(stored text: String, low: String?, high: String?) {
    switch (low, high) {
    case (nil, nil):
      guard let room = try? RoomName(text), room.directPeer == nil else { return nil }
      pair = nil
    case (let low?, let high?):
      guard text == "@\(low)+\(high)" else { return nil }
      pair = Pair(low: low, high: high)
    default: return nil
    }
    self.text = text
  }

  /// What `nick` calls the conversation; nil for a public room and for somebody else's conversation.
  public func directName(for nick: Nick) -> RoomName? {
    guard let pair else { return nil }
    let own = nick.folded
    guard own == pair.low || own == pair.high else { return nil }
    return (try? Nick(own == pair.low ? pair.high : pair.low)).map(RoomName.init(directTo:))
  }

  public static func == (left: RoomKey, right: RoomKey) -> Bool { left.text == right.text }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
  public var description: String { text }
}

/// An entry to be added to a log.
public struct RoomAppend: Hashable, Sendable {
  public var key: RoomKey
  public var kind: RoomEntry.Kind
  /// The client's own id for it: (`client`, `id`) is stored once, whatever else differs.
  public var id: MessageID
  public var client: ClientID
  public var from: Nick
  public var text: String
  /// Set when it came as a session's message: it is stored only when its number was not committed before, and the cursor is
  /// committed with it, be it stored, known already, or refused.
  public var cursor: SessionCursor?

  public init(
    key: RoomKey, kind: RoomEntry.Kind, id: MessageID, client: ClientID, from: Nick, text: String,
    cursor: SessionCursor? = nil
  ) {
    self.key = key
    self.kind = kind
    self.id = id
    self.client = client
    self.from = from
    self.text = text
    self.cursor = cursor
  }
}

/// One thing for a store to commit.
@nonexhaustive
public enum RoomChange: Hashable, Sendable {
  case append(RoomAppend)
  /// How far a session is committed, when its message adds no entry.
  case cursor(SessionCursor)

  /// The bytes of text in it.
  package var textBytes: Int {
    switch self {
    case .append(let append): append.text.utf8.count
    case .cursor: 0
    }
  }
}

/// What became of one ``RoomAppend``.
public enum RoomAppended: Hashable, Sendable {
  /// It is committed as the room's newest entry.
  case stored(offset: UInt64)
  /// (`client`, `id`) was stored before, in the log `key`, as this entry. Nothing was stored now.
  case duplicate(key: RoomKey, offset: UInt64, milliseconds: Int64)
  /// The room is new and the store holds as many as it may.
  case tooManyRooms
  /// A cursor was taken in, or the entry's number was committed before without an entry: it was refused. Nothing was stored now.
  case passed

  /// Why this outcome means that the entry is refused for good; nil when it is stored.
  public func refusal(of append: RoomAppend) -> String? {
    switch self {
    case .stored: nil
    case .duplicate(let key, _, _):
      key == append.key
        ? nil : "the id \(append.id) was used before, in another room: use a new one"
    case .tooManyRooms: "the server holds as many rooms as it may"
    case .passed: "it was refused before"
    }
  }
}

/// The state of a log.
public struct RoomHead: Hashable, Sendable {
  /// The offset of the newest entry; 0 for a log that is empty or does not exist.
  public var last: UInt64
  /// The lowest offset kept.
  public var first: UInt64
  public var topic: String
  /// The offset of the entry that set the topic; 0 when none did.
  public var topicOffset: UInt64

  public init(last: UInt64 = 0, first: UInt64 = 1, topic: String = "", topicOffset: UInt64 = 0) {
    self.last = last
    self.first = first
    self.topic = topic
    self.topicOffset = topicOffset
  }

  /// Takes in that an entry was appended; in whatever order the news come, the newest holds.
  package mutating func take(_ append: RoomAppend, offset: UInt64) {
    last = max(last, offset)
    if append.kind == .topic, offset > topicOffset {
      topic = append.text
      topicOffset = offset
    }
  }

  /// Takes in what was read of the log, which may be older than what is known.
  package mutating func take(_ head: RoomHead) {
    last = max(last, head.last)
    first = max(first, head.first)
    if head.topicOffset > topicOffset {
      topic = head.topic
      topicOffset = head.topicOffset
    }
  }
}

/// One read of a log.
public struct RoomPageRequest: Hashable, Sendable {
  public var key: RoomKey
  /// The name that the entries shall carry.
  public var name: RoomName
  public var position: HistoryPosition
  /// At most this many entries, and after the first one at most this many bytes of text. Both at least 1.
  public var maximumEntries: Int
  public var maximumBytes: Int

  public init(
    key: RoomKey, name: RoomName, position: HistoryPosition, maximumEntries: Int, maximumBytes: Int
  ) {
    self.key = key
    self.name = name
    self.position = position
    self.maximumEntries = maximumEntries
    self.maximumBytes = maximumBytes
  }
}

/// A stretch of a log in rising order of offsets, without holes.
public struct RoomPage: Hashable, Sendable {
  public var entries: [RoomEntry]
  /// Whether the log goes on in the direction that was asked for.
  public var more: Bool

  public init(entries: [RoomEntry], more: Bool) {
    self.entries = entries
    self.more = more
  }
}

/// A stretch of the list of rooms.
public struct RoomListPage: Hashable, Sendable {
  public var rooms: [RoomSummary]
  /// Whether there are rooms after the last of these.
  public var more: Bool

  public init(rooms: [RoomSummary], more: Bool) {
    self.rooms = rooms
    self.more = more
  }
}
