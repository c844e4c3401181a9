extension ChatHubMachine {
  /// Does one command, or refuses it, or asks the store what it needs for it.
  mutating func perform(
    _ pending: PendingCommand, of key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let command: ChatCommand
    switch pending.command {
    case .success(let read): command = read
    case .failure(let refusal): return refuse(unreadable: refusal, pending.ticket, key, &actions)
    }
    connections[key]?.badCommands = 0
    if case .hello(let hello) = command {
      return self.hello(hello, pending.ticket, key, &actions)
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
      let room = RoomKey(name, for: nick)
      if let refusal = refusal(toShow: name, room, to: key, command: "members") {
        return refuse(refusal, ticket, key, &actions)
      }
      reply(.members(name, members(of: room)), ticket, key, &actions)
      sendNames(of: room, to: key, &actions)
    case .rooms(let after):
      let question = StoreRead.rooms(
        after: after, limit: settings.limits.page, reader(key, nick))
      read(question, for: .rooms(ticket), key, &actions)
    case .history(let name, let position, let limit):
      let request = RoomPageRequest(
        key: RoomKey(name, for: nick), name: name, position: position,
        maximumEntries: min(limit ?? .max, settings.limits.page), maximumBytes: settings.pageBytes)
      history(request, ticket, key, &actions)
    case .search(let query):
      search(query, ticket, key, nick, &actions)
    case .typing(let name):
      typing(name, key, nick, &actions)
      actions.append(.settle(key, ticket, acknowledge: true))
    case .read(let name, let offset):
      mark(name, offset, ticket, key, nick, &actions)
    case .away(let text):
      setAway(text, ticket, key, nick, &actions)
    case .whois(let nick):
      whois(nick, ticket, key, &actions)
    case .ping:
      reply(.pong, ticket, key, &actions)
    case .register, .password, .devices, .revoke, .displayName:
      performAccount(command, ticket, of: key, nick, &actions)
    case .hello:
      assertionFailure("a hello is taken before")
    }
  }

  /// The person of a connection, as rooms' rules see it.
  func reader(_ key: ChatConnectionKey, _ nick: Nick) -> RoomReader {
    let person = people[nick.folded]
    return RoomReader(
      nick: nick, isAccount: person?.isAccount ?? false, isOperator: person?.isOperator ?? false,
      address: connections[key]?.address)
  }

  func reply(
    _ event: ChatEvent, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[key] != nil else { return }
    actions.append(.send(event, to: [key]))
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

  /// What is no command. Some of them in a row, and the other side is taken for broken.
  private mutating func refuse(
    unreadable refusal: ChatRefusal, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    // Before the welcome only a hello is worth an answer of its own.
    if connections[key]?.nick == nil, refusal.command != "hello" {
      refuseBeforeHello(refusal.command, ticket, key, &actions)
    } else {
      refuse(refusal, ticket, key, &actions)
    }
    connections[key]?.badCommands += 1
    guard connections[key]?.badCommands ?? 0 > settings.badCommands else { return }
    close(
      key, code: 1008, reason: "\(settings.badCommands + 1) messages in a row were no commands",
      &actions)
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

}
