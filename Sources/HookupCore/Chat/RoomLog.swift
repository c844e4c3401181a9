/// Which log a room's entries are in: one for a room of its own name, one for the people of a direct conversation.
///
/// Two keys are equal when their texts are, by Unicode's canonical equivalence, as everywhere in Swift.
public struct RoomKey: Hashable, Sendable, CustomStringConvertible {
  /// `ops` for a room; `@alice+bob` for a conversation, the folded nicks in rising order. No name holds a `+`.
  public let text: String
  /// The folded nicks of a direct conversation, each once, in rising order; nil for a room.
  public let people: [String]?

  /// The log that `nick` means by `room`.
  public init(_ room: RoomName, for nick: Nick) {
    guard room.isDirect else {
      text = room.text
      people = nil
      return
    }
    let people = Set(room.directPeers.map(\.folded) + [nick.folded]).sorted()
    self.people = people
    text = Self.text(of: people)
  }

  /// The key that a store kept. Nil when the text is none.
  package init?(stored text: String) {
    guard let room = try? RoomName(text.hasPrefix("@") ? "room" : text) else { return nil }
    guard text.hasPrefix("@") else {
      self.text = room.text
      people = nil
      return
    }
    let names = text.dropFirst().split(separator: "+", omittingEmptySubsequences: false)
    let people = Set(names.map(String.init)).sorted()
    guard people.count <= RoomName.maximumPeers + 1, Self.text(of: people) == text,
      people.allSatisfy({ (try? Nick($0))?.folded == $0 })
    else { return nil }
    self.people = people
    self.text = text
  }

  /// People who write to themselves are named twice.
  private static func text(of people: [String]) -> String {
    "@" + (people.count == 1 ? people + people : people).joined(separator: "+")
  }

  /// What `nick` calls it; nil for a conversation of others.
  public func name(for nick: Nick) -> RoomName? {
    people == nil ? try? RoomName(text) : directName(for: nick)
  }

  /// What `nick` calls the conversation; nil for a room and for a conversation of others.
  public func directName(for nick: Nick) -> RoomName? {
    guard let people, people.contains(nick.folded) else { return nil }
    let others = people.filter { $0 != nick.folded }.compactMap { try? Nick($0) }
    return others.isEmpty ? RoomName(directTo: nick) : try? RoomName(directTo: others)
  }

  public static func == (left: RoomKey, right: RoomKey) -> Bool { left.text == right.text }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
  public var description: String { text }
}

/// An entry to be added to a log, and who asks for it.
public struct RoomAppend: Hashable, Sendable {
  public var key: RoomKey
  public var act: RoomAct
  /// The client's own id for it: (`client`, `id`) is stored once, whatever else differs.
  public var id: MessageID
  public var client: ClientID
  public var from: Nick
  /// Whether `from` is an account that was logged in to; else a guest goes by that nick.
  public var isAccount: Bool
  /// Whether it may be done whatever the room's rules say.
  public var isOperator: Bool
  /// Where it came from; nil for a local socket.
  public var address: String?
  /// The address of ``RoomAct/nick``, when a ban is to hold for it too. Goes into the room's state, and not into the log.
  public var bannedAddress: String?
  /// Whom the text may name; which of them are persons the store finds out.
  public var mentions: [Nick]
  /// The folded nicks among `mentions` that are known to be persons, accounts or not.
  public var present: Set<String>
  /// Set when it came as a session's message: it is stored only when its number was not committed before, and the cursor is
  /// committed with it, be it stored, known already, or refused.
  public var cursor: SessionCursor?

  public var kind: RoomAct.Kind { act.kind }
  public var text: String { act.text }
  /// Who asks for it.
  public var reader: RoomReader {
    RoomReader(nick: from, isAccount: isAccount, isOperator: isOperator, address: address)
  }

  public init(
    key: RoomKey, act: RoomAct, id: MessageID, client: ClientID, from: Nick,
    isAccount: Bool = false, isOperator: Bool = false, cursor: SessionCursor? = nil
  ) {
    self.key = key
    self.act = act
    self.id = id
    self.client = client
    self.from = from
    self.isAccount = isAccount
    self.isOperator = isOperator
    mentions = []
    present = []
    self.cursor = cursor
  }

  public init(
    key: RoomKey, kind: RoomEntry.Kind, id: MessageID, client: ClientID, from: Nick, text: String,
    cursor: SessionCursor? = nil
  ) {
    self.init(
      key: key, act: RoomAct(kind, text: text), id: id, client: client, from: from, cursor: cursor)
  }
}

/// One thing for a store to commit.
@nonexhaustive
public enum RoomChange: Hashable, Sendable {
  case append(RoomAppend)
  /// How far a session is committed, when its message adds no entry.
  case cursor(SessionCursor)
  /// How far a person has read. Only rises.
  case marker(ReadMark)

  /// The bytes of text in it.
  package var textBytes: Int {
    switch self {
    case .append(let append): append.text.utf8.count
    case .cursor, .marker: 0
    }
  }
}

/// How far a person has read a room, on whatever device.
public struct ReadMark: Hashable, Sendable {
  /// The person's folded nick.
  public var person: String
  public var key: RoomKey
  /// The offset of the last entry that was read.
  public var offset: UInt64

  public init(person: String, key: RoomKey, offset: UInt64) {
    self.person = person
    self.key = key
    self.offset = offset
  }
}

/// What became of one ``RoomAppend``.
public enum RoomAppended: Hashable, Sendable {
  /// It is committed as the room's newest entry, and names these persons.
  case stored(offset: UInt64, mentions: [Nick] = [])
  /// The room's rules are against it. Nothing was stored.
  case refused(RoomRefusal)
  /// (`client`, `id`) was stored before, in the log `key`, as this entry. Nothing was stored now.
  case duplicate(key: RoomKey, offset: UInt64, milliseconds: Int64)
  /// The room is new and the store holds as many of its kind as it may.
  case tooManyRooms(limit: Int)
  /// A cursor was taken in, or the entry's number was committed before without an entry: it was refused. Nothing was stored now.
  case passed

  /// Why this outcome means that the entry is refused for good; nil when it is stored.
  public func refusal(of append: RoomAppend) -> String? {
    switch self {
    case .stored: nil
    case .refused(let refusal): refusal.message
    case .duplicate(let key, _, _):
      key == append.key
        ? nil : "the id \(append.id) was used before, in another room: use a new one"
    case .tooManyRooms(let limit):
      "the server holds \(limit) \(append.key.people == nil ? "rooms" : "conversations"), as many as it may: use one of them"
    case .passed: "it was refused before"
    }
  }
}

/// Why a room's rules are against something.
public struct RoomRefusal: Error, Hashable, Sendable {
  public var code: ChatRefusal.Code
  /// A sentence for people that names the way out.
  public var message: String

  public init(_ code: ChatRefusal.Code, _ message: String) {
    self.code = code
    self.message = message
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
  /// Who may do what, as of ``last``.
  public var state = RoomState()

  public init(last: UInt64 = 0, first: UInt64 = 1, topic: String = "", topicOffset: UInt64 = 0) {
    self.last = last
    self.first = first
    self.topic = topic
    self.topicOffset = topicOffset
  }

  /// Takes in that an entry was appended; in whatever order the news come, the newest holds.
  ///
  /// Not its effect on ``state``, which needs every entry in its order: that is ``RoomState/take(_:at:)``.
  package mutating func take(_ append: RoomAppend, offset: UInt64) {
    last = max(last, offset)
    if append.kind == .topic, offset > topicOffset {
      topic = append.text
      topicOffset = offset
    }
  }

  /// Takes in what was read of the log, which may be older than what is known.
  package mutating func take(_ head: RoomHead) {
    state = head.state
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

extension RoomPageRequest {
  /// Of a page around an offset: what is before it, and what is from it on. The former is nil when there is no room for it.
  package var halves: (before: RoomPageRequest?, after: RoomPageRequest) {
    var before = self
    before.maximumEntries = maximumEntries / 2
    before.maximumBytes = max(1, maximumBytes / 2)
    var after = self
    after.maximumEntries = maximumEntries - before.maximumEntries
    after.maximumBytes = before.maximumBytes
    return (before.maximumEntries > 0 ? before : nil, after)
  }
}

/// How much more fits into a page.
package struct PageBounds {
  private let maximumEntries: Int
  private let maximumBytes: Int
  private var entries = 0
  private var bytes = 0

  package init(_ request: RoomPageRequest) {
    maximumEntries = request.maximumEntries
    maximumBytes = request.maximumBytes
  }

  /// Whether the next entry fits. The first one always does.
  package mutating func take(_ entry: RoomEntry) -> Bool {
    entries += 1
    bytes += entry.text.utf8.count
    return entries == 1 || entries <= maximumEntries && bytes <= maximumBytes
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

/// A search for a store.
public struct SearchRequest: Hashable, Sendable {
  /// Whose rooms are searched: those this person may read at `milliseconds`.
  public var reader: RoomReader
  public var milliseconds: Int64
  /// As in ``ChatQuery/words``; checked.
  public var words: [String]
  /// One log; nil: all.
  public var key: RoomKey?
  public var skip: Int
  public var limit: Int
  /// Hits that are looked at, at most, before those that may be read are picked from them.
  public var maximumExamined: Int

  public init(
    reader: RoomReader, milliseconds: Int64, words: [String], key: RoomKey? = nil, skip: Int = 0,
    limit: Int = ChatQuery.maximumHits, maximumExamined: Int = 5_000
  ) {
    self.reader = reader
    self.milliseconds = milliseconds
    self.words = words
    self.key = key
    self.skip = skip
    self.limit = limit
    self.maximumExamined = maximumExamined
  }
}

/// Messages that a search found, the best ones first.
public struct SearchPage: Hashable, Sendable {
  public var hits: [ChatHit]
  /// Whether there are more after these.
  public var more: Bool

  public init(hits: [ChatHit], more: Bool) {
    self.hits = hits
    self.more = more
  }
}

/// What a store knows of a person when they connect.
public struct PersonRecord: Hashable, Sendable {
  /// Direct conversations, named as the person names them, the one written to last first.
  public var direct: [RoomSummary]
  /// Rooms that are not open and of which the person is a member, by name.
  public var rooms: [RoomSummary]
  /// How far rooms and conversations are read, the ones marked last first.
  public var marks: [ReadMark]

  public init(direct: [RoomSummary] = [], rooms: [RoomSummary] = [], marks: [ReadMark] = []) {
    self.direct = direct
    self.rooms = rooms
    self.marks = marks
  }
}

/// Which old entries of a room go. An entry goes when any of these says so; the newest one stays.
public struct RoomRetention: Hashable, Sendable {
  /// Seconds since it was said; nil: for ever.
  public var seconds: Int?
  /// Entries of one room; nil: all.
  public var entries: Int?
  /// Bytes of text of one room; nil: all.
  public var bytes: Int?

  public init(seconds: Int? = nil, entries: Int? = nil, bytes: Int? = nil) {
    self.seconds = seconds
    self.entries = entries
    self.bytes = bytes
  }

  public var keepsAll: Bool { seconds == nil && entries == nil && bytes == nil }
}

/// A log from which old entries went.
public struct RoomTrim: Hashable, Sendable {
  public var key: RoomKey
  /// The lowest offset kept.
  public var first: UInt64

  public init(key: RoomKey, first: UInt64) {
    self.key = key
    self.first = first
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
