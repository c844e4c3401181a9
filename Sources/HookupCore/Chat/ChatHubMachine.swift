import NIOCore

/// A chat server as a value: who is connected, who reads which room, and how far.
///
/// Each connection's commands are taken strictly in order, and only while it takes what is sent to it; a command that
/// needs the store is answered before the next one is looked at, except that acts in rooms only wait for their turn in
/// the store's queue. Each reader of a room is a cursor: the next entry is pushed when it is live, everything else is
/// fetched in pages, one at a time, when the connection has room. So a slow reader costs a cursor and not memory.
///
/// Who may write is decided where it is stored; who may read, here.
///
/// Bounds that are the driver's: how many commands of one connection are unsettled, and how much is sent and not written.
package struct ChatHubMachine: Machine {
  package typealias Event = ChatHubEvent
  package typealias Action = ChatHubAction

  var settings: ChatHubSettings
  /// The store's id.
  let server: String
  /// The wall clock, milliseconds since 1970: set by the driver before each event. Bans end by it.
  package var milliseconds: Int64 = 0
  var connections: [ChatConnectionKey: Connection] = [:]
  /// The persons who are here, by their folded nicks.
  var people: [String: Person] = [:]
  /// The nick that each client goes by now.
  var nickOf: [ClientID: Nick] = [:]
  /// Rooms with a reader, or with one on the way.
  var rooms: [RoomKey: Room] = [:]
  var reads: [ReadTicket: PendingRead] = [:]
  var questions: [ReadTicket: PendingQuestion] = [:]
  var appends: [AppendTicket: PendingAppend] = [:]
  var appendingBytes = 0
  /// Connections whose next command waits for room in the store's queue, in the order in which they came to it.
  var throttled = CircularBuffer<ChatConnectionKey>()
  var pace = Pace()
  var bans = ServerBans()
  /// Why the store fails now; nil when it does not.
  package internal(set) var storeFailure: String?
  /// Connections that may still have to say hello, in the order of their deadlines.
  private var greetings = CircularBuffer<Greeting>()
  private var lastTicket: UInt64 = 0

  struct Connection: Sendable {
    /// The client id that makes its message ids its own.
    var client: ClientID
    var address: String?
    /// Nil before a hello was taken.
    var nick: Nick?
    /// The device that is logged in here, when the nick is an account's.
    var device: String?
    var isWelcome = false
    var isWritable = true
    /// Whether a read of the store is under way for it; one at a time.
    var isReading = false
    /// Whether it waits in ``ChatHubMachine/throttled``.
    var isThrottled = false
    /// Whether its next command waits for its time.
    var isPaused = false
    /// When it was last told to slow down.
    var slowedAt: MonotonicInstant?
    /// Messages in a row that were no commands.
    var badCommands = 0
    /// Commands that wait for their turn; at most as many as the driver leaves unsettled.
    var commands = CircularBuffer<PendingCommand>(initialCapacity: 1)
    var readers: [RoomKey: Reader] = [:]
    /// Rooms in which it is behind, each once, the next one to be fed first.
    var behind = CircularBuffer<RoomKey>(initialCapacity: 1)
    /// It was not told of an entry in a direct conversation that it does not read.
    var missedDirect = false
  }

  /// Somebody who is here, on however many connections.
  struct Person: Sendable {
    var nick: Nick
    /// The live connections, oldest first. Of a guest all of one client: a person may read in one window and write in another, and a
    /// connection that is dead is not always known to be. The order of what a client sends holds all the same, since each
    /// connection begins with the oldest message that was not acked.
    var connections: [ChatConnectionKey] = []
    var isAccount = false
    var isOperator = false
    var away = ""
    var displayName = ""
    /// How far each room is read, as far as it is known; at most as many as the store keeps.
    var marks: [RoomKey: UInt64] = [:]
    var commands: TokenBucket
    var searches: TokenBucket
  }

  /// One connection's place in one room.
  struct Reader: Sendable {
    var name: RoomName
    /// The offset of the last entry sent.
    var cursor: UInt64
    /// Whether the room is in ``Connection/behind``, or a page of it is being read.
    var isBehind = false
    /// Somebody arrived or left while the connection was not writable.
    var missedPresence = false
    /// When this person was last said to be writing.
    var typedAt: MonotonicInstant?
  }

  struct Room: Sendable {
    var head = RoomHead()
    /// Whether the head was read; before, it knows what was appended meanwhile.
    var isLoaded = false
    /// What was appended before that and may change the state.
    var early: [(append: RoomAppend, offset: UInt64, milliseconds: Int64)] = []
    var members: [ChatConnectionKey] = []
    /// Reads of its head that are under way.
    var openings = 0
  }

  struct PendingCommand: Sendable {
    var ticket: CommandTicket
    var command: Result<ChatCommand, ChatRefusal>
  }

  struct PendingAppend: Sendable {
    var connection: ChatConnectionKey
    var ticket: CommandTicket
    var name: RoomName
    var change: RoomChange
    /// The word of its command.
    var command: String
  }

  struct PendingRead: Sendable {
    var connection: ChatConnectionKey
    var purpose: Purpose

    enum Purpose: Sendable {
      case welcome(CommandTicket, ChatAccount?)
      case join(CommandTicket, RoomName, RoomKey, since: UInt64?)
      /// The state of a room that nobody reads, to see whether its history may be shown.
      case permission(CommandTicket, RoomPageRequest)
      case history(CommandTicket, RoomName)
      case rooms(CommandTicket)
      case search(CommandTicket)
      /// The next entries for a reader that is behind.
      case page(RoomKey)
      /// Conversations that were written to while the connection was not writable.
      case missedDirect
    }
  }

  /// A question about an account.
  struct PendingQuestion: Sendable {
    var connection: ChatConnectionKey
    var ticket: CommandTicket
    var command: String
    /// Set while somebody says hello.
    var hello: ChatHello?
  }

  private struct Greeting: Sendable {
    var connection: ChatConnectionKey
    var deadline: MonotonicInstant
  }

  package init(settings: ChatHubSettings, server: String) {
    self.settings = settings
    self.server = server
  }

  package var nextDeadline: MonotonicInstant? {
    switch (greetings.first?.deadline, pace.nextDeadline) {
    case (let greeting?, let pause?): min(greeting, pause)
    case (let greeting, let pause): greeting ?? pause
    }
  }

  package mutating func handle(
    _ event: ChatHubEvent, at now: MonotonicInstant, into actions: inout ActionQueue<ChatHubAction>
  ) {
    pace.now = now
    switch event {
    case .connected(let key, let fallback, let address):
      connections[key] = Connection(client: fallback, address: address)
      pace.arrived(address)
      greetings.append(Greeting(connection: key, deadline: now + settings.helloTimeout))
      refuseBanned(key, &actions)
    case .received(let key, let ticket, let command):
      connections[key]?.commands.append(PendingCommand(ticket: ticket, command: command))
      pump(key, &actions)
    case .writable(let key, let isWritable):
      connections[key]?.isWritable = isWritable
      if isWritable {
        sendMissedPresence(key, &actions)
        pump(key, &actions)
      }
    case .disconnected(let key):
      forget(key, &actions)
    case .appended(let entries, let milliseconds):
      for entry in entries { appended(entry, at: milliseconds, &actions) }
      resumeThrottled(&actions)
    case .appendFailed(let tickets):
      for ticket in tickets { appendFailed(ticket, &actions) }
      resumeThrottled(&actions)
    case .read(let ticket, let answer):
      answered(ticket, answer, &actions)
    case .identified(let ticket, let answer):
      identified(ticket, answer, &actions)
    case .storeFailing(let reason):
      storeFailing(reason, &actions)
    case .announced(let text):
      notify(.announcement, text, &actions)
    case .expelled(let nick, let reason):
      for key in people[nick.folded]?.connections ?? [] {
        close(key, code: Self.expelled, reason: reason, &actions)
      }
    case .banned(let bans):
      self.bans = bans
      for key in connections.keys.sorted(by: { $0.number < $1.number }) {
        refuseBanned(key, &actions)
      }
    case .trimmed(let trims):
      for trim in trims { rooms[trim.key]?.head.first = trim.first }
    case .configured(let settings):
      self.settings = settings
      resume(pace.resumeAll(), &actions)
    case .timer:
      closeSilent(at: now, &actions)
      resume(pace.resume(), &actions)
    }
  }

  /// How much there is of what is bounded.
  package struct Census: Hashable, Sendable {
    package var connections: Int
    package var people: Int
    package var openRooms: Int
    package var appends: Int
    package var appendingBytes: Int
    package var throttled: Int
    package var paused: Int
    package var storeFailure: String?
  }

  package var census: Census {
    Census(
      connections: connections.count, people: people.count, openRooms: rooms.count,
      appends: appends.count, appendingBytes: appendingBytes, throttled: throttled.count,
      paused: pace.paused, storeFailure: storeFailure)
  }

  mutating func nextTicket() -> UInt64 {
    lastTicket += 1
    return lastTicket
  }

  /// Takes the connection's commands for as long as it may; then feeds a room in which it is behind.
  mutating func pump(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    while let connection = connections[key], connection.isWritable, !connection.isReading {
      guard let pending = connection.commands.first, !connection.isPaused else {
        feed(key, &actions)
        return
      }
      if pending.isAppend, isAppendingFull {
        throttle(key)
        return
      }
      guard mayTake(key, &actions) else { continue }
      connections[key]?.commands.removeFirst()
      perform(pending, of: key, &actions)
    }
  }

  // MARK: The store's queue

  private var isAppendingFull: Bool {
    appends.count >= settings.appendingEntries || appendingBytes >= settings.appendingBytes
  }

  private mutating func throttle(_ key: ChatConnectionKey) {
    guard connections[key]?.isThrottled == false else { return }
    connections[key]?.isThrottled = true
    throttled.append(key)
  }

  private mutating func resumeThrottled(_ actions: inout ActionQueue<ChatHubAction>) {
    // Each of them once: one that finds the queue full again goes to the end.
    for _ in 0..<throttled.count {
      guard !isAppendingFull, let key = throttled.popFirst() else { return }
      connections[key]?.isThrottled = false
      pump(key, &actions)
    }
  }

  private mutating func resume(
    _ keys: [ChatConnectionKey], _ actions: inout ActionQueue<ChatHubAction>
  ) {
    for key in keys {
      connections[key]?.isPaused = false
      pump(key, &actions)
    }
  }

  // MARK: To everybody

  private mutating func storeFailing(
    _ reason: String?, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard (reason == nil) != (storeFailure == nil) else { return }
    storeFailure = reason
    if let reason {
      notify(.readOnly, Self.readOnlySentence(reason), &actions)
    } else {
      notify(.writable, "the server stores messages again; what waited is stored now", &actions)
    }
  }

  static func readOnlySentence(_ reason: String) -> String {
    "the server cannot store messages for now (\(reason)): what you say waits, nothing is lost"
  }

  private func notify(
    _ code: ChatNotice, _ message: String, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    let all = connections.filter { $0.value.isWelcome && $0.value.isWritable }.keys
    guard !all.isEmpty else { return }
    actions.append(
      .send(.notice(code: code, message: message), to: all.sorted { $0.number < $1.number }))
  }

  // MARK: Bans

  /// The close code of what an operator does.
  private static let expelled: UInt16 = 4003

  private mutating func refuseBanned(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let reason = bans.refusal(of: connections[key]?.address, at: milliseconds) else { return }
    close(key, code: Self.expelled, reason: reason, &actions)
  }

  // MARK: The end of a connection

  /// Closes a connection from this side.
  mutating func close(
    _ key: ChatConnectionKey, code: UInt16, reason: String,
    _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard connections[key] != nil else { return }
    actions.append(.close(key, code: code, reason: reason))
    forget(key, &actions)
  }

  /// Its entries that are on the way are stored all the same; nobody is told.
  private mutating func forget(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    guard let connection = connections.removeValue(forKey: key) else { return }
    pace.left(connection.address)
    guard let nick = connection.nick else { return }
    if let device = connection.device { actions.append(.touch(device: device, of: nick)) }
    people[nick.folded]?.connections.removeAll { $0 == key }
    for (room, reader) in connection.readers.sorted(by: { $0.key.text < $1.key.text }) {
      leave(room, reader, key, nick, &actions)
    }
    let stays = people[nick.folded]?.connections.contains {
      connections[$0]?.client == connection.client
    }
    if stays != true { nickOf[connection.client] = nil }
    if people[nick.folded]?.connections.isEmpty == true { people[nick.folded] = nil }
  }

  private mutating func closeSilent(
    at now: MonotonicInstant, _ actions: inout ActionQueue<ChatHubAction>
  ) {
    while let greeting = greetings.first, greeting.deadline <= now {
      greetings.removeFirst()
      guard connections[greeting.connection]?.nick == nil else { continue }
      close(
        greeting.connection, code: 1008,
        reason: "no hello within \(settings.helloTimeout.wholeMilliseconds / 1_000) s", &actions)
    }
  }
}

extension ChatHubMachine.PendingCommand {
  fileprivate var isAppend: Bool {
    switch command {
    case .success(.act), .success(.read): true
    default: false
    }
  }
}
