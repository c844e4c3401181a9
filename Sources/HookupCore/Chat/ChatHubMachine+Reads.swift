extension ChatHubMachine {
  /// Asks the store; nothing else is done for the connection until the answer is there.
  mutating func read(
    _ question: StoreRead, for purpose: PendingRead.Purpose, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let ticket = ReadTicket(nextTicket())
    reads[ticket] = PendingRead(connection: key, purpose: purpose)
    connections[key]?.isReading = true
    actions.append(.read(ticket, question))
  }

  mutating func answered(
    _ ticket: ReadTicket, _ answer: StoreAnswer, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let pending = reads.removeValue(forKey: ticket) else { return }
    let key = pending.connection
    connections[key]?.isReading = false
    switch (pending.purpose, answer) {
    case (.join(let ticket, let name, let room, let since), .head(let head)):
      // First the reader, then the end of the opening: the room must not be dropped in between.
      rooms[room]?.openings += 1
      opened(room, head)
      joined(name, room, since: since, ticket, key, &actions)
      opened(room, nil)
    case (.join(_, _, let room, _), _):
      opened(room, nil)
      fail(pending, &actions)
    case (.welcome(let ticket, let account), .person(let record)):
      welcome(record, account, ticket, key, &actions)
    case (.permission(let ticket, let request), .head(let head)):
      permitted(request, head.state, ticket, key, &actions)
    case (.history(let ticket, let name), .page(let page)):
      reply(.history(name, page.entries, more: page.more), ticket, key, &actions)
    case (.rooms(let ticket), .rooms(let page)):
      reply(.rooms(page.rooms, more: page.more), ticket, key, &actions)
    case (.search(let ticket), .found(let page)):
      reply(.found(page.hits, more: page.more), ticket, key, &actions)
    case (.search(let ticket), .refused(let refusal)):
      refuse(ChatRefusal(refusal, command: "search"), ticket, key, &actions)
    case (.page(let room), .page(let page)):
      fed(page, room, key, &actions)
    case (.missedDirect, .person(let record)):
      notify(record.direct, key, &actions)
    default:
      fail(pending, &actions)
    }
    pump(key, &actions)
  }

  /// Tells of all the conversations that the connection does not read: which of them are news is not known.
  private func notify(
    _ direct: [RoomSummary], _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections[key], let nick = connection.nick else { return }
    for summary in direct where connection.readers[RoomKey(summary.room, for: nick)] == nil {
      actions.append(.send(.direct(summary), to: [key]))
    }
  }

  // MARK: What one may read

  /// The refusal of a command that shows a room; nil when it may be shown, or when nobody reads it and its state is not known.
  func refusal(
    toShow name: RoomName, _ room: RoomKey, to key: ChatConnectionKey, command: String
  ) -> ChatRefusal? {
    guard let state = rooms[room]?.head.state, rooms[room]?.isLoaded == true else { return nil }
    return refusal(toShow: name, state, to: key, command: command)
  }

  func refusal(
    toShow name: RoomName, _ state: RoomState, to key: ChatConnectionKey, command: String
  ) -> ChatRefusal? {
    guard !name.isDirect, let nick = connections[key]?.nick,
      let refusal = state.refusal(toShow: name, to: reader(key, nick), at: milliseconds)
    else { return nil }
    return ChatRefusal(refusal, room: name, command: command)
  }

  mutating func history(
    _ request: RoomPageRequest, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard request.key.people == nil else {
      return read(.page(request), for: .history(ticket, request.name), key, &actions)
    }
    guard let room = rooms[request.key], room.isLoaded else {
      return read(.head(request.key), for: .permission(ticket, request), key, &actions)
    }
    permitted(request, room.head.state, ticket, key, &actions)
  }

  private mutating func permitted(
    _ request: RoomPageRequest, _ state: RoomState, _ ticket: CommandTicket,
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if let refusal = refusal(toShow: request.name, state, to: key, command: "history") {
      return refuse(refusal, ticket, key, &actions)
    }
    read(.page(request), for: .history(ticket, request.name), key, &actions)
  }

  mutating func search(
    _ query: ChatQuery, _ ticket: CommandTicket, _ key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let words = query.words.split(whereSeparator: \.isWhitespace).map(String.init)
    var fault: String?
    if words.isEmpty { fault = "there is nothing to search for: give a word" }
    if query.words.utf8.count > ChatQuery.maximumBytes || words.count > ChatQuery.maximumWords {
      fault =
        "a search has at most \(ChatQuery.maximumWords) words and \(ChatQuery.maximumBytes) bytes: use fewer"
    }
    if query.skip > ChatQuery.maximumSkip {
      fault = "only the best \(ChatQuery.maximumSkip) hits can be paged to: use more words"
    }
    if let fault {
      let refusal = ChatRefusal(.badQuery, fault, room: query.room, command: "search")
      return refuse(refusal, ticket, key, &actions)
    }
    if people[nick.folded]?.isOperator == false,
      let wait = people[nick.folded]?.searches.take(settings.searchRate, at: pace.now)
    {
      let refusal = ChatRefusal(
        .tooFast, "search again in \(wait.wholeMilliseconds / 1_000 + 1) s", room: query.room,
        command: "search")
      return refuse(refusal, ticket, key, &actions)
    }
    let request = SearchRequest(
      reader: reader(key, nick), milliseconds: milliseconds, words: words,
      key: query.room.map { RoomKey($0, for: nick) }, skip: query.skip,
      limit: min(query.limit ?? .max, ChatQuery.maximumHits))
    read(.search(request), for: .search(ticket), key, &actions)
  }

  // MARK: When the store fails

  private mutating func fail(
    _ pending: PendingRead, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    switch pending.purpose {
    case .welcome(let ticket, _):
      fail(pending.connection, ticket, command: "hello", &actions)
    case .join(let ticket, let name, _, _):
      fail(pending.connection, ticket, room: name, command: "join", &actions)
    case .permission(let ticket, let request):
      fail(pending.connection, ticket, room: request.name, command: "history", &actions)
    case .search(let ticket):
      fail(pending.connection, ticket, command: "search", &actions)
    case .history(let ticket, let name):
      fail(pending.connection, ticket, room: name, command: "history", &actions)
    case .rooms(let ticket):
      fail(pending.connection, ticket, command: "rooms", &actions)
    case .page, .missedDirect:
      close(pending.connection, code: 1013, reason: "the store failed", &actions)
    }
  }

  /// The command is not done and not acked, and the connection ends: on its next one the client sends everything again in
  /// order.
  mutating func fail(
    _ key: ChatConnectionKey, _ ticket: CommandTicket, room: RoomName? = nil,
    id: MessageID? = nil, command: String, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[key] != nil else { return }
    let refusal = ChatRefusal(
      .storeFailed, "the server's store failed: this is sent again on the next connection",
      room: room, id: id, command: command)
    actions.append(.send(.error(refusal), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: false))
    close(key, code: 1013, reason: "the store failed", &actions)
  }
}

extension ChatRefusal {
  init(_ refusal: RoomRefusal, room: RoomName? = nil, command: String) {
    self.init(refusal.code, refusal.message, room: room, command: command)
  }
}
