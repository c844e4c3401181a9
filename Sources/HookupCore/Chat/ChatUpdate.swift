/// What happened in the chat, as a client's screen or script needs to know it: exact, in order, nothing twice.
@nonexhaustive
public enum ChatUpdate: Hashable, Sendable {
  /// The server knows us, as `nick`.
  case welcomed(nick: Nick)
  /// We are in `room`; its history follows as ``entry(_:)``.
  case joined(RoomSnapshot)
  case parted(RoomName)
  /// The next entry of a room's log. Offsets of one room arrive in order, each once.
  case entry(RoomEntry)
  /// The server no longer has offsets `from...to`, or they were skipped on purpose (joining near the end).
  case gap(RoomName, from: UInt64, to: UInt64)
  /// Older entries of a room: those that were asked for, and what is kept of a room that was joined.
  case page(ChatPage)
  /// The room's entries beyond `after` are not what they were: the server has lost them, or is another one. What is
  /// there instead follows as ``entry(_:)``.
  case rewound(RoomName, after: UInt64)
  case arrived(RoomName, Nick)
  case left(RoomName, Nick)
  case members(RoomName, [Nick])
  /// A message of our own, or a new state of one.
  case own(OwnMessage)
  /// A message of our own has had no ack within its time; it stays in the outbox and is sent again.
  case overdue(MessageID)
  /// The server refused something; `message` is a sentence, from the network.
  case refused(code: String, message: String, room: RoomName?)
  /// We are logged in, as this device.
  case account(ChatAccount)
  /// The rooms that are not open and of which we are a member.
  case memberships([RoomSummary])
  /// Somebody made us a member of a room; join it to read.
  case invited(RoomSummary, by: Nick)
  /// `nick` is writing.
  case typing(RoomName, Nick)
  /// We have read up to `offset`, on another device.
  case read(RoomName, offset: UInt64)
  /// `nick` is away with a sentence, or back when it is empty.
  case away(Nick, String)
  case person(ChatPerson)
  case found([ChatHit], more: Bool)
  case devices([ChatDevice])
  /// A sentence from the server about itself.
  case serverNotice(ChatNotice, String)
  /// A sentence about this client: reconnected, 37 missed messages fetched, a buffer set aside.
  case notice(String)
}

/// A stretch of a room's log before what was told so far.
public struct ChatPage: Hashable, Sendable {
  public var room: RoomName
  /// In rising order of offsets, as they stand now. What is about others of them (edits, deletions, reactions) is among
  /// them as an entry, and worked in.
  public var entries: [RoomEntry]
  /// Whether nothing older is to be had anywhere.
  public var isComplete: Bool
  /// Why there are no older entries for now: a sentence, perhaps the server's.
  public var problem: String?

  public init(
    room: RoomName, entries: [RoomEntry], isComplete: Bool = false, problem: String? = nil
  ) {
    self.room = room
    self.entries = entries
    self.isComplete = isComplete
    self.problem = problem
  }
}

/// What a client learns of a room when it joins.
public struct RoomSnapshot: Hashable, Sendable {
  public var room: RoomName
  public var topic: String
  public var members: [Nick]
  /// The offset of the room's newest entry; 0 for an empty room. Offsets count up from 1 without holes.
  public var last: UInt64
  /// How far we have read it, on whatever device; nil when it is not known.
  public var read: UInt64?
  /// Nil for a room in which nothing was ever set.
  public var settings: RoomSettings?
  public var rank: RoomRank?

  public init(
    room: RoomName, topic: String, members: [Nick], last: UInt64, read: UInt64? = nil,
    settings: RoomSettings? = nil, rank: RoomRank? = nil
  ) {
    self.room = room
    self.topic = topic
    self.members = members
    self.last = last
    self.read = read
    self.settings = settings
    self.rank = rank
  }
}

/// How far a message of one's own has come. It only moves forward, except that a lost connection takes `sent` back to
/// `buffered`.
public enum DeliveryState: Hashable, Sendable {
  /// Durable in the outbox here; not on the wire.
  case buffered
  /// Handed to the socket; no answer yet.
  case sent
  /// Committed by the server under `offset`; nil when the answer that tells it was lost with a connection.
  case stored(offset: UInt64?)
  /// Refused for good, for `reason`.
  case failed(reason: String)
  /// Taken back before it was sent: nobody else sees it.
  case withdrawn
}

/// A message this client said.
public struct OwnMessage: Hashable, Sendable {
  public var id: MessageID
  /// Its number in the outbox, by which ``PendingAck`` names it.
  public var sequence: UInt64
  public var room: RoomName
  public var text: String
  /// ``RoomAct/Kind/said`` or ``RoomAct/Kind/me``.
  public var kind = RoomAct.Kind.said
  /// The offset of the entry that it replies to; nil when it replies to none.
  public var ref: UInt64?
  /// When it was said, milliseconds since 1970 by the local clock.
  public var milliseconds: Int64
  public var state: DeliveryState

  public init(
    id: MessageID, sequence: UInt64, room: RoomName, text: String, milliseconds: Int64,
    state: DeliveryState
  ) {
    self.id = id
    self.sequence = sequence
    self.room = room
    self.text = text
    self.milliseconds = milliseconds
    self.state = state
  }
}
