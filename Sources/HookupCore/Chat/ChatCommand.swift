/// What a client asks of the chat server. One command is one JSON object; see the chat protocol page.
@nonexhaustive
public enum ChatCommand: Hashable, Sendable {
  /// Who we are: the first command on every connection.
  indirect case hello(ChatHello)
  /// Make the nick of this connection an account, with this password; `device` names the token that comes with it.
  case register(password: String, device: String)
  /// Another password. All other devices are logged out.
  case password(old: String, new: String)
  /// The devices that are logged in to this account.
  case devices
  /// Log a device out; nil: this one.
  case revoke(device: String?)
  /// Read `room`: first the entries after offset `since` (the last 50 when nil), then everything new.
  case join(RoomName, since: UInt64?)
  /// Read `room` no longer.
  case part(RoomName)
  /// Do something in `room`, under the client's own `id`: an entry of its log. Needs no join.
  indirect case act(RoomName, id: MessageID, RoomAct)
  /// Who reads `room` now.
  case members(RoomName)
  /// The rooms that one may see in the order of their names, after `after`.
  case rooms(after: RoomName?)
  /// Entries of `room` without joining it. `limit` nil: the server's page.
  case history(RoomName, HistoryPosition, limit: Int?)
  /// Messages that hold these words, in one room or in all that one may read, the best ones first.
  indirect case search(ChatQuery)
  /// This person is writing. Nobody stores it.
  case typing(RoomName)
  /// This person has read up to here, on whatever device.
  case read(RoomName, offset: UInt64)
  /// Away, with a sentence; back again when it is empty.
  case away(String)
  /// What this account is called beside its nick, ``DisplayName``; empty: nothing.
  case displayName(String)
  /// Who that is, and whether they are here.
  case whois(Nick)
  /// Answered with `pong`.
  case ping
}

/// Who a client is.
public struct ChatHello: Hashable, Sendable {
  public var nick: Nick
  /// The secret id of the installation; without one the server makes an id that lives as long as the connection.
  public var client: ClientID?
  /// What proves that the account `nick` is ours; nil for a guest.
  public var credential: Credential?
  /// What the token that a password is answered with is to be called in the list of devices. At most 64 bytes.
  public var device: String
  public var version: Int

  public enum Credential: Hashable, Sendable, CustomStringConvertible {
    case password(String)
    /// 64 hexadecimal digits that the server has given to this device.
    case token(String)

    /// Never what it is.
    public var description: String {
      switch self {
      case .password: "a password"
      case .token: "a token"
      }
    }
  }

  public static let maximumDeviceBytes = 64

  public init(
    nick: Nick, client: ClientID?, credential: Credential? = nil, device: String = "",
    version: Int = ChatProtocol.version
  ) {
    self.nick = nick
    self.client = client
    self.credential = credential
    self.device = device
    self.version = version
  }
}

/// A search.
public struct ChatQuery: Hashable, Sendable {
  /// Words that a message must hold, all of them; a word that ends with `*` stands for all that begin so. At most 256 bytes
  /// and 8 words.
  public var words: String
  /// Nil: all rooms that one may read.
  public var room: RoomName?
  /// Pass over so many of the best: for the next page. At most 1,000.
  public var skip: Int
  /// How many at most; nil: 20, which also is the most.
  public var limit: Int?

  public static let maximumBytes = 256
  public static let maximumWords = 8
  public static let maximumHits = 20
  public static let maximumSkip = 1_000

  public init(words: String, room: RoomName? = nil, skip: Int = 0, limit: Int? = nil) {
    self.words = words
    self.room = room
    self.skip = skip
    self.limit = limit
  }
}

/// Which part of a room's log a `history` command wants.
public enum HistoryPosition: Hashable, Sendable {
  /// The oldest entries with an offset greater than this one.
  case after(UInt64)
  /// The newest entries with an offset less than this one.
  case before(UInt64)
  /// As many before this offset as from it on.
  case around(UInt64)
  /// The oldest entries of this time or later, milliseconds since 1970.
  case since(Int64)
}

extension ChatCommand {
  public static func hello(
    nick: Nick, client: ClientID?, version: Int = ChatProtocol.version
  ) -> ChatCommand {
    .hello(ChatHello(nick: nick, client: client, version: version))
  }

  public static func say(_ room: RoomName, id: MessageID, text: String) -> ChatCommand {
    .act(room, id: id, .say(text))
  }

  public static func topic(_ room: RoomName, id: MessageID, text: String) -> ChatCommand {
    .act(room, id: id, .topic(text))
  }

  /// The word in the field `do`.
  public var name: String {
    switch self {
    case .hello: "hello"
    case .register: "register"
    case .password: "password"
    case .devices: "devices"
    case .revoke: "revoke"
    case .join: "join"
    case .part: "part"
    case .act(_, _, let act): act.kind.command ?? act.kind.rawValue
    case .members: "members"
    case .rooms: "rooms"
    case .history: "history"
    case .search: "search"
    case .typing: "typing"
    case .read: "read"
    case .away: "away"
    case .displayName: "name"
    case .whois: "whois"
    case .ping: "ping"
    }
  }
}
