/// What the chat server tells a client. One event is one JSON object; see the chat protocol page.
@nonexhaustive
public enum ChatEvent: Hashable, Sendable {
  /// The answer to `hello`.
  case welcome(ChatWelcome)
  /// The answer to `join`; the entries that were asked for follow as ``entry(_:)``.
  case joined(ChatJoined)
  case parted(RoomName)
  /// One entry of a room's log: `said` or `topic` on the wire.
  case entry(RoomEntry)
  /// The sender's answer to `say` and `topic`: committed under `offset`, now or on an earlier try.
  case stored(RoomName, id: MessageID, offset: UInt64, milliseconds: Int64)
  case members(RoomName, [Nick])
  /// A page of public rooms; `more` when rooms after the last of these exist.
  case rooms([RoomSummary], more: Bool)
  /// A page of a room's log in rising order of offsets; `more` when the direction that was asked for goes on.
  case history(RoomName, [RoomEntry], more: Bool)
  /// Somebody wrote into a direct conversation that this client has not joined.
  case direct(RoomSummary)
  /// `nick` began to read the room. Not stored.
  case arrived(RoomName, Nick)
  /// `nick` no longer reads the room. Not stored.
  case left(RoomName, Nick)
  case pong
  case error(ChatRefusal)
}

/// The server's greeting.
public struct ChatWelcome: Hashable, Sendable {
  /// The version of the chat protocol that the server speaks on this connection.
  public var version: Int
  public var nick: Nick
  /// The id of the server's store: another one means that offsets known so far are worthless.
  public var server: String
  /// This nick's direct conversations, the newest first, at most ``ChatLimits/directRooms``.
  public var direct: [RoomSummary]
  public var limits: ChatLimits

  public init(
    version: Int = ChatProtocol.version, nick: Nick, server: String, direct: [RoomSummary],
    limits: ChatLimits
  ) {
    self.version = version
    self.nick = nick
    self.server = server
    self.direct = direct
    self.limits = limits
  }
}

/// A room that was joined, as it was at that moment.
public struct ChatJoined: Hashable, Sendable {
  public var room: RoomName
  public var topic: String
  /// Who reads the room, this client too; at most ``ChatLimits/members`` of them.
  public var members: [Nick]
  /// The offset of the newest entry; 0 for an empty room.
  public var last: UInt64
  /// The lowest offset that is still kept; 1 unless old entries were removed.
  public var first: UInt64
  /// The offset after which the server goes on: the entries that follow start at `after` + 1.
  public var after: UInt64
  /// The client's `since` lies beyond `last`: the store is not the one it knew, and what it holds of this room is void.
  public var reset: Bool

  public init(
    room: RoomName, topic: String, members: [Nick], last: UInt64, first: UInt64, after: UInt64,
    reset: Bool
  ) {
    self.room = room
    self.topic = topic
    self.members = members
    self.last = last
    self.first = first
    self.after = after
    self.reset = reset
  }
}

/// A room as a list names it.
public struct RoomSummary: Hashable, Sendable {
  public var room: RoomName
  /// The offset of the newest entry.
  public var last: UInt64
  /// Empty when none was set, and for direct conversations.
  public var topic: String

  public init(room: RoomName, last: UInt64, topic: String = "") {
    self.room = room
    self.last = last
    self.topic = topic
  }
}

/// Why the server did not do what a command asked. The connection lives.
public struct ChatRefusal: Error, Hashable, Sendable {
  /// The kind of refusal. More may be added: compare, do not switch exhaustively.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// Not a JSON object with a `do`, or a field is missing or of the wrong type.
    public static let badCommand = Code(rawValue: "bad_command")
    /// A `do` that this server does not know.
    public static let unknownCommand = Code(rawValue: "unknown_command")
    /// Something else than `hello` before the welcome. Not acked: send it again after the welcome.
    public static let helloFirst = Code(rawValue: "hello_first")
    /// A second `hello` after the welcome.
    public static let alreadyWelcome = Code(rawValue: "already_welcome")
    /// A version of the chat protocol that this server does not speak.
    public static let badVersion = Code(rawValue: "bad_version")
    public static let badNick = Code(rawValue: "bad_nick")
    public static let badClient = Code(rawValue: "bad_client")
    public static let badRoom = Code(rawValue: "bad_room")
    public static let badID = Code(rawValue: "bad_id")
    /// Empty, or longer than ``ChatLimits/textBytes``.
    public static let badText = Code(rawValue: "bad_text")
    /// Longer than ``ChatLimits/topicBytes``, or a topic for a direct conversation.
    public static let badTopic = Code(rawValue: "bad_topic")
    /// Another live client goes by this nick.
    public static let nickInUse = Code(rawValue: "nick_in_use")
    /// The client used this id before, in another room.
    public static let idReused = Code(rawValue: "id_reused")
    /// ``ChatLimits/roomsPerConnection`` rooms are joined.
    public static let tooManyRooms = Code(rawValue: "too_many_rooms")
    /// The server is at a limit of its own: rooms in all.
    public static let serverFull = Code(rawValue: "server_full")
    /// The store failed. Not acked, and the connection is closed with 1013: send it again later.
    public static let storeFailed = Code(rawValue: "store_failed")
  }

  public var code: Code
  /// A sentence for people that names the thing, the limit and the way out.
  public var message: String
  /// The room, the id and the name (`do`) of the command that was refused, as far as they could be read.
  public var room: RoomName?
  public var id: MessageID?
  public var command: String?

  public init(
    _ code: Code, _ message: String, room: RoomName? = nil, id: MessageID? = nil,
    command: String? = nil
  ) {
    self.code = code
    self.message = message
    self.room = room
    self.id = id
    self.command = command
  }
}
