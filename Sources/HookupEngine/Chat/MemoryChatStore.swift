import HookupCore

/// A chat store that forgets with the process: for tests and for trying things out. Memory grows with every message
/// up to `maximumEntries`.
public actor MemoryChatStore: ChatStore {
  public nonisolated let id: String
  private let limits: ChatStoreLimits
  private let maximumEntries: Int
  private var logs: [RoomKey: MemoryLog] = [:]
  private var stored: [Origin: Place] = [:]
  /// How far each person has read each room, and in which turn that was told.
  private var marks: [String: [RoomKey: (offset: UInt64, turn: UInt64)]] = [:]
  private var publicRooms = 0
  private var directRooms = 0
  private var turn: UInt64 = 0
  private var cursors: SessionCursors
  var accounts: MemoryAccounts
  private var banned = ServerBans()
  private var isClosed = false

  private struct Origin: Hashable {
    var client: ClientID
    var id: MessageID
  }

  private struct Place {
    var key: RoomKey
    var offset: UInt64
    var milliseconds: Int64
  }

  /// - Parameters:
  ///   - id: the store's id; nil makes a random one.
  ///   - maximumEntries: entries in all logs together; an append beyond it throws. Default 1,000,000, of which each costs
  ///     its text and about 300 bytes.
  public init(
    id: String? = nil, limits: ChatStoreLimits = ChatStoreLimits(), maximumEntries: Int = 1_000_000
  ) {
    var generator = SystemRandomNumberGenerator()
    self.id = id ?? ClientID(random: &generator).text
    self.limits = limits
    self.maximumEntries = maximumEntries
    accounts = MemoryAccounts(limits: limits)
    // As volatile as the entries: what an earlier process knew is gone with all it stored.
    cursors = SessionCursors(maximumClients: limits.maximumSessions, remembersAll: true)
  }

  public func append(
    _ changes: [RoomChange], milliseconds: Int64
  ) throws(HookupError) -> [RoomAppended] {
    try refuseWhenClosed()
    guard stored.count + changes.count <= maximumEntries else {
      throw HookupError(
        .storage,
        "the memory store is full: \(stored.count) entries of at most \(maximumEntries); use a file"
      )
    }
    return changes.map { change in
      switch change {
      case .append(let entry): return filtered(entry, milliseconds: milliseconds)
      case .cursor(let cursor): cursors.commit(cursor)
      case .marker(let mark): self.mark(mark)
      @unknown default: break
      }
      return .passed
    }
  }

  /// Appends an entry unless its number is committed, and commits the number.
  private func filtered(_ entry: RoomAppend, milliseconds: Int64) -> RoomAppended {
    guard var cursor = entry.cursor else { return append(entry, milliseconds: milliseconds) }
    if let known = cursors.committed(of: cursor.client, epoch: cursor.epoch),
      cursor.committed <= known
    {
      return duplicate(of: entry) ?? .passed
    }
    let outcome = append(entry, milliseconds: milliseconds)
    if let reason = outcome.refusal(of: entry) {
      cursor.refusals.append(SessionRefusal(sequence: cursor.committed, reason: reason))
    }
    cursors.commit(cursor)
    return outcome
  }

  private func duplicate(of entry: RoomAppend) -> RoomAppended? {
    stored[Origin(client: entry.client, id: entry.id)].map {
      .duplicate(key: $0.key, offset: $0.offset, milliseconds: $0.milliseconds)
    }
  }

  public func memory(of client: SessionID, epoch: UInt64) throws(HookupError) -> SessionMemory {
    try refuseWhenClosed()
    return cursors.memory(of: client, epoch: epoch)
  }

  private func append(_ entry: RoomAppend, milliseconds: Int64) -> RoomAppended {
    if let duplicate = duplicate(of: entry) { return duplicate }
    var log = logs[entry.key] ?? MemoryLog()
    var facts = log.facts(for: entry, at: milliseconds)
    if let nick = entry.act.nick { facts.nickIsAccount = accounts.contains(nick) }
    let newcomer = entry.kind == .created ? entry.from : entry.act.nick
    if let newcomer, memberships(of: newcomer) >= limits.roomsPerPerson {
      facts.fullAt = limits.roomsPerPerson
    }
    if let refusal = log.head.state.refusal(of: entry, knowing: facts, at: milliseconds) {
      return .refused(refusal)
    }
    guard logs[entry.key] != nil || mayMakeLog(entry.key) else {
      return .tooManyRooms(limit: limits.rooms(like: entry.key))
    }
    turn += 1
    let mentions = entry.mentions.filter {
      entry.present.contains($0.folded) || accounts.contains($0)
    }
    // Not two copies of one log while it changes.
    logs[entry.key] = nil
    let offset = log.add(entry, mentions, milliseconds: milliseconds, turn: turn)
    logs[entry.key] = log
    stored[Origin(client: entry.client, id: entry.id)] = Place(
      key: entry.key, offset: offset, milliseconds: milliseconds)
    return .stored(offset: offset, mentions: mentions)
  }

  private func mayMakeLog(_ key: RoomKey) -> Bool {
    if key.people == nil {
      guard publicRooms < limits.maximumRooms else { return false }
      publicRooms += 1
    } else {
      guard directRooms < limits.maximumDirectRooms else { return false }
      directRooms += 1
    }
    return true
  }

  /// Of how many rooms that are not open somebody is a member.
  private func memberships(of nick: Nick) -> Int {
    logs.values.count {
      $0.head.state.access != .open && $0.head.state.members[nick.folded] != nil
    }
  }

  private func mark(_ mark: ReadMark) {
    guard mark.offset > marks[mark.person]?[mark.key]?.offset ?? 0 else { return }
    turn += 1
    marks[mark.person, default: [:]][mark.key] = (mark.offset, turn)
    guard let kept = marks[mark.person], kept.count > limits.marksPerPerson,
      let oldest = kept.min(by: { $0.value.turn < $1.value.turn })?.key
    else { return }
    marks[mark.person]?[oldest] = nil
  }

  // MARK: Reading

  public func head(of key: RoomKey) throws(HookupError) -> RoomHead {
    try refuseWhenClosed()
    return logs[key]?.head ?? RoomHead()
  }

  public func page(_ request: RoomPageRequest) throws(HookupError) -> RoomPage {
    try refuseWhenClosed()
    return logs[request.key]?.page(request) ?? RoomPage(entries: [], more: false)
  }

  public func rooms(
    after name: RoomName?, limit: Int, for reader: RoomReader
  ) throws(HookupError) -> RoomListPage {
    try refuseWhenClosed()
    let found = logs.filter { key, log in
      key.people == nil && (name.map { key.text > $0.text } ?? true)
        && Self.isListed(log.head.state, for: reader)
    }
    .sorted { $0.key.text < $1.key.text }
    return RoomListPage(
      rooms: found.prefix(limit).compactMap(Self.summary), more: found.count > limit)
  }

  /// Whether a list shows the room to this person.
  private static func isListed(_ state: RoomState, for reader: RoomReader) -> Bool {
    state.access != .hidden || reader.isOperator
      || reader.isAccount && state.members[reader.nick.folded] != nil
  }

  private static func summary(_ key: RoomKey, _ log: MemoryLog) -> RoomSummary? {
    (try? RoomName(key.text)).map {
      RoomSummary(room: $0, last: log.head.last, topic: log.head.topic)
    }
  }

  public func person(
    _ nick: Nick, limit: Int, marks maximumMarks: Int
  ) throws(HookupError) -> PersonRecord {
    try refuseWhenClosed()
    let direct = logs.compactMap { key, log in
      key.directName(for: nick).map { (RoomSummary(room: $0, last: log.head.last), log.turn) }
    }
    let rooms = logs.filter { key, log in
      key.people == nil && log.head.state.access != .open
        && log.head.state.members[nick.folded] != nil
    }
    let marks = (marks[nick.folded] ?? [:]).sorted { $0.value.turn > $1.value.turn }
    return PersonRecord(
      direct: direct.sorted { $0.1 > $1.1 }.prefix(limit).map(\.0),
      rooms: rooms.sorted { $0.key.text < $1.key.text }.prefix(limit).compactMap(Self.summary),
      marks: marks.prefix(maximumMarks).map {
        ReadMark(person: nick.folded, key: $0.key, offset: $0.value.offset)
      })
  }

  /// Reads every message: for tests, not for many of them. A word is found where a word of the text is it, or begins with it when it
  /// ends with `*`; upper and lower case are the same.
  public func search(_ request: SearchRequest) throws(HookupError) -> SearchPage {
    try refuseWhenClosed()
    let words = try SearchWords(request.words)
    var hits: [(hit: ChatHit, rank: Int)] = []
    for (key, log) in logs where request.key == nil || request.key == key {
      guard let name = key.name(for: request.reader.nick),
        key.people != nil
          || log.head.state.refusal(
            toShow: name, to: request.reader, at: request.milliseconds) == nil
      else { continue }
      for entry in log.messages(named: name) {
        guard let count = words.count(in: entry.text) else { continue }
        hits.append((ChatHit(entry: entry, snippet: words.snippet(of: entry.text)), count))
      }
    }
    hits.sort {
      $0.rank != $1.rank
        ? $0.rank > $1.rank : $0.hit.entry.milliseconds > $1.hit.entry.milliseconds
    }
    let page = hits.dropFirst(request.skip).prefix(request.limit).map(\.hit)
    return SearchPage(hits: page, more: hits.count > request.skip + page.count)
  }

  public func trim(
    _ retention: RoomRetention, milliseconds: Int64, maximumEntries: Int
  ) throws(HookupError) -> [RoomTrim] {
    try refuseWhenClosed()
    var left = maximumEntries
    var trims: [RoomTrim] = []
    for key in logs.keys.sorted(by: { $0.text < $1.text }) where left > 0 {
      guard let gone = logs[key]?.trim(retention, milliseconds: milliseconds, maximum: left),
        !gone.isEmpty
      else { continue }
      left -= gone.count
      for append in gone { stored[Origin(client: append.client, id: append.id)] = nil }
      trims.append(RoomTrim(key: key, first: logs[key]?.head.first ?? 1))
    }
    return trims
  }

  public func bans() throws(HookupError) -> ServerBans {
    try refuseWhenClosed()
    return banned
  }

  public func change(
    bans change: ServerBans.Change, milliseconds: Int64
  ) throws(HookupError) -> ServerBans {
    try refuseWhenClosed()
    try banned.apply(change, at: milliseconds)
    return banned
  }

  public func probe() throws(HookupError) { try refuseWhenClosed() }

  public func close() {
    isClosed = true
  }

  func refuseWhenClosed() throws(HookupError) {
    if isClosed { throw HookupError(.closed, "the chat store is closed") }
  }
}
