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
    case (.welcome(let ticket), .person(let record)):
      welcome(record.direct, ticket, key, &actions)
    case (.history(let ticket, let name), .page(let page)):
      reply(.history(name, page.entries, more: page.more), ticket, key, &actions)
    case (.rooms(let ticket), .rooms(let page)):
      reply(.rooms(page.rooms, more: page.more), ticket, key, &actions)
    case (.page(let room), .page(let page)):
      fed(page, room, key, &actions)
    case (.missedDirect, .person(let record)):
      notify(record.direct, key, &actions)
    default:
      fail(pending, &actions)
    }
    pump(key, &actions)
  }

  private func reply(
    _ event: ChatEvent, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[key] != nil else { return }
    actions.append(.send(event, to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
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

  // MARK: When the store fails

  private mutating func fail(
    _ pending: PendingRead, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    switch pending.purpose {
    case .welcome(let ticket):
      fail(pending.connection, ticket, command: "hello", &actions)
    case .join(let ticket, let name, _, _):
      fail(pending.connection, ticket, room: name, command: "join", &actions)
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
