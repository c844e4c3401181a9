/// What somebody does in a room, on its way to the store.
extension ChatHubMachine {
  mutating func append(
    _ act: RoomAct, _ name: RoomName, _ id: MessageID, _ ticket: CommandTicket,
    _ key: ChatConnectionKey, _ nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if var refusal = refusal(of: act, in: name) {
      refusal.room = name
      refusal.id = id
      refusal.command = act.kind.command
      return refuse(refusal, ticket, key, &actions)
    }
    guard let connection = connections[key] else { return }
    let person = people[nick.folded]
    var append = RoomAppend(
      key: RoomKey(name, for: nick), act: act, id: id, client: connection.client, from: nick,
      isAccount: person?.isAccount ?? false, isOperator: person?.isOperator ?? false)
    append.address = connection.address
    if act.kind.isSpeech || act.kind == .edited { resolveMentions(of: &append) }
    if act.kind == .banned, act.withAddress, let banned = act.nick {
      append.bannedAddress =
        people[banned.folded]?.connections.compactMap {
          connections[$0]?.address
        }.first
    }
    let number = AppendTicket(nextTicket())
    appends[number] = PendingAppend(
      connection: key, ticket: ticket, name: name, change: .append(append),
      command: act.kind.command ?? act.kind.rawValue)
    appendingBytes += act.text.utf8.count
    actions.append(.append(number, append))
  }

  private func resolveMentions(of append: inout RoomAppend) {
    append.mentions = Mentions.candidates(in: append.text)
    for nick in append.mentions where people[nick.folded] != nil {
      append.present.insert(nick.folded)
    }
  }

  /// What is wrong with an act whatever the room.
  private func refusal(of act: RoomAct, in name: RoomName) -> ChatRefusal? {
    let bytes = act.text.utf8.count
    let limits = settings.limits
    switch act.kind {
    case .said, .me, .edited:
      if bytes == 0 { return ChatRefusal(.badText, "there is no text") }
      guard bytes > limits.textBytes else { return nil }
      return ChatRefusal(
        .badText,
        "the text has \(bytes) bytes, at most \(limits.textBytes) are allowed: split it")
    case .topic:
      if name.isDirect { return ChatRefusal(.badTopic, "a direct conversation has no topic") }
      guard bytes > limits.topicBytes else { return nil }
      return ChatRefusal(
        .badTopic,
        "the topic has \(bytes) bytes, at most \(limits.topicBytes) are allowed: shorten it")
    case .reacted, .unreacted:
      guard act.text.count != 1 || bytes > RoomAct.reactionBytes else { return nil }
      return ChatRefusal(
        .badText, "a reaction is one character of at most \(RoomAct.reactionBytes) bytes")
    default:
      let about = act.settings?.about?.utf8.count ?? 0
      guard max(bytes, about) > limits.topicBytes else { return nil }
      return ChatRefusal(
        .badText,
        "the text has \(max(bytes, about)) bytes, at most \(limits.topicBytes) are allowed: shorten it"
      )
    }
  }

  // MARK: How far somebody has read

  /// Marks only rise; all devices of the person hear of it.
  mutating func mark(
    _ name: RoomName, _ offset: UInt64, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let room = RoomKey(name, for: nick)
    guard connections[key]?.readers[room] != nil, let last = rooms[room]?.head.last else {
      let refusal = ChatRefusal(
        .badCommand, "\(name) is not joined: join it first", room: name, command: "read")
      return refuse(refusal, ticket, key, &actions)
    }
    let mark = ReadMark(person: nick.folded, key: room, offset: min(offset, last))
    guard mark.offset > people[nick.folded]?.marks[room] ?? 0 else {
      return actions.append(.settle(key, ticket, acknowledge: true))
    }
    people[nick.folded]?.marks[room] = mark.offset
    let number = AppendTicket(nextTicket())
    appends[number] = PendingAppend(
      connection: key, ticket: ticket, name: name, change: .marker(mark), command: "read")
    actions.append(.mark(number, mark))
    for other in people[nick.folded]?.connections ?? [] where other != key {
      guard let connection = connections[other], connection.isWritable,
        let reader = connection.readers[room]
      else { continue }
      actions.append(.send(.read(reader.name, offset: mark.offset), to: [other]))
    }
  }

  // MARK: Who is writing

  /// How often one person's writing in one room is told.
  private static let typingInterval = Duration.seconds(2)

  /// Told to those who read the room and take what is sent; nobody else ever hears of it.
  mutating func typing(
    _ name: RoomName, _ key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let room = RoomKey(name, for: nick)
    guard let reader = connections[key]?.readers[room],
      reader.typedAt.map({ $0 + Self.typingInterval <= pace.now }) ?? true,
      let members = rooms[room]?.members, members.count <= settings.presenceMembers
    else { return }
    connections[key]?.readers[room]?.typedAt = pace.now
    for (name, keys) in audience(of: room, in: members) {
      let others = keys.filter { connections[$0]?.nick?.folded != nick.folded }
      if !others.isEmpty { actions.append(.send(.typing(name, nick), to: others)) }
    }
  }

  /// Those of `members` who take what is sent, by what they call the room.
  func audience(
    of room: RoomKey, in members: [ChatConnectionKey]
  ) -> [(RoomName, [ChatConnectionKey])] {
    var audience: [RoomName: [ChatConnectionKey]] = [:]
    for member in members {
      guard let connection = connections[member], connection.isWritable,
        let reader = connection.readers[room]
      else { continue }
      audience[reader.name, default: []].append(member)
    }
    return audience.sorted { $0.key.text < $1.key.text }
  }
}
