/// What the chat server tells a client. One event is one JSON object; see the chat protocol page.
@nonexhaustive
public enum ChatEvent: Hashable, Sendable {
  /// The answer to `hello`.
  case welcome(ChatWelcome)
  /// The answer to `join`; the entries that were asked for follow as ``entry(_:)``.
  case joined(ChatJoined)
  case parted(RoomName)
  /// One entry of a room's log: on the wire named by what it is, `said` or `kicked`.
  case entry(RoomEntry)
  /// The sender's answer to an act: committed under `offset`, now or on an earlier try.
  case stored(RoomName, id: MessageID, offset: UInt64, milliseconds: Int64)
  case members(RoomName, [Nick])
  /// A page of public rooms; `more` when rooms after the last of these exist.
  case rooms([RoomSummary], more: Bool)
  /// A page of a room's log in rising order of offsets; `more` when the direction that was asked for goes on.
  case history(RoomName, [RoomEntry], more: Bool)
  /// Somebody wrote into a direct conversation that this client has not joined.
  case direct(RoomSummary)
  /// Somebody made us a member of a room; join it to read.
  case invited(RoomSummary, by: Nick)
  /// `nick` began to read the room. Not stored.
  case arrived(RoomName, Nick)
  /// `nick` no longer reads the room. Not stored.
  case left(RoomName, Nick)
  /// `nick` is writing. Not stored.
  case typing(RoomName, Nick)
  /// This person has read up to `offset`, perhaps on another device.
  case read(RoomName, offset: UInt64)
  /// A person in a room that this client reads is away, or back when the text is empty. Not stored.
  case away(Nick, String)
  /// What persons in rooms that this client reads are called beside their nicks: after ``joined(_:)`` and ``members(_:_:)``, and when one
  /// of them comes or changes it. Who is not named has no such name.
  case names([ChatName])
  case person(ChatPerson)
  /// The answer to `search`; `more` when there are more hits than the page holds.
  case found([ChatHit], more: Bool)
  /// The answer to `register`, `password` and `revoke`.
  case account(ChatAccount)
  case devices([ChatDevice])
  /// A sentence about the server for whoever uses it: it is read-only, it stops, an operator says something.
  case notice(code: ChatNotice, message: String)
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
  /// Set when the nick is an account's.
  public var account: ChatAccount?
  /// This nick's direct conversations, the newest first, at most ``ChatLimits/directRooms``.
  public var direct: [RoomSummary]
  /// The rooms that this account is a member of, by name.
  public var rooms: [RoomSummary]
  public var limits: ChatLimits

  public init(
    version: Int = ChatProtocol.version, nick: Nick, server: String, account: ChatAccount? = nil,
    direct: [RoomSummary], rooms: [RoomSummary] = [], limits: ChatLimits
  ) {
    self.version = version
    self.nick = nick
    self.server = server
    self.account = account
    self.direct = direct
    self.rooms = rooms
    self.limits = limits
  }
}

/// An account as its own devices see it.
public struct ChatAccount: Hashable, Sendable {
  /// As it was registered.
  public var nick: Nick
  /// This device's id in the list of devices.
  public var device: String
  /// The secret that logs this device in without the password: 64 hexadecimal digits, told once.
  public var token: String?
  public var isOperator: Bool
  /// ``DisplayName/text``; empty when there is none.
  public var displayName: String

  public init(
    nick: Nick, device: String, token: String? = nil, isOperator: Bool = false,
    displayName: String = ""
  ) {
    self.nick = nick
    self.device = device
    self.token = token
    self.isOperator = isOperator
    self.displayName = displayName
  }
}

/// A device that is logged in.
public struct ChatDevice: Hashable, Sendable {
  public var id: String
  /// As the device named itself. Sanitise before showing.
  public var name: String
  /// When it was logged in and last seen, milliseconds since 1970.
  public var created: Int64
  public var seen: Int64
  /// Whether it is the one that asks.
  public var isThis: Bool

  public init(id: String, name: String, created: Int64, seen: Int64, isThis: Bool) {
    self.id = id
    self.name = name
    self.created = created
    self.seen = seen
    self.isThis = isThis
  }
}

/// What everybody may know of a person.
public struct ChatPerson: Hashable, Sendable {
  public var nick: Nick
  public var isAccount: Bool
  public var isOnline: Bool
  /// The sentence of somebody who is away; nil for somebody who is not.
  public var away: String?
  /// When an account was last here, milliseconds since 1970; nil when it is not known.
  public var seen: Int64?
  /// ``DisplayName/text``; empty when there is none. Sanitise before showing.
  public var displayName: String

  public init(
    nick: Nick, isAccount: Bool, isOnline: Bool, away: String? = nil, seen: Int64? = nil,
    displayName: String = ""
  ) {
    self.nick = nick
    self.isAccount = isAccount
    self.isOnline = isOnline
    self.away = away
    self.seen = seen
    self.displayName = displayName
  }
}

/// A message that a search found.
public struct ChatHit: Hashable, Sendable {
  public var entry: RoomEntry
  /// The part of the text with the words in it, each between U+2068 and U+2069, cut to about 40 words.
  public var snippet: String

  public init(entry: RoomEntry, snippet: String) {
    self.entry = entry
    self.snippet = snippet
  }
}

/// What a notice is about. More may be added.
public struct ChatNotice: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public var description: String { rawValue }

  /// Nothing can be stored for now, e.g. because the disk is full: what is said waits, nothing is lost.
  public static let readOnly = ChatNotice(rawValue: "read_only")
  /// What waited is stored again.
  public static let writable = ChatNotice(rawValue: "writable")
  /// More was sent than may be: what is beyond waits its turn.
  public static let slowDown = ChatNotice(rawValue: "slow_down")
  /// The server is about to stop, and says when to come back.
  public static let stopping = ChatNotice(rawValue: "stopping")
  /// An operator says something to all.
  public static let announcement = ChatNotice(rawValue: "announcement")
}

/// A room that was joined, as it was at that moment.
public struct ChatJoined: Hashable, Sendable {
  public var room: RoomName
  public var topic: String
  /// Who reads the room, this client too; at most ``ChatLimits/members`` of them.
  public var members: [Nick]
  /// The offset of the newest entry; 0 for an empty room.
  public var last: UInt64
  /// How far this person has read it, on whatever device; nil when it is not known.
  public var read: UInt64?
  /// The settings of the room; nil for a direct conversation.
  public var settings: RoomSettings?
  /// This person's rank in it.
  public var rank: RoomRank?
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
    /// The password is too short or too long, or holds a NUL.
    public static let badPassword = Code(rawValue: "bad_password")
    /// The nick and the password, or the token, do not belong together.
    public static let wrongPassword = Code(rawValue: "wrong_password")
    /// The nick is an account's: log in, or choose another one.
    public static let nickRegistered = Code(rawValue: "nick_registered")
    /// The nick is kept for the server.
    public static let nickReserved = Code(rawValue: "nick_reserved")
    /// The nick looks like an account's, or mixes scripts.
    public static let nickConfusable = Code(rawValue: "nick_confusable")
    /// Too many attempts to log in or to register; the message says when to try again.
    public static let tooManyAttempts = Code(rawValue: "too_many_attempts")
    public static let accountDisabled = Code(rawValue: "account_disabled")
    public static let notLoggedIn = Code(rawValue: "not_logged_in")
    /// The client used this id before, in another room.
    public static let idReused = Code(rawValue: "id_reused")
    /// The room's rules are against it.
    public static let notAllowed = Code(rawValue: "not_allowed")
    /// The room is for its members.
    public static let notMember = Code(rawValue: "not_member")
    public static let banned = Code(rawValue: "banned")
    public static let muted = Code(rawValue: "muted")
    /// The room is read-only, and the person has no voice in it.
    public static let readOnly = Code(rawValue: "read_only")
    /// The last message of this person was said too short a time ago; the message says when the next may be.
    public static let slowMode = Code(rawValue: "slow_mode")
    /// Only accounts may.
    public static let needsAccount = Code(rawValue: "needs_account")
    /// There is a room of that name.
    public static let roomExists = Code(rawValue: "room_exists")
    /// The room is at a limit of its own: members, bans, reactions.
    public static let roomFull = Code(rawValue: "room_full")
    /// There is no entry of that offset, or it is no message, or deleted.
    public static let noSuchEntry = Code(rawValue: "no_such_entry")
    /// Nobody goes by that nick.
    public static let noSuchPerson = Code(rawValue: "no_such_person")
    /// It is so already.
    public static let noChange = Code(rawValue: "no_change")
    /// A query that cannot be searched for, or that took too long.
    public static let badQuery = Code(rawValue: "bad_query")
    /// Too many of these in too short a time; the message says when to go on.
    public static let tooFast = Code(rawValue: "too_fast")
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
