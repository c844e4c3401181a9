/// Older entries: from what the client keeps of a room, else from the server.
extension ChatClientMachine {
  /// Entries that were asked for; one such question for each room at a time.
  struct Fetch: Sendable {
    /// Before which offset.
    var before: UInt64
    /// Asked by nobody: what is kept of a room that was just joined. Without anything kept there is no answer.
    var isOpening = false
    /// What was asked for meanwhile.
    var next: UInt64?
    var isAtServer = false
    /// What came meanwhile and may be about entries of the page; the first ``maximumChanges``.
    var changes: [RoomEntry] = []

    /// Edits and the like that come within one question's time. More than that are not worked in, and shown when the
    /// room is read anew.
    static let maximumChanges = 1_024
  }

  static let offlineFetch = "not connected: older messages are on the server"

  /// Puts down what is to be kept, for a client that keeps anything.
  mutating func record(_ record: ChatRecord, into actions: inout ActionQueue<Action>) {
    guard held != nil else { return }
    held?.apply(record)
    actions.append(.record(record))
  }

  /// What an earlier run has left: rooms that were asked for without an offset go on from there.
  mutating func take(_ held: ChatHeld, into actions: inout ActionQueue<Action>) {
    self.held = held
    for room in order where rooms[room]?.have == nil { resume(room, into: &actions) }
  }

  /// A room goes on where it is held, and what is held of it is shown.
  mutating func resume(_ room: RoomName, into actions: inout ActionQueue<Action>) {
    guard let have = held?.rooms[room], server == nil || server == held?.server else { return }
    rooms[room]?.have = have
    guard have > 0, fetches[room] == nil else { return }
    fetches[room] = Fetch(before: have + 1, isOpening: true)
    actions.append(.read(room, before: have + 1))
  }

  mutating func fetch(
    _ room: RoomName, before offset: UInt64, into actions: inout ActionQueue<Action>
  ) {
    if let fetch = fetches[room] {
      if fetch.isOpening { fetches[room]?.next = offset }
      return
    }
    guard offset > 1 else {
      return actions.append(.tell(.page(ChatPage(room: room, entries: [], isComplete: true))))
    }
    // A client that keeps nothing finds nothing.
    fetches[room] = Fetch(before: offset)
    actions.append(.read(room, before: offset))
  }

  /// What is kept of a room before an offset.
  mutating func found(
    _ entries: [RoomEntry], in room: RoomName, before offset: UInt64,
    into actions: inout ActionQueue<Action>
  ) {
    guard let fetch = fetches[room], fetch.before == offset, !fetch.isAtServer else { return }
    fetches[room] = nil
    if let first = entries.first {
      let page = ChatPage(
        room: room, entries: fetch.worked(into: entries), isComplete: first.offset <= 1)
      actions.append(.tell(.page(page)))
    } else if !fetch.isOpening {
      return ask(room, before: offset, into: &actions)
    }
    if let next = fetch.next { self.fetch(room, before: next, into: &actions) }
  }

  private mutating func ask(
    _ room: RoomName, before offset: UInt64, into actions: inout ActionQueue<Action>
  ) {
    guard isWelcome else { return fail(room, Self.offlineFetch, into: &actions) }
    fetches[room] = Fetch(before: offset, isAtServer: true)
    actions.append(.send(.history(room, .before(offset), limit: nil)))
  }

  /// A page of the server's. One that nobody waits for is passed over.
  mutating func received(
    _ entries: [RoomEntry], of room: RoomName, more: Bool,
    into actions: inout ActionQueue<Action>
  ) {
    guard let fetch = fetches[room], fetch.isAtServer else { return }
    fetches[room] = nil
    var last: UInt64 = 0
    let rising = entries.filter { entry in
      guard entry.offset > last, entry.offset < fetch.before else { return false }
      last = entry.offset
      return true
    }
    let page = fetch.worked(into: rising)
    if !page.isEmpty { record(.older(room, page), into: &actions) }
    // A server that has more and sends nothing would be asked for ever.
    let isComplete = !more || page.first.map { $0.offset <= 1 } ?? true
    actions.append(.tell(.page(ChatPage(room: room, entries: page, isComplete: isComplete))))
  }

  /// True when it was the answer to a question for older entries.
  mutating func refusedFetch(
    _ refusal: ChatRefusal, into actions: inout ActionQueue<Action>
  ) -> Bool {
    guard refusal.command == "history" else { return false }
    let refused = fetches.filter { room, fetch in
      fetch.isAtServer && room == refusal.room ?? room
    }.keys.sorted { $0.text < $1.text }
    for room in refused { fail(room, refusal.message, into: &actions) }
    return !refused.isEmpty
  }

  /// What was asked of the server is not answered any more.
  mutating func loseFetches(into actions: inout ActionQueue<Action>) {
    let lost = fetches.filter(\.value.isAtServer).keys.sorted { $0.text < $1.text }
    for room in lost { fail(room, Self.offlineFetch, into: &actions) }
  }

  private mutating func fail(
    _ room: RoomName, _ problem: String, into actions: inout ActionQueue<Action>
  ) {
    fetches[room] = nil
    actions.append(.tell(.page(ChatPage(room: room, entries: [], problem: problem))))
  }

  /// An entry came that may be about one of a page that is under way.
  mutating func noteChange(_ entry: RoomEntry) {
    guard entry.isAboutAnother, let fetch = fetches[entry.room],
      fetch.changes.count < Fetch.maximumChanges
    else { return }
    fetches[entry.room]?.changes.append(entry)
  }

  /// What is known of a room beyond `after` is void, and so is what is being read of it.
  mutating func rewind(
    _ room: RoomName, after: UInt64, into actions: inout ActionQueue<Action>
  ) {
    actions.append(.tell(.rewound(room, after: after)))
    guard let fetch = fetches[room], !fetch.isAtServer else { return }
    fetches[room] = nil
    guard !fetch.isOpening || fetch.next != nil else { return }
    actions.append(.tell(.page(ChatPage(room: room, entries: []))))
  }

  /// The welcome of a server: is it the one whose offsets we know?
  mutating func meet(_ id: String, into actions: inout ActionQueue<Action>) {
    defer {
      server = id
      if held?.server != id { record(.server(id), into: &actions) }
    }
    guard let known = server ?? held?.server, known != id else { return }
    for room in order {
      let hadSome = rooms[room]?.have ?? 0 > 0
      rooms[room]?.have = nil
      if hadSome { rewind(room, after: 0, into: &actions) }
    }
    actions.append(.tell(.notice("the server's store is another one: rooms start over")))
  }
}

extension ChatClientMachine.Fetch {
  /// The entries, with what came meanwhile worked in.
  func worked(into entries: [RoomEntry]) -> [RoomEntry] {
    guard !changes.isEmpty else { return entries }
    var entries = entries
    let places = Dictionary(
      entries.indices.map { (entries[$0].offset, $0) }, uniquingKeysWith: { first, _ in first })
    for change in changes {
      if let ref = change.act.ref, let place = places[ref] { entries[place].take(change) }
    }
    return entries
  }
}
