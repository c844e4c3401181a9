/// The client's half of the chat protocol: says hello, joins rooms where it left off, takes each entry of a room exactly once
/// and in order, and follows each of its own messages to the end.
///
/// It knows nothing of sockets or of the outbox: the driver tells it what the outbox did with a message, and carries
/// out what it asks.
package struct ChatClientMachine: Machine {
  package enum Event: Equatable, Sendable {
    case connected
    case disconnected
    case received(ChatEvent)

    /// A message is about to be put into the outbox.
    case said(OwnMessage)
    /// The outbox has taken it, under this number.
    case accepted(MessageID, sequence: UInt64)
    /// The outbox refused it.
    case notAccepted(MessageID, reason: String)
    /// Found in the outbox when the client started.
    case restored(OwnMessage)
    /// The outbox handed this number to the socket.
    case sent(sequence: UInt64)
    case acknowledged(sequence: UInt64)
    /// The server gave it up, or it could not be sent.
    case failed(sequence: UInt64, reason: String)
    /// It was taken back.
    case withdrawn(sequence: UInt64)
    /// The ack is overdue; the message is still in the outbox.
    case overdue(sequence: UInt64)

    /// Read a room: from after `since`, or near its end.
    case join(RoomName, since: UInt64?)
    case part(RoomName)
    /// What the client keeps of its rooms. Comes before the first connection, if at all: then records are made.
    case held(ChatHeld)
    /// The reader wants entries before this offset.
    case fetch(RoomName, before: UInt64)
    /// What is kept of them: the answer to ``Action/read(_:before:)``.
    case found([RoomEntry], in: RoomName, before: UInt64)
    case ask(ChatCommand)
    /// Try again with this password.
    case logIn(password: String)
    case timer
  }

  package enum Action: Equatable, Sendable {
    /// Write this to the connection of the moment.
    case send(ChatCommand)
    /// The greeting is done: the outbox may drain.
    case ready
    case tell(ChatUpdate)
    /// Remember this token for the next start; nil: it is worth nothing any more.
    case keep(token: String?)
    /// Keep this, after all that was to be kept before it.
    case record(ChatRecord)
    /// Look for the newest entries that are kept of a room before this offset; there are none when nothing is kept.
    case read(RoomName, before: UInt64)
  }

  struct Room: Sendable {
    /// The offset of the last entry told; nil before the first join is answered.
    var have: UInt64?
    /// Asked for on this connection and not yet answered.
    var isJoining = false
    /// Up to where it was read while there was no connection; told once it is joined.
    var unsentRead: UInt64?
  }

  /// How long to wait before a nick that another client holds is asked for again: longer than the server needs to notice that the other
  /// one is gone would be polite, shorter is kinder to the person who waits.
  static let nickRetry = Duration.seconds(5)

  /// As the server knows it, from the welcome on.
  private var nick: Nick
  private let client: ClientID
  private var credential: ChatHello.Credential?
  private let device: String
  var server: String?
  private(set) var isWelcome = false
  var rooms: [RoomName: Room] = [:]
  /// The order in which rooms were asked for, so that joins go out the same way each time.
  private(set) var order: [RoomName] = []
  /// Up to where rooms are kept; nil when nothing is kept.
  var held: ChatHeld?
  var fetches: [RoomName: Fetch] = [:]
  private var own: [MessageID: OwnMessage] = [:]
  private var idOfSequence: [UInt64: MessageID] = [:]
  /// Numbers that were sent before their `accepted` came round; at most what is in flight.
  private var sentEarly: Set<UInt64> = []
  private var helloAgainAt: MonotonicInstant?
  private var nickIsTaken = false

  /// `device`: how the token that a password is answered with is called.
  package init(
    nick: Nick, client: ClientID, credential: ChatHello.Credential? = nil, device: String = ""
  ) {
    self.nick = nick
    self.client = client
    self.credential = credential
    self.device = device
  }

  package var nextDeadline: MonotonicInstant? { helloAgainAt }

  /// Own messages that are neither stored nor failed.
  package var unsettledCount: Int { own.count }

  /// The number of an own message in the outbox; nil when it is not there, or stored or failed.
  package func sequence(of id: MessageID) -> UInt64? {
    own[id].flatMap { $0.sequence == 0 ? nil : $0.sequence }
  }

  package mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .connected:
      isWelcome = false
      hello(into: &actions)
    case .disconnected: disconnected(into: &actions)
    case .received(let event): received(event, at: now, into: &actions)
    case .said(let message): own[message.id] = message
    case .accepted(let id, let sequence): accepted(id, sequence, into: &actions)
    case .notAccepted(let id, let reason): advance(id, to: .failed(reason: reason), into: &actions)
    case .restored(let message):
      own[message.id] = message
      idOfSequence[message.sequence] = message.id
      actions.append(.tell(.own(message)))
    case .sent(let sequence):
      if let id = idOfSequence[sequence] {
        advance(id, to: .sent, into: &actions)
      } else {
        sentEarly.insert(sequence)
      }
    case .acknowledged(let sequence):
      sentEarly.remove(sequence)
      // The answer that tells its offset was lost, or comes with the room.
      if let id = idOfSequence[sequence], own[id] != nil {
        advance(id, to: .stored(offset: nil), into: &actions)
      }
      idOfSequence[sequence] = nil
    case .failed(let sequence, let reason):
      sentEarly.remove(sequence)
      if let id = idOfSequence[sequence] {
        advance(id, to: .failed(reason: reason), into: &actions)
      }
    case .withdrawn(let sequence):
      if let id = idOfSequence[sequence] { advance(id, to: .withdrawn, into: &actions) }
    case .overdue(let sequence):
      if let id = idOfSequence[sequence], own[id] != nil { actions.append(.tell(.overdue(id))) }
    case .join(let room, let since): join(room, since: since, into: &actions)
    case .part(let room):
      guard rooms.removeValue(forKey: room) != nil else { return }
      order.removeAll { $0 == room }
      if fetches[room]?.isOpening == true { fetches[room] = nil }
      if isWelcome {
        actions.append(.send(.part(room)))
      } else {
        actions.append(.tell(.parted(room)))
      }
    case .held(let held): take(held, into: &actions)
    case .fetch(let room, let offset): fetch(room, before: offset, into: &actions)
    case .found(let entries, let room, let offset):
      found(entries, in: room, before: offset, into: &actions)
    case .ask(let command): ask(command, into: &actions)
    case .logIn(let password):
      credential = .password(password)
      if !isWelcome { hello(into: &actions) }
    case .timer:
      guard let due = helloAgainAt, due <= now else { return }
      hello(into: &actions)
    }
  }

  private mutating func ask(_ command: ChatCommand, into actions: inout ActionQueue<Action>) {
    switch command {
    // Nobody asked for these two by hand: without a connection, or in a room that is not read, they are no business of the server's.
    case .typing(let room):
      // Who types now means nothing later.
      if isWelcome, isJoined(room) { actions.append(.send(command)) }
    case .read(let room, let offset):
      if isWelcome, isJoined(room) { return actions.append(.send(command)) }
      // Kept as long as the room is, so never more of them than rooms.
      if let unsent = rooms[room]?.unsentRead, unsent >= offset { return }
      rooms[room]?.unsentRead = offset
    default:
      if isWelcome { return actions.append(.send(command)) }
      actions.append(.tell(.notice("not connected: /\(command.name) has to wait until we are")))
    }
  }

  private func isJoined(_ room: RoomName) -> Bool {
    rooms[room].map { !$0.isJoining } ?? false
  }

  private mutating func hello(into actions: inout ActionQueue<Action>) {
    helloAgainAt = nil
    actions.append(
      .send(
        .hello(ChatHello(nick: nick, client: client, credential: credential, device: device))))
  }

  private mutating func disconnected(into actions: inout ActionQueue<Action>) {
    isWelcome = false
    helloAgainAt = nil
    sentEarly.removeAll()
    for room in order { rooms[room]?.isJoining = false }
    loseFetches(into: &actions)
    for message in own.values.filter({ $0.state == .sent }).sorted(by: { $0.sequence < $1.sequence }
    ) {
      own[message.id]?.state = .buffered
      actions.append(.tell(.own(withState(message, .buffered))))
    }
  }

  // MARK: Own messages

  private mutating func accepted(
    _ id: MessageID, _ sequence: UInt64, into actions: inout ActionQueue<Action>
  ) {
    // Unknown when the server's answer overtook the outbox's.
    guard var message = own[id] else { return }
    message.sequence = sequence
    message.state = sentEarly.remove(sequence) == nil ? .buffered : .sent
    own[id] = message
    idOfSequence[sequence] = id
    actions.append(.tell(.own(message)))
  }

  private mutating func advance(
    _ id: MessageID, to state: DeliveryState, into actions: inout ActionQueue<Action>
  ) {
    guard let message = own[id] else { return }
    switch state {
    case .stored, .failed, .withdrawn:
      own[id] = nil
      idOfSequence[message.sequence] = nil
    case .buffered, .sent:
      own[id]?.state = state
    }
    actions.append(.tell(.own(withState(message, state))))
  }

  private func withState(_ message: OwnMessage, _ state: DeliveryState) -> OwnMessage {
    var changed = message
    changed.state = state
    return changed
  }

  // MARK: Rooms

  private mutating func join(
    _ room: RoomName, since: UInt64?, into actions: inout ActionQueue<Action>
  ) {
    if rooms[room] == nil {
      order.append(room)
      rooms[room] = Room(have: since)
      if since == nil { resume(room, into: &actions) }
    }
    if isWelcome { sendJoin(room, into: &actions) }
  }

  private mutating func sendJoin(_ room: RoomName, into actions: inout ActionQueue<Action>) {
    guard let state = rooms[room], !state.isJoining else { return }
    rooms[room]?.isJoining = true
    actions.append(.send(.join(room, since: state.have)))
  }

  private mutating func welcome(
    _ welcome: ChatWelcome, into actions: inout ActionQueue<Action>
  ) {
    meet(welcome.server, into: &actions)
    isWelcome = true
    nickIsTaken = false
    nick = welcome.nick
    actions.append(.tell(.welcomed(nick: welcome.nick)))
    if let account = welcome.account { take(account, into: &actions) }
    if !welcome.rooms.isEmpty { actions.append(.tell(.memberships(welcome.rooms))) }
    for room in order { sendJoin(room, into: &actions) }
    for conversation in welcome.direct where rooms[conversation.room] == nil {
      join(conversation.room, since: nil, into: &actions)
    }
    actions.append(.ready)
  }

  /// From now on the token logs in: the password is not kept.
  private mutating func take(
    _ account: ChatAccount, into actions: inout ActionQueue<Action>
  ) {
    if let token = account.token {
      credential = .token(token)
      actions.append(.keep(token: token))
    }
    var shown = account
    shown.token = nil
    actions.append(.tell(.account(shown)))
  }

  private mutating func joined(_ joined: ChatJoined, into actions: inout ActionQueue<Action>) {
    // A room that was parted meanwhile.
    guard let state = rooms[joined.room] else { return }
    rooms[joined.room] = Room(have: joined.after)
    actions.append(
      .tell(
        .joined(
          RoomSnapshot(
            room: joined.room, topic: joined.topic, members: joined.members, last: joined.last,
            read: joined.read, settings: joined.settings, rank: joined.rank))))
    if let read = state.unsentRead { actions.append(.send(.read(joined.room, offset: read))) }
    guard let have = state.have else {
      return record(.skipped(joined.room, to: joined.after), into: &actions)
    }
    if joined.reset {
      record(.rewound(joined.room, after: joined.after), into: &actions)
      rewind(joined.room, after: joined.after, into: &actions)
      actions.append(
        .tell(.notice("\(joined.room.label) is shorter than we knew it: the server lost entries")))
    } else if joined.after > have {
      record(.skipped(joined.room, to: joined.after), into: &actions)
      actions.append(.tell(.gap(joined.room, from: have + 1, to: joined.after)))
    } else if joined.last > have, have > 0 {
      actions.append(.tell(.notice("\(joined.room.label): fetching \(joined.last - have) missed")))
    }
  }

  private mutating func entry(_ entry: RoomEntry, into actions: inout ActionQueue<Action>) {
    guard let have = rooms[entry.room]?.have else { return }
    // At or below: sent again, we have it. Beyond the next: something is missing, ask again from where we are.
    guard entry.offset > have else { return }
    guard entry.offset == have + 1 else { return sendJoin(entry.room, into: &actions) }
    rooms[entry.room]?.have = entry.offset
    // Somebody else may use the same id: only an entry of ours says what became of our message.
    if entry.from == nick { advance(entry.id, to: .stored(offset: entry.offset), into: &actions) }
    record(.entry(entry), into: &actions)
    noteChange(entry)
    actions.append(.tell(.entry(entry)))
  }

  // MARK: What the server says

  private mutating func received(
    _ event: ChatEvent, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .welcome(let greeting): welcome(greeting, into: &actions)
    case .joined(let answer): joined(answer, into: &actions)
    case .parted(let room):
      // Also unasked: the server shows us out, and we do not come back by ourselves.
      rooms[room] = nil
      order.removeAll { $0 == room }
      actions.append(.tell(.parted(room)))
    case .entry(let logged): entry(logged, into: &actions)
    case .stored(_, let id, let offset, _): advance(id, to: .stored(offset: offset), into: &actions)
    case .members(let room, let nicks): actions.append(.tell(.members(room, nicks)))
    case .rooms(let list, let more):
      let names = list.map(\.room.label).joined(separator: " ")
      actions.append(.tell(.notice("rooms: \(names)\(more ? " …" : "")")))
    case .account(let account): take(account, into: &actions)
    case .direct(let conversation): join(conversation.room, since: nil, into: &actions)
    case .arrived(let room, let nick): actions.append(.tell(.arrived(room, nick)))
    case .left(let room, let nick): actions.append(.tell(.left(room, nick)))
    case .error(let refusal): refused(refusal, at: now, into: &actions)
    case .history(let room, let entries, let more):
      received(entries, of: room, more: more, into: &actions)
    case .pong: break
    default: if let update = Self.update(for: event) { actions.append(.tell(update)) }
    }
  }

  /// What is passed on as it comes.
  private static func update(for event: ChatEvent) -> ChatUpdate? {
    switch event {
    case .invited(let room, let nick): .invited(room, by: nick)
    case .typing(let room, let nick): .typing(room, nick)
    case .read(let room, let offset): .read(room, offset: offset)
    case .away(let nick, let text): .away(nick, text)
    case .person(let person): .person(person)
    case .found(let hits, let more): .found(hits, more: more)
    case .devices(let devices): .devices(devices)
    case .notice(let code, let message): .serverNotice(code, message)
    default: nil
    }
  }

  private mutating func refused(
    _ refusal: ChatRefusal, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard !refusedFetch(refusal, into: &actions) else { return }
    // Not acked: the outbox sends it again, so nothing has failed.
    guard refusal.code != .helloFirst, refusal.code != .storeFailed else { return }
    if refusal.code == .nickInUse, !isWelcome {
      helloAgainAt = now + Self.nickRetry
      // Told once, not at every try.
      guard !nickIsTaken else { return }
      nickIsTaken = true
    }
    if refusal.code == .notLoggedIn, !isWelcome, case .token = credential {
      credential = nil
      actions.append(.keep(token: nil))
    }
    if refusal.command == "join", let room = refusal.room {
      rooms[room] = nil
      order.removeAll { $0 == room }
    }
    if let id = refusal.id, own[id] != nil {
      advance(id, to: .failed(reason: "\(refusal.message) (\(refusal.code))"), into: &actions)
    } else {
      actions.append(
        .tell(.refused(code: refusal.code.rawValue, message: refusal.message, room: refusal.room)))
    }
  }
}
