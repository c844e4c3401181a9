extension ChatHubMachine {
  // MARK: What was appended

  /// The command that an entry on its way into the store came of; nil when it is not on its way.
  package func command(of ticket: AppendTicket) -> (ChatConnectionKey, CommandTicket)? {
    appends[ticket].map { ($0.connection, $0.ticket) }
  }

  mutating func appended(
    _ entry: AppendedEntry, at milliseconds: Int64, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let pending = appends.removeValue(forKey: entry.ticket) else { return }
    appendingBytes -= pending.change.textBytes
    guard case .append(let append) = pending.change else {
      guard connections[pending.connection] != nil else { return }
      return actions.append(.settle(pending.connection, pending.ticket, acknowledge: true))
    }
    let refusal = entry.outcome.refusal(of: append) ?? ""
    switch entry.outcome {
    case .stored(let offset, let mentions):
      answer(pending, append.id, offset: offset, at: milliseconds, &actions)
      publish(append, offset: offset, mentions, at: milliseconds, &actions)
    case .duplicate(let key, let offset, let milliseconds):
      guard key == append.key else {
        return refuse(pending, append.id, .idReused, refusal, &actions)
      }
      answer(pending, append.id, offset: offset, at: milliseconds, &actions)
    case .tooManyRooms: refuse(pending, append.id, .serverFull, refusal, &actions)
    case .refused(let reason):
      refuse(pending, append.id, reason.code, reason.message, &actions)
    case .passed: refuse(pending, append.id, .badCommand, refusal, &actions)
    }
  }

  /// The answer comes before the ack, so that a client that has the ack has the offset.
  private func answer(
    _ pending: PendingAppend, _ id: MessageID, offset: UInt64, at milliseconds: Int64,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[pending.connection] != nil else { return }
    let stored = ChatEvent.stored(
      pending.name, id: id, offset: offset, milliseconds: milliseconds)
    actions.append(.send(stored, to: [pending.connection]))
    actions.append(.settle(pending.connection, pending.ticket, acknowledge: true))
  }

  private func refuse(
    _ pending: PendingAppend, _ id: MessageID, _ code: ChatRefusal.Code, _ message: String,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[pending.connection] != nil else { return }
    let refusal = ChatRefusal(
      code, message, room: pending.name, id: id, command: pending.command)
    refuse(refusal, pending.ticket, pending.connection, &actions)
  }

  /// Without an ack: the client sends it again, on its next connection.
  mutating func appendFailed(
    _ ticket: AppendTicket, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let pending = appends.removeValue(forKey: ticket) else { return }
    appendingBytes -= pending.change.textBytes
    var id: MessageID?
    if case .append(let append) = pending.change { id = append.id }
    fail(
      pending.connection, pending.ticket, room: pending.name, id: id, command: pending.command,
      &actions)
  }

  // MARK: To the readers

  private mutating func publish(
    _ append: RoomAppend, offset: UInt64, _ mentions: [Nick], at milliseconds: Int64,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    rooms[append.key]?.head.take(append, offset: offset)
    if !append.kind.isSpeech { takeRules(append, offset, milliseconds) }
    push(append, offset: offset, mentions, at: milliseconds, &actions)
    notify(append, offset: offset, &actions)
    if !append.kind.isSpeech { showOut(append, &actions) }
  }

  private mutating func takeRules(
    _ append: RoomAppend, _ offset: UInt64, _ milliseconds: Int64
  ) {
    if rooms[append.key]?.isLoaded == true {
      rooms[append.key]?.head.state.take(append, at: milliseconds)
    } else {
      // Whether the head that is being read has it is not known yet.
      rooms[append.key]?.early.append((append, offset, milliseconds))
    }
  }

  /// Sends the entry to every reader whose next one it is; the others are behind.
  private mutating func push(
    _ append: RoomAppend, offset: UInt64, _ mentions: [Nick], at milliseconds: Int64,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    var audience: [RoomName: [ChatConnectionKey]] = [:]
    for member in rooms[append.key]?.members ?? [] {
      guard let connection = connections[member], let reader = connection.readers[append.key],
        reader.cursor < offset
      else { continue }
      if connection.isWritable, !reader.isBehind, reader.cursor + 1 == offset {
        connections[member]?.readers[append.key]?.cursor = offset
        audience[reader.name, default: []].append(member)
      } else {
        fallBehind(member, append.key)
        pump(member, &actions)
      }
    }
    for (name, members) in audience.sorted(by: { $0.key.text < $1.key.text }) {
      let entry = RoomEntry(
        room: name, offset: offset, act: append.act, id: append.id, from: append.from,
        milliseconds: milliseconds, mentions: mentions)
      actions.append(.send(.entry(entry), to: members))
    }
  }

  /// Tells the others of a direct conversation, when they do not read it, and whoever is invited.
  private mutating func notify(
    _ append: RoomAppend, offset: UInt64, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    if append.kind == .invited, let nick = append.act.nick,
      let name = append.key.name(for: append.from)
    {
      let guests = (people[nick.folded]?.connections ?? []).filter {
        connections[$0]?.isWelcome == true && connections[$0]?.isWritable == true
      }
      guard !guests.isEmpty else { return }
      let summary = RoomSummary(
        room: name, last: offset, topic: rooms[append.key]?.head.topic ?? "")
      return actions.append(.send(.invited(summary, by: append.from), to: guests))
    }
    for person in append.key.people ?? [] where person != append.from.folded {
      guard let nick = people[person]?.nick, let name = append.key.directName(for: nick) else {
        continue
      }
      for key in people[person]?.connections ?? [] {
        guard let connection = connections[key], connection.readers[append.key] == nil else {
          continue
        }
        if connection.isWelcome, connection.isWritable {
          actions.append(.send(.direct(RoomSummary(room: name, last: offset)), to: [key]))
        } else {
          connections[key]?.missedDirect = true
        }
      }
    }
  }

  /// Parts those who may not read the room any more.
  private mutating func showOut(
    _ append: RoomAppend, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard append.key.people == nil, let room = rooms[append.key] else { return }
    let kicked = append.kind == .kicked ? append.act.nick?.folded : nil
    for key in room.members {
      guard let nick = connections[key]?.nick, let reader = connections[key]?.readers[append.key]
      else { continue }
      let isOut =
        nick.folded == kicked
        || room.head.state.refusal(
          toShow: reader.name, to: self.reader(key, nick), at: milliseconds) != nil
      guard isOut else { continue }
      connections[key]?.readers[append.key] = nil
      leave(append.key, reader, key, nick, &actions)
      actions.append(.send(.parted(reader.name), to: [key]))
    }
  }

  mutating func fallBehind(_ key: ChatConnectionKey, _ room: RoomKey) {
    guard connections[key]?.readers[room]?.isBehind == false else { return }
    connections[key]?.readers[room]?.isBehind = true
    connections[key]?.behind.append(room)
  }

  /// Reads the next page for a room in which the connection is behind, the rooms taking turns.
  mutating func feed(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections[key], let nick = connection.nick else { return }
    if connection.isWelcome, connection.missedDirect {
      connections[key]?.missedDirect = false
      let question = StoreRead.person(nick, limit: settings.limits.directRooms)
      return read(question, for: .missedDirect, key, &actions)
    }
    while let room = connections[key]?.behind.popFirst() {
      guard let reader = connections[key]?.readers[room] else { continue }
      guard reader.cursor < rooms[room]?.head.last ?? 0 else {
        connections[key]?.readers[room]?.isBehind = false
        continue
      }
      let request = RoomPageRequest(
        key: room, name: reader.name, position: .after(reader.cursor),
        maximumEntries: settings.pageEntries, maximumBytes: settings.pageBytes)
      return read(.page(request), for: .page(room), key, &actions)
    }
  }

  /// A page for a reader that is behind.
  mutating func fed(
    _ page: RoomPage, _ room: RoomKey, _ key: ChatConnectionKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let reader = connections[key]?.readers[room] else { return }
    // It was asked for because there are entries: a store that has none has lost them.
    guard let newest = page.entries.last?.offset, newest > reader.cursor else {
      return close(key, code: 1011, reason: "the store lost entries of \(reader.name)", &actions)
    }
    for entry in page.entries where entry.offset > reader.cursor {
      actions.append(.send(.entry(entry), to: [key]))
    }
    connections[key]?.readers[room]?.cursor = newest
    connections[key]?.readers[room]?.isBehind = false
    if newest < rooms[room]?.head.last ?? 0 { fallBehind(key, room) }
  }
}
