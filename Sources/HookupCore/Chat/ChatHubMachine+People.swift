/// Who somebody is.
extension ChatHubMachine {
  // MARK: Saying hello

  mutating func hello(
    _ hello: ChatHello, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if let own = connections[key]?.nick {
      let refusal = ChatRefusal(
        .alreadyWelcome, "this connection is \(own)'s: open another one to be somebody else",
        command: "hello")
      return refuse(refusal, ticket, key, &actions)
    }
    guard settings.hasAccounts else {
      guard hello.credential == nil else {
        let refusal = ChatRefusal(
          .needsAccount, "this server has no accounts: say hello without password and token",
          command: "hello")
        return refuse(refusal, ticket, key, &actions)
      }
      return admit(hello, nil, ticket, key, &actions)
    }
    ask(
      .hello(hello, address: connections[key]?.address), ticket, "hello", hello: hello, key,
      &actions)
  }

  /// The connection is `hello`'s, unless another client is there under that nick.
  private mutating func admit(
    _ hello: ChatHello, _ account: ChatAccount?, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections[key] else { return }
    let nick = account?.nick ?? hello.nick
    let client = hello.client ?? connection.client
    if account == nil, let holder = people[nick.folded]?.connections.first,
      connections[holder]?.client != client
    {
      let refusal = ChatRefusal(
        .nickInUse, "the nick \(nick) is in use: choose another one", command: "hello")
      return refuse(refusal, ticket, key, &actions)
    }
    if account != nil, people[nick.folded]?.isAccount == false {
      for guest in people[nick.folded]?.connections ?? [] {
        close(guest, code: 4001, reason: "this nick belongs to an account", &actions)
      }
    }
    makeRoom(for: client, as: nick, &actions)
    connections[key]?.client = client
    connections[key]?.nick = nick
    connections[key]?.device = account?.device
    let bucket = TokenBucket(at: pace.now)
    people[nick.folded, default: Person(nick: nick, commands: bucket, searches: bucket)]
      .connections.append(key)
    if let account { become(account) }
    nickOf[client] = nick
    read(
      .person(nick, limit: settings.limits.directRooms), for: .welcome(ticket, account), key,
      &actions)
  }

  private mutating func become(_ account: ChatAccount) {
    people[account.nick.folded]?.isAccount = true
    people[account.nick.folded]?.isOperator = account.isOperator
    people[account.nick.folded]?.displayName = account.displayName
  }

  /// A client goes by one nick at a time, and a person has so many connections at most; the oldest is the likeliest to be dead.
  private mutating func makeRoom(
    for client: ClientID, as nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if let current = nickOf[client], current.folded != nick.folded {
      let live = people[current.folded]?.connections.filter { connections[$0]?.client == client }
      for older in live ?? [] {
        close(older, code: 4009, reason: "this client goes by another nick now", &actions)
      }
    }
    let live = people[nick.folded]?.connections ?? []
    if live.count >= settings.connectionsPerClient, let oldest = live.first {
      close(
        oldest, code: 4009,
        reason: "this client has \(settings.connectionsPerClient) newer connections", &actions)
    }
  }

  mutating func welcome(
    _ record: PersonRecord, _ account: ChatAccount?, _ ticket: CommandTicket,
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let nick = connections[key]?.nick else { return }
    connections[key]?.isWelcome = true
    for mark in record.marks {
      let known = people[nick.folded]?.marks[mark.key] ?? 0
      people[nick.folded]?.marks[mark.key] = max(mark.offset, known)
    }
    let welcome = ChatWelcome(
      nick: nick, server: server, account: account, direct: record.direct,
      rooms: account == nil ? [] : record.rooms, limits: settings.limits)
    actions.append(.send(.welcome(welcome), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
    if let storeFailure {
      let message = Self.readOnlySentence(storeFailure)
      actions.append(.send(.notice(code: .readOnly, message: message), to: [key]))
    }
  }

  // MARK: Accounts

  /// Asks the accounts; nothing else is done for the connection until the answer is there.
  private mutating func ask(
    _ question: AccountQuestion, _ ticket: CommandTicket, _ command: String,
    hello: ChatHello? = nil, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let number = ReadTicket(nextTicket())
    questions[number] = PendingQuestion(
      connection: key, ticket: ticket, command: command, hello: hello)
    connections[key]?.isReading = true
    actions.append(.identify(number, question))
  }

  mutating func identified(
    _ number: ReadTicket, _ answer: AccountAnswer, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let pending = questions.removeValue(forKey: number) else { return }
    let key = pending.connection
    guard let connection = connections[key] else { return }
    connections[key]?.isReading = false
    switch answer {
    case .guest:
      guard let hello = pending.hello else { break }
      if settings.allowsGuests {
        admit(hello, nil, pending.ticket, key, &actions)
      } else {
        let refusal = ChatRefusal(
          .needsAccount, "this server is for its accounts: log in, or ask its operator for one",
          command: "hello")
        refuse(refusal, pending.ticket, key, &actions)
      }
    case .account(let account):
      if let hello = pending.hello {
        admit(hello, account, pending.ticket, key, &actions)
      } else {
        changed(account, pending, key, &actions)
      }
    case .devices(let devices): reply(.devices(devices), pending.ticket, key, &actions)
    case .revoked(let device):
      actions.append(.settle(key, pending.ticket, acknowledge: true))
      closeDevices(of: connection.nick, &actions) { $0 == device }
    case .person(let nick, let isAccount, let seen, let displayName):
      tell(nick, isAccount, seen, displayName, pending, key, &actions)
    case .renamed(let name):
      actions.append(.settle(key, pending.ticket, acknowledge: true))
      if let nick = connection.nick { rename(nick, name, &actions) }
    case .refused(var refusal):
      refusal.command = pending.command
      refuse(refusal, pending.ticket, key, &actions)
    case .failed:
      fail(key, pending.ticket, command: pending.command, &actions)
    }
    pump(key, &actions)
  }

  /// Registered, or another password.
  private mutating func changed(
    _ account: ChatAccount, _ pending: PendingQuestion, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if pending.command == "register" {
      // A guest's connections are all of one client: they are the new account's.
      for own in people[account.nick.folded]?.connections ?? [] {
        connections[own]?.device = account.device
      }
      become(account)
    }
    reply(.account(account), pending.ticket, key, &actions)
    closeDevices(of: account.nick, &actions) { $0 != account.device }
  }

  private mutating func closeDevices(
    of nick: Nick?, _ actions: inout ActionQueue<ChatHubAction>, _ isMeant: (String) -> Bool
  ) {
    guard let nick else { return }
    for key in people[nick.folded]?.connections ?? [] {
      guard let device = connections[key]?.device, isMeant(device) else { continue }
      close(key, code: 4001, reason: "this device was logged out", &actions)
    }
  }

  /// A command about one's own account.
  mutating func performAccount(
    _ command: ChatCommand, _ ticket: CommandTicket, of key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections[key] else { return }
    let name = command.name
    if case .register(let password, let device) = command, settings.hasAccounts {
      let question = AccountQuestion.register(
        nick, password: password, device: device, address: connection.address)
      return ask(question, ticket, name, key, &actions)
    }
    guard settings.hasAccounts, let device = connection.device else {
      let message =
        settings.hasAccounts
        ? "you are here as a guest: register, or log in first" : "this server has no accounts"
      return refuse(ChatRefusal(.needsAccount, message, command: name), ticket, key, &actions)
    }
    switch command {
    case .password(let old, let new):
      let question = AccountQuestion.password(
        nick, device: device, old: old, new: new, address: connection.address)
      ask(question, ticket, name, key, &actions)
    case .displayName(let text):
      do {
        ask(.rename(nick, try DisplayName(text)), ticket, name, key, &actions)
      } catch {
        refuse(ChatRefusal(error.code, error.message, command: name), ticket, key, &actions)
      }
    case .revoke(let other):
      ask(.revoke(nick, device: other ?? device, own: device), ticket, name, key, &actions)
    default: ask(.devices(nick, device: device), ticket, name, key, &actions)
    }
  }

  // MARK: Presence

  mutating func setAway(
    _ text: String, _ ticket: CommandTicket, _ key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if text.utf8.count > settings.limits.topicBytes {
      let message =
        "the sentence has \(text.utf8.count) bytes, at most \(settings.limits.topicBytes) are allowed: shorten it"
      return refuse(ChatRefusal(.badText, message, command: "away"), ticket, key, &actions)
    }
    actions.append(.settle(key, ticket, acknowledge: true))
    guard people[nick.folded]?.away != text else { return }
    people[nick.folded]?.away = text
    let listening = neighbours(of: nick)
    if !listening.isEmpty { actions.append(.send(.away(nick, text), to: listening)) }
  }

  /// The connections in the rooms of this person, if these are not too large, and take what is sent.
  private func neighbours(of nick: Nick) -> [ChatConnectionKey] {
    var audience: Set<ChatConnectionKey> = []
    for own in people[nick.folded]?.connections ?? [] {
      for room in connections[own]?.readers.keys ?? [:].keys {
        let members = rooms[room]?.members ?? []
        if members.count <= settings.presenceMembers { audience.formUnion(members) }
      }
    }
    return audience.filter { connections[$0]?.isWritable == true }
      .sorted { $0.number < $1.number }
  }

  /// The person's own connections hear of it too.
  private mutating func rename(
    _ nick: Nick, _ name: DisplayName, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    people[nick.folded]?.displayName = name.text
    let own = (people[nick.folded]?.connections ?? []).filter {
      connections[$0]?.isWelcome == true && connections[$0]?.isWritable == true
    }
    let listening = Set(neighbours(of: nick)).union(own).sorted { $0.number < $1.number }
    guard !listening.isEmpty else { return }
    actions.append(.send(.names([ChatName(nick, name.text)]), to: listening))
  }

  mutating func whois(
    _ nick: Nick, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard settings.hasAccounts else {
      let pending = PendingQuestion(connection: key, ticket: ticket, command: "whois")
      return tell(nick, false, nil, "", pending, key, &actions)
    }
    ask(.whois(nick), ticket, "whois", key, &actions)
  }

  private func tell(
    _ nick: Nick, _ isAccount: Bool, _ seen: Int64?, _ displayName: String,
    _ pending: PendingQuestion, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let here = people[nick.folded]
    guard isAccount || here != nil else {
      let refusal = ChatRefusal(
        .noSuchPerson, "nobody goes by the nick \(nick)", command: pending.command)
      return refuse(refusal, pending.ticket, key, &actions)
    }
    let away = here.flatMap { $0.away.isEmpty ? nil : $0.away }
    let person = ChatPerson(
      nick: here?.nick ?? nick, isAccount: isAccount, isOnline: here != nil, away: away, seen: seen,
      displayName: displayName)
    reply(.person(person), pending.ticket, key, &actions)
  }
}
