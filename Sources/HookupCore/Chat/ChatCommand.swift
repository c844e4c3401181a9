/// What a client asks of the chat server. One command is one JSON object; see the chat protocol page.
@nonexhaustive
public enum ChatCommand: Hashable, Sendable {
  /// Who we are: the first command on every connection. `client` is the secret id of the installation; without one the
  /// server makes an id that lives as long as the connection.
  case hello(nick: Nick, client: ClientID?, version: Int = ChatProtocol.version)
  /// Read `room`: first the entries after offset `since` (the last 50 when nil), then everything new.
  case join(RoomName, since: UInt64?)
  /// Read `room` no longer.
  case part(RoomName)
  /// Store `text` in `room` under the client's own `id`. Needs no join.
  case say(RoomName, id: MessageID, text: String)
  /// Set the topic of `room`; an entry of its log, under the client's own `id`.
  case topic(RoomName, id: MessageID, text: String)
  /// Who reads `room` now.
  case members(RoomName)
  /// The public rooms in the order of their names, after `after`.
  case rooms(after: RoomName?)
  /// Entries of `room` without joining it. `limit` nil: the server's page.
  case history(RoomName, HistoryPosition, limit: Int?)
  /// Answered with `pong`.
  case ping
}

/// Which part of a room's log a `history` command wants.
public enum HistoryPosition: Hashable, Sendable {
  /// The oldest entries with an offset greater than this one.
  case after(UInt64)
  /// The newest entries with an offset less than this one.
  case before(UInt64)
}

extension ChatCommand {
  /// The word in the field `do`.
  public var name: String {
    switch self {
    case .hello: "hello"
    case .join: "join"
    case .part: "part"
    case .say: "say"
    case .topic: "topic"
    case .members: "members"
    case .rooms: "rooms"
    case .history: "history"
    case .ping: "ping"
    }
  }
}
