import GRDB
import HookupEngine

extension SQLiteChatStore {
  public func append(
    _ changes: [RoomChange], milliseconds: Int64
  ) async throws(HookupError) -> [RoomAppended] {
    guard !changes.isEmpty else { return [] }
    let limits = limits
    return try await write { database in
      var batch = AppendBatch(database: database, limits: limits, milliseconds: milliseconds)
      return try batch.run(changes)
    }
  }

  public func memory(
    of client: SessionID, epoch: UInt64
  ) async throws(HookupError) -> SessionMemory {
    try await read { try SessionTable.memory(of: client, epoch: epoch, $0) }
  }
}

/// One transaction of appends: rooms and clients are looked up once, and each room's row is written once at the end.
private struct AppendBatch {
  let database: Database
  let limits: ChatStoreLimits
  let milliseconds: Int64
  private var sessions: SessionBatch
  private var rooms: RoomTable
  private var clients: [ClientID: Int64] = [:]

  init(database: Database, limits: ChatStoreLimits, milliseconds: Int64) {
    self.database = database
    self.limits = limits
    self.milliseconds = milliseconds
    sessions = SessionBatch(database: database, maximumRows: limits.maximumSessions)
    rooms = RoomTable(database: database, limits: limits)
  }

  mutating func run(_ changes: [RoomChange]) throws -> [RoomAppended] {
    let outcomes = try changes.map { try take($0) }
    try rooms.save()
    try sessions.save()
    return outcomes
  }

  private mutating func take(_ change: RoomChange) throws -> RoomAppended {
    switch change {
    case .cursor(let cursor):
      try sessions.commit(cursor)
      return .passed
    case .marker(let mark):
      try MarkTable.put(mark, keeping: limits.marksPerPerson, database)
      return .passed
    case .append(let entry):
      guard var cursor = entry.cursor else { return try append(entry) }
      guard try !sessions.isCommitted(cursor) else {
        return try duplicate(client: client(entry.client), id: entry.id) ?? .passed
      }
      let outcome = try append(entry)
      if let reason = outcome.refusal(of: entry) {
        cursor.refusals.append(SessionRefusal(sequence: cursor.committed, reason: reason))
      }
      try sessions.commit(cursor)
      return outcome
    @unknown default:
      throw HookupError(.invalidArgument, "a change of a kind that this store does not know")
    }
  }

  private mutating func append(_ entry: RoomAppend) throws -> RoomAppended {
    let client = try client(entry.client)
    var room = try rooms.room(entry.key) ?? RoomTable.Room.new
    let state = room.state ?? RoomState()
    // Plain talk in a room in which nothing was ever set: the way of nearly every message. Nothing is against it, and that its id is
    // new is seen when it is inserted.
    let isTalk = entry.kind.isSpeech && entry.act.ref == nil && room.state == nil
    if !isTalk {
      if let duplicate = try duplicate(client: client, id: entry.id) { return duplicate }
      let facts = try facts(for: entry, in: room)
      if let refusal = state.refusal(of: entry, knowing: facts, at: milliseconds) {
        return .refused(refusal)
      }
    } else if room.isNew, let duplicate = try duplicate(client: client, id: entry.id) {
      return duplicate
    }
    if room.isNew {
      guard let made = try rooms.make(entry.key) else {
        return .tooManyRooms(limit: limits.rooms(like: entry.key))
      }
      room = made
    }
    room.take(entry, state, at: milliseconds)
    let mentions = try mentions(in: entry)
    guard try insert(entry, mentions, room, client: client) else {
      guard let duplicate = try duplicate(client: client, id: entry.id) else {
        throw StoredFault.impossible("a room has an entry beyond its last one")
      }
      return duplicate
    }
    try rooms.saveState(&room)
    room.turn = try rooms.nextTurn()
    try EntryEffects(database: database, room: room.id, turn: room.turn).apply(
      entry, mentions, offset: room.last)
    rooms[entry.key] = room
    return .stored(offset: UInt64(room.last), mentions: mentions)
  }

  /// False when there is an entry of that client and id.
  private func insert(
    _ entry: RoomAppend, _ mentions: [Nick], _ room: RoomTable.Room, client: Int64
  ) throws -> Bool {
    let detail = StoredDetail(entry.act, mentions: mentions).json
    let insert = try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO entry (room, offset, kind, client, message, sender, at, text, account, ref, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try insert.execute(arguments: [
      room.id, room.last, EntryKind.number(entry.kind), client, entry.id.text, entry.from.text,
      milliseconds, StoredText.value(entry.text), entry.isAccount,
      entry.act.ref.map { Int64(clamping: $0) }, detail.map { StoredText.value($0.text) },
    ])
    return database.changesCount > 0
  }

  private func mentions(in entry: RoomAppend) throws -> [Nick] {
    try entry.mentions.filter {
      try entry.present.contains($0.folded) || AccountTable.contains($0, database)
    }
  }

  // MARK: What the rules ask

  private func facts(for entry: RoomAppend, in room: RoomTable.Room) throws -> RoomFacts {
    var facts = RoomFacts(isNew: room.last == 0)
    if let ref = entry.act.ref, !room.isNew {
      facts.target = try target(Int64(clamping: ref), entry, room.id)
    }
    switch entry.kind {
    case .created: facts.fullAt = try fullAt(entry.from)
    case .invited, .rank:
      guard let nick = entry.act.nick else { break }
      facts.nickIsAccount = try AccountTable.contains(nick, database)
      facts.fullAt = try fullAt(nick)
    default: break
    }
    if let slow = room.state?.slowSeconds, slow > 0, entry.kind.isSpeech {
      facts.lastSaid = try lastSaid(
        by: entry.from, since: milliseconds - Int64(slow) * 1_000, room: room.id)
    }
    return facts
  }

  private func target(
    _ offset: Int64, _ entry: RoomAppend, _ room: Int64
  ) throws -> RoomFacts.Target? {
    let select = try database.cachedStatement(
      sql: """
        SELECT kind, sender, client.secret, account, deleted FROM entry
        JOIN client ON client.id = entry.client WHERE room = ? AND offset = ?
        """)
    guard let row = try Row.fetchOne(select, arguments: [room, offset]) else { return nil }
    guard let client = try? ClientID(row.text(2)) else {
      throw StoredFault.impossible("a client has an impossible id")
    }
    var target = RoomFacts.Target(
      kind: try EntryKind.kind(row.whole(0)), from: try row.nick(1), client: client,
      isAccount: try row.whole(3) != 0, isDeleted: try row.optionalWhole(4) != nil)
    guard entry.kind == .reacted || entry.kind == .unreacted else { return target }
    let reactions = try database.cachedStatement(
      sql: """
        SELECT count(DISTINCT text), coalesce(max(text = ?3), 0), coalesce(max(text = ?3 AND person = ?4), 0)
        FROM reaction WHERE room = ?1 AND offset = ?2
        """)
    let counts = try Row.fetchOne(
      reactions,
      arguments: [room, offset, StoredText.value(entry.text), entry.from.folded])
    target.reactions = Int(clamping: try counts?.whole(0) ?? 0)
    target.hasReaction = try counts?.whole(1) == 1
    target.hasReacted = try counts?.whole(2) == 1
    return target
  }

  /// The limit, when the person is a member of as many rooms.
  private func fullAt(_ nick: Nick) throws -> Int? {
    let count = try database.cachedStatement(
      sql: """
        SELECT count(*) FROM member JOIN room ON room.id = member.room
        WHERE person = ? AND room.access <> 0
        """)
    let rooms = try Int.fetchOne(count, arguments: [nick.folded]) ?? 0
    return rooms >= limits.roomsPerPerson ? limits.roomsPerPerson : nil
  }

  /// Walks back only as far as `earliest`.
  private func lastSaid(by nick: Nick, since earliest: Int64, room: Int64) throws -> Int64? {
    let select = try database.cachedStatement(
      sql: "SELECT at, sender, kind FROM entry WHERE room = ? ORDER BY offset DESC")
    let rows = try Row.fetchCursor(select, arguments: [room])
    while let row = try rows.next() {
      let at = try row.whole(0)
      guard at > earliest else { return nil }
      if try EntryKind.kind(row.whole(2)).isSpeech, try row.nick(1).folded == nick.folded {
        return at
      }
    }
    return nil
  }

  private func duplicate(client: Int64, id: MessageID) throws -> RoomAppended? {
    let statement = try database.cachedStatement(
      sql: """
        SELECT room.key, entry.offset, entry.at FROM entry
        JOIN room ON room.id = entry.room WHERE entry.client = ? AND entry.message = ?
        """)
    guard let row = try Row.fetchOne(statement, arguments: [client, id.text]) else { return nil }
    guard let key = RoomKey(stored: row.text(0)) else {
      throw StoredFault.impossible("a room has an impossible name")
    }
    return .duplicate(key: key, offset: try row.offset(1), milliseconds: try row.whole(2))
  }

  private mutating func client(_ client: ClientID) throws -> Int64 {
    if let known = clients[client] { return known }
    let select = try database.cachedStatement(sql: "SELECT id FROM client WHERE secret = ?")
    var id = try Int64.fetchOne(select, arguments: [client.text])
    if id == nil {
      let insert = try database.cachedStatement(sql: "INSERT INTO client (secret) VALUES (?)")
      try insert.execute(arguments: [client.text])
      id = database.lastInsertedRowID
    }
    clients[client] = id
    return id ?? database.lastInsertedRowID
  }
}
