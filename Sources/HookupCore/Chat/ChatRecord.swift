/// A step in what a client keeps of the rooms it reads: made by the chat's client, in order, for its ``ChatHistory``.
@nonexhaustive
public enum ChatRecord: Hashable, Sendable {
  /// Offsets are those of the server's store of this id. Of another one nothing that is kept counts any more.
  case server(String)
  /// The next entry of its room's log.
  case entry(RoomEntry)
  /// A room's log goes on after `to`: what is missing up to there is not to be had, or was never asked for.
  case skipped(RoomName, to: UInt64)
  /// What is kept of a room beyond `after` is void: the server has lost it.
  case rewound(RoomName, after: UInt64)
  /// Entries from before those that are kept, in rising order, as they stand now. Worth keeping only when the last one
  /// stands right before the first one that is kept.
  case older(RoomName, [RoomEntry])

  /// How much of a queue's room it takes: its entries, and 1 for itself.
  package var weight: Int {
    switch self {
    case .older(_, let entries): entries.count + 1
    default: 1
    }
  }
}

/// Up to where a client holds the rooms it reads.
public struct ChatHeld: Hashable, Sendable {
  /// The id of the server's store whose offsets they are; nil before the first welcome.
  public var server: String?
  /// The offset after which each room goes on. What is before it need not be kept.
  public var rooms: [RoomName: UInt64]

  public init(server: String? = nil, rooms: [RoomName: UInt64] = [:]) {
    self.server = server
    self.rooms = rooms
  }

  /// Follows a record.
  package mutating func apply(_ record: ChatRecord) {
    switch record {
    case .server(let id):
      guard id != server else { return }
      server = id
      rooms = [:]
    case .entry(let entry): rooms[entry.room] = max(rooms[entry.room] ?? 0, entry.offset)
    case .skipped(let room, let to): rooms[room] = max(rooms[room] ?? 0, to)
    case .rewound(let room, let after): rooms[room] = min(rooms[room] ?? after, after)
    case .older: break
    }
  }
}
