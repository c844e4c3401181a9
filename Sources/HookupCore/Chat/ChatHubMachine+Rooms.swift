extension ChatHubMachine {
  // MARK: Joining and parting

  mutating func join(
    _ name: RoomName, since: UInt64?, _ ticket: CommandTicket, _ key: ChatConnectionKey,
    _ nick: Nick, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let room = RoomKey(name, for: nick)
    guard let connection = connections[key] else { return }
    if connection.readers[room] == nil {
      guard connection.readers.count < settings.limits.roomsPerConnection else {
        let refusal = ChatRefusal(
          .tooManyRooms,
          "\(settings.limits.roomsPerConnection) rooms are joined, which is the limit: part one first",
          room: name, command: "join")
        return refuse(refusal, ticket, key, &actions)
      }
      guard rooms[room] != nil || rooms.count < settings.maximumOpenRooms else {
        let refusal = ChatRefusal(
          .serverFull, "the server has \(rooms.count) rooms open, which is its limit: try later",
          room: name, command: "join")
        return refuse(refusal, ticket, key, &actions)
      }
    }
    if rooms[room]?.isLoaded == true {
      return joined(name, room, since: since, ticket, key, &actions)
    }
    // The room is there from now on, so that it sees what is appended while its head is read.
    rooms[room, default: Room()].openings += 1
    read(.head(room), for: .join(ticket, name, room, since: since), key, &actions)
  }

  /// The room's head was read, for `key` or for one that is gone.
  mutating func opened(_ room: RoomKey, _ head: RoomHead?) {
    rooms[room]?.openings -= 1
    if let head, let early = rooms[room]?.early, rooms[room]?.isLoaded == false {
      rooms[room]?.head.take(head)
      rooms[room]?.isLoaded = true
      rooms[room]?.early = []
      for (append, offset, milliseconds) in early where offset > head.last {
        rooms[room]?.head.state.take(append, at: milliseconds)
      }
    }
    dropIfUnused(room)
  }

  mutating func joined(
    _ name: RoomName, _ room: RoomKey, since: UInt64?, _ ticket: CommandTicket,
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let nick = connections[key]?.nick, let head = rooms[room]?.head else { return }
    let isNew = connections[key]?.readers[room] == nil
    if let refusal = refusal(toShow: name, head.state, to: key, command: "join") {
      return refuse(refusal, ticket, key, &actions)
    }
    if isNew, let count = rooms[room]?.members.count, count >= settings.readersPerRoom {
      let refusal = ChatRefusal(
        .roomFull, "\(name) has \(count) readers, which is the limit: try later", room: name,
        command: "join")
      return refuse(refusal, ticket, key, &actions)
    }
    if isNew {
      if !isPresent(nick, in: room) { tell(.arrived, of: nick, room, &actions) }
      rooms[room]?.members.append(key)
    }
    let isReset = (since ?? 0) > head.last
    let lowest = head.first - min(1, head.first)
    let newest = head.last - min(ChatProtocol.entriesOnJoin, head.last)
    let cursor = max(lowest, isReset ? newest : since ?? newest)
    let wasBehind = connections[key]?.readers[room]?.isBehind ?? false
    connections[key]?.readers[room] = Reader(name: name, cursor: cursor, isBehind: wasBehind)
    var joined = ChatJoined(
      room: name, topic: head.topic, members: members(of: room), last: head.last,
      first: head.first, after: cursor, reset: isReset)
    joined.read = people[nick.folded]?.marks[room]
    if !head.state.isPlain { joined.settings = head.state.settings }
    joined.rank = head.state.rank(of: nick.folded)
    actions.append(.send(.joined(joined), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
    sendNames(of: room, to: key, &actions)
    if cursor < head.last { fallBehind(key, room) }
  }

  mutating func part(
    _ name: RoomName, _ ticket: CommandTicket, _ key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let room = RoomKey(name, for: nick)
    if let reader = connections[key]?.readers.removeValue(forKey: room) {
      leave(room, reader, key, nick, &actions)
    }
    // Parting twice is as good as once.
    actions.append(.send(.parted(name), to: [key]))
    actions.append(.settle(key, ticket, acknowledge: true))
  }

  mutating func leave(
    _ room: RoomKey, _ reader: Reader, _ key: ChatConnectionKey, _ nick: Nick,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    rooms[room]?.members.removeAll { $0 == key }
    if !isPresent(nick, in: room) { tell(.left, of: nick, room, &actions) }
    dropIfUnused(room)
  }

  private mutating func dropIfUnused(_ room: RoomKey) {
    if let state = rooms[room], state.members.isEmpty, state.openings == 0 { rooms[room] = nil }
  }

  // MARK: Presence

  private enum Presence {
    case arrived, left
  }

  /// Each person once, in the order in which they came, however many connections they have.
  func members(of room: RoomKey) -> [Nick] {
    var seen: Set<String> = []
    var nicks: [Nick] = []
    for key in rooms[room]?.members ?? [] where nicks.count < settings.limits.members {
      if let nick = connections[key]?.nick, seen.insert(nick.folded).inserted { nicks.append(nick) }
    }
    return nicks
  }

  /// What those in the room are called, if anybody is called anything.
  func sendNames(
    of room: RoomKey, to key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let names = members(of: room).compactMap { nick -> ChatName? in
      guard let called = people[nick.folded]?.displayName, !called.isEmpty else { return nil }
      return ChatName(nick, called)
    }
    guard !names.isEmpty, connections[key] != nil else { return }
    actions.append(.send(.names(names), to: [key]))
  }

  /// Whether any connection of this person reads the room.
  private func isPresent(_ nick: Nick, in room: RoomKey) -> Bool {
    people[nick.folded]?.connections.contains { connections[$0]?.readers[room] != nil } ?? false
  }

  /// Tells those who read the room; one that takes nothing now gets the whole list later.
  private mutating func tell(
    _ presence: Presence, of nick: Nick, _ room: RoomKey,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let members = rooms[room]?.members, members.count <= settings.presenceMembers else {
      return
    }
    var audience: [RoomName: [ChatConnectionKey]] = [:]
    for member in members {
      guard let connection = connections[member], let reader = connection.readers[room] else {
        continue
      }
      if connection.isWritable {
        audience[reader.name, default: []].append(member)
      } else {
        connections[member]?.readers[room]?.missedPresence = true
      }
    }
    for (name, members) in audience.sorted(by: { $0.key.text < $1.key.text }) {
      let event: ChatEvent =
        switch presence {
        case .arrived: .arrived(name, nick)
        case .left: .left(name, nick)
        }
      actions.append(.send(event, to: members))
      if presence == .arrived, let called = people[nick.folded]?.displayName, !called.isEmpty {
        actions.append(.send(.names([ChatName(nick, called)]), to: members))
      }
    }
  }

  mutating func sendMissedPresence(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let readers = connections[key]?.readers else { return }
    let missed = readers.filter(\.value.missedPresence)
    for (room, reader) in missed.sorted(by: { $0.key.text < $1.key.text }) {
      connections[key]?.readers[room]?.missedPresence = false
      actions.append(.send(.members(reader.name, members(of: room)), to: [key]))
      sendNames(of: room, to: key, &actions)
    }
  }
}
