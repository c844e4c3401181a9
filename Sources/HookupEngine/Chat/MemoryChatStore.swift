import HookupCore

/// A chat store that forgets with the process: for tests and for trying things out. Memory grows with every message
/// up to `maximumEntries`.
public actor MemoryChatStore: ChatStore {
  public nonisolated let id: String
  private let limits: ChatStoreLimits
  private let maximumEntries: Int
  private var logs: [RoomKey: Log] = [:]
  private var stored: [Origin: Place] = [:]
  private var publicRooms = 0
  private var directRooms = 0
  private var turn: UInt64 = 0
  private var cursors: SessionCursors
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

  private struct Entry {
    var append: RoomAppend
    var milliseconds: Int64
  }

  private struct Log {
    /// The entry with offset n is at n - 1.
    var entries: [Entry] = []
    var head = RoomHead()
    /// Which append was its last, counted over all logs: the order of conversations.
    var turn: UInt64 = 0

    /// Adds an entry and returns its offset.
    mutating func add(_ append: RoomAppend, milliseconds: Int64, turn: UInt64) -> UInt64 {
      head.last += 1
      self.turn = turn
      if append.kind == .topic {
        head.topic = append.text
        head.topicOffset = head.last
      }
      entries.append(Entry(append: append, milliseconds: milliseconds))
      return head.last
    }

    func entry(at index: Int, named name: RoomName) -> RoomEntry {
      let append = entries[index].append
      return RoomEntry(
        room: name, offset: UInt64(index) + 1, kind: append.kind, id: append.id, from: append.from,
        milliseconds: entries[index].milliseconds, text: append.text)
    }
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
    guard logs[entry.key] != nil || makeLog(entry.key) else { return .tooManyRooms }
    turn += 1
    let offset = logs[entry.key, default: Log()].add(entry, milliseconds: milliseconds, turn: turn)
    stored[Origin(client: entry.client, id: entry.id)] = Place(
      key: entry.key, offset: offset, milliseconds: milliseconds)
    return .stored(offset: offset)
  }

  private func makeLog(_ key: RoomKey) -> Bool {
    if key.pair == nil {
      guard publicRooms < limits.maximumRooms else { return false }
      publicRooms += 1
    } else {
      guard directRooms < limits.maximumDirectRooms else { return false }
      directRooms += 1
    }
    logs[key] = Log()
    return true
  }

  public func head(of key: RoomKey) throws(HookupError) -> RoomHead {
    try refuseWhenClosed()
    return logs[key]?.head ?? RoomHead()
  }

  public func page(_ request: RoomPageRequest) throws(HookupError) -> RoomPage {
    try refuseWhenClosed()
    guard let log = logs[request.key] else { return RoomPage(entries: [], more: false) }
    let count = log.entries.count
    var taken: [RoomEntry] = []
    var bytes = 0
    func take(_ index: Int) -> Bool {
      let entry = log.entry(at: index, named: request.name)
      bytes += entry.text.utf8.count
      guard taken.isEmpty || bytes <= request.maximumBytes, taken.count < request.maximumEntries
      else { return false }
      taken.append(entry)
      return true
    }
    switch request.position {
    case .after(let offset):
      let start = Int(clamping: min(offset, UInt64(count)))
      for index in start..<count { guard take(index) else { break } }
      return RoomPage(entries: taken, more: start + taken.count < count)
    case .before(let offset):
      let end = Int(clamping: min(offset == 0 ? 0 : offset - 1, UInt64(count)))
      for index in (0..<end).reversed() { guard take(index) else { break } }
      return RoomPage(entries: taken.reversed(), more: taken.count < end)
    }
  }

  public func rooms(after name: RoomName?, limit: Int) throws(HookupError) -> RoomListPage {
    try refuseWhenClosed()
    let found = logs.filter { key, _ in key.pair == nil && (name.map { key.text > $0.text } ?? true)
    }
    .sorted { $0.key.text < $1.key.text }
    return RoomListPage(
      rooms: found.prefix(limit).compactMap { key, log in
        (try? RoomName(key.text)).map {
          RoomSummary(room: $0, last: log.head.last, topic: log.head.topic)
        }
      }, more: found.count > limit)
  }

  public func directRooms(of nick: Nick, limit: Int) throws(HookupError) -> [RoomSummary] {
    try refuseWhenClosed()
    let found = logs.compactMap { key, log in
      key.directName(for: nick).map { (RoomSummary(room: $0, last: log.head.last), log.turn) }
    }
    return found.sorted { $0.1 > $1.1 }.prefix(limit).map(\.0)
  }

  public func close() {
    isClosed = true
  }

  private func refuseWhenClosed() throws(HookupError) {
    if isClosed { throw HookupError(.closed, "the chat store is closed") }
  }
}
