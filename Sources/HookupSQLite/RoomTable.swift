import GRDB
import HookupEngine

/// The rooms of one transaction: each is read once, and written once at the end.
struct RoomTable {
  struct Room {
    var id: Int64 = 0
    var last: Int64 = 0
    /// Nil for the plain one.
    var state: RoomState?
    var isNew = false
    var topic: String?
    var topicOffset: Int64 = 0
    /// 0 when nothing was appended.
    var turn: Int64 = 0
    /// The state as it is written, when it changed.
    fileprivate var before: RoomState?

    /// One that is not in the table yet.
    static let new: Room = {
      var room = Room()
      room.isNew = true
      return room
    }()

    /// Takes in an entry that is appended.
    mutating func take(_ entry: RoomAppend, _ state: RoomState, at milliseconds: Int64) {
      last += 1
      if entry.kind == .topic {
        topic = entry.text
        topicOffset = last
      }
      guard !entry.kind.isSpeech else { return }
      var changed = state
      changed.take(entry, at: milliseconds)
      guard changed != state else { return }
      before = before ?? state
      self.state = changed
    }
  }

  let database: Database
  let limits: ChatStoreLimits
  private var rooms: [RoomKey: Room] = [:]
  private var lastTurn: Int64?
  private var publicRooms: Int?
  private var directRooms: Int?

  init(database: Database, limits: ChatStoreLimits) {
    self.database = database
    self.limits = limits
  }

  subscript(key: RoomKey) -> Room? {
    get { rooms[key] }
    set { rooms[key] = newValue }
  }

  /// Rises with every entry of any room; orders conversations by their newest entry.
  mutating func nextTurn() throws -> Int64 {
    let last =
      try lastTurn ?? Int64.fetchOne(database.cachedStatement(sql: "SELECT max(turn) FROM room"))
      ?? 0
    lastTurn = last + 1
    return last + 1
  }

  /// Nil when there is none.
  mutating func room(_ key: RoomKey) throws -> Room? {
    if let known = rooms[key] { return known }
    let select = try database.cachedStatement(sql: "SELECT id, last, state FROM room WHERE key = ?")
    guard let row = try Row.fetchOne(select, arguments: [key.text]) else { return nil }
    let room = Room(id: try row.whole(0), last: try row.whole(1), state: try Self.state(row, 2))
    rooms[key] = room
    return room
  }

  /// Nil for the plain state.
  static func state(_ row: Row, _ index: Int) throws -> RoomState? {
    let text = row.text(index)
    if text.isEmpty { return nil }
    guard let state = (try? JSONText(text)).flatMap(RoomState.init(json:)) else {
      throw StoredFault.impossible("a room has an impossible state")
    }
    return state
  }

  /// A new one; nil when there are too many already.
  mutating func make(_ key: RoomKey) throws -> Room? {
    guard try mayMakeRoom(direct: key.people != nil) else { return nil }
    try database.cachedStatement(sql: "INSERT INTO room (key, direct, turn) VALUES (?, ?, 0)")
      .execute(arguments: [key.text, key.people != nil])
    let room = Room(id: database.lastInsertedRowID)
    rooms[key] = room
    for person in key.people ?? [] {
      try database.cachedStatement(sql: "INSERT INTO participant (person, room) VALUES (?, ?)")
        .execute(arguments: [person, room.id])
    }
    return room
  }

  /// Counting walks an index of at most as many rows as the limit: once for all the rooms that a batch makes.
  private mutating func mayMakeRoom(direct: Bool) throws -> Bool {
    let known = direct ? directRooms : publicRooms
    let count =
      try known
      ?? Int.fetchOne(
        database.cachedStatement(sql: "SELECT count(*) FROM room WHERE direct = ?"),
        arguments: [direct]) ?? 0
    let isFree = count < (direct ? limits.maximumDirectRooms : limits.maximumRooms)
    if direct {
      directRooms = count + (isFree ? 1 : 0)
    } else {
      publicRooms = count + (isFree ? 1 : 0)
    }
    return isFree
  }

  /// Writes what changed.
  func save() throws {
    for room in rooms.values where room.turn > 0 { try save(room) }
  }

  private func save(_ room: Room) throws {
    try database.cachedStatement(sql: "UPDATE room SET last = ?, turn = ? WHERE id = ?")
      .execute(arguments: [room.last, room.turn, room.id])
    if let topic = room.topic {
      try database.cachedStatement(
        sql: "UPDATE room SET topic = ?, topicOffset = ? WHERE id = ?"
      ).execute(arguments: [StoredText.value(topic), room.topicOffset, room.id])
    }
  }

  /// Writes the state, if it changed: the next entry of the same transaction counts members by it.
  func saveState(_ room: inout Room) throws {
    guard let before = room.before.take(), let state = room.state else { return }
    try database.cachedStatement(sql: "UPDATE room SET state = ?, access = ? WHERE id = ?")
      .execute(arguments: [
        state.isPlain ? "".databaseValue : StoredText.value(state.json.text),
        Self.number(state.access), room.id,
      ])
    for person in before.members.keys where state.members[person] == nil {
      try database.cachedStatement(sql: "DELETE FROM member WHERE person = ? AND room = ?")
        .execute(arguments: [person, room.id])
    }
    for person in state.members.keys where before.members[person] == nil {
      try database.cachedStatement(sql: "INSERT INTO member (person, room) VALUES (?, ?)")
        .execute(arguments: [person, room.id])
    }
  }

  private static func number(_ access: RoomSettings.Access) -> Int {
    switch access {
    case .open: 0
    case .invite: 1
    case .hidden: 2
    }
  }
}
