extension ChatHubMachine {
  /// Does one command, or refuses it, or asks the store what it needs for it.
  mutating func perform(
    _ pending: PendingCommand, of key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let command: ChatCommand
    switch pending.command {
    case .success(let read): command = read
    case .failure(let refusal):
      // Before the welcome only a hello is worth an answer of its own.
      if connections[key]?.nick == nil, refusal.command != "hello" {
        return refuseBeforeHello(refusal.command, pending.ticket, key, &actions)
      }
      return refuse(refusal, pending.ticket, key, &actions)
    }
    if case .hello(let hello) = command {
      return self.hello(hello.nick, hello.client, pending.ticket, key, &actions)
    }
    guard let nick = connections[key]?.nick else {
      return refuseBeforeHello(command.name, pending.ticket, key, &actions)
    }
    perform(command, pending.ticket, of: key, nick, &actions)
  }

  private mutating func perform(
    _ command: ChatCommand, _ ticket: CommandTicket, of key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    switch command {
    case .join(let name, let since):
      join(name, since: since, ticket, key, nick, &actions)
    case .part(let name):
      part(name, ticket, key, nick, &actions)
    case .act(let name, let id, let act):
      append(act, name, id, ticket, key, nick, &actions)
    case .members(let name):
      actions.append(.send(.members(name, members(of: RoomKey(name, for: nick))), to: [key]))
      actions.append(.settle(key, ticket, acknowledge: true))
    case .rooms(let after):
      let reader = RoomReader(nick: nick)
      read(
        .rooms(after: after, limit: settings.limits.page, reader), for: .rooms(ticket), key,
        &actions)
    case .history(let name, let position, let limit):
      let request = RoomPageRequest(
        key: RoomKey(name, for: nick), name: name, position: position,
        maximumEntries: min(limit ?? .max, settings.limits.page), maximumBytes: settings.pageBytes)
      read(.page(request), for: .history(ticket, name), key, &actions)
    case .ping:
      actions.append(.send(.pong, to: [key]))
      actions.append(.settle(key, ticket, acknowledge: true))
    default: break
    }
  }

  // MARK: Who it is

  private mutating func hello(
    _ nick: Nick, _ client: ClientID?, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections[key] else { return }
    if let own = connection.nick {
      let refusal = ChatRefusal(
        .alreadyWelcome, "this connection is \(own)'s: open another one to be somebody else",
        command: "hello")
      return refuse(refusal, ticket, key, &actions)
    }
    let client = client ?? connection.client
    if let holder = byNick[nick.folded]?.first, connections[holder]?.client != client {
      let refusal = ChatRefusal(
        .nickInUse, "the nick \(nick) is in use: choose another one", command: "hello")
      return refuse(refusal, ticket, key, &actions)
    }
    makeRoom(for: client, as: nick, &actions)
    connections[key]?.client = client
    connections[key]?.nick = nick
    byNick[nick.folded, default: []].append(key)
    nickOf[client] = nick
    read(.person(nick, limit: settings.limits.directRooms), for: .welcome(ticket), key, &actions)
  }

  /// A client goes by one nick at a time, and has so many connections at most; the oldest is the likeliest to be dead.
  private mutating func makeRoom(
    for client: ClientID, as nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let current = nickOf[client], let live = byNick[current.folded] else { return }
    if current.folded != nick.folded {
      for older in live {
        close(older, code: 4009, reason: "this client goes by another nick now", &actions)
      }
    } else if live.count >= settings.connectionsPerClient, let oldest = live.first {
      close(
        oldest, code: 4009,
        reason: "this client has \(settings.connectionsPerClient) newer connections",
        &actions)
    }
  }

  mutating func welcome(
    _ direct: [RoomSummary], _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let nick = connections[key]?.nick else { return }
    connections[key]?.isWelcome = true
    let welcome = ChatWelcome(nick: nick, server: server, direct: direct, limits: settings.limits)
    actions.append(.send(.welcome(welcome), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
  }

  // MARK: Refusals

  /// Refuses a command for good: it is acked, for sending it again would not help.
  func refuse(
    _ refusal: ChatRefusal, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    actions.append(.send(.error(refusal), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
  }

  /// Names no id: the message is not refused, it came too early.
  private func refuseBeforeHello(
    _ command: String?, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let refusal = ChatRefusal(
      .helloFirst, "say hello first, and send this again after the welcome", command: command)
    actions.append(.send(.error(refusal), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: false))
  }

  // MARK: Entries

  private mutating func append(
    _ act: RoomAct, _ name: RoomName, _ id: MessageID, _ ticket: CommandTicket,
    _ key: ChatConnectionKey, _ nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let kind = act.kind
    let text = act.text
    if let refusal = refusal(of: kind, name, id, text) {
      return refuse(refusal, ticket, key, &actions)
    }
    guard let client = connections[key]?.client else { return }
    let append = RoomAppend(
      key: RoomKey(name, for: nick), act: act, id: id, client: client, from: nick)
    let number = AppendTicket(nextTicket())
    appends[number] = PendingAppend(connection: key, ticket: ticket, name: name, append: append)
    appendingBytes += text.utf8.count
    actions.append(.append(number, append))
  }

  private func refusal(
    of kind: RoomEntry.Kind, _ name: RoomName, _ id: MessageID, _ text: String
  ) -> ChatRefusal? {
    let bytes = text.utf8.count
    switch kind {
    case .topic:
      if name.isDirect {
        return ChatRefusal(
          .badTopic, "a direct conversation has no topic", room: name, id: id, command: "topic")
      }
      guard bytes > settings.limits.topicBytes else { return nil }
      return ChatRefusal(
        .badTopic,
        "the topic has \(bytes) bytes, at most \(settings.limits.topicBytes) are allowed: shorten it",
        room: name, id: id, command: "topic")
    default:
      if bytes == 0 {
        return ChatRefusal(.badText, "there is no text", room: name, id: id, command: "say")
      }
      guard bytes > settings.limits.textBytes else { return nil }
      return ChatRefusal(
        .badText,
        "the text has \(bytes) bytes, at most \(settings.limits.textBytes) are allowed: split it",
        room: name, id: id, command: "say")
    }
  }
}
