import NIOCore

/// A chat server as a value: who is connected, who reads which room, and how far.
///
/// Each connection's commands are taken strictly in order, and only while it takes what is sent to it; a command that
/// needs the store is answered before the next one is looked at, except that `say` and `topic` only wait for their turn in
/// the store's queue. Each reader of a room is a cursor: the next entry is pushed when it is live, everything else is
/// fetched in pages, one at a time, when the connection has room. So a slow reader costs a cursor and not memory.
///
/// Bounds that are the driver's: how many commands of one connection are unsettled, and how much is sent and not written.
package struct ChatHubMachine: Machine {
  package typealias Event = ChatHubEvent
  package typealias Action = ChatHubAction

  let settings: ChatHubSettings
  /// The store's id.
  let server: String
  var connections: [ChatConnectionKey: Connection] = [:]
  /// The live connections that go by each folded nick, all of them of one client, oldest first: a person may read in one window
  /// and write in another, and a connection that is dead is not always known to be. The order of what a client sends holds all
  /// the same, since each connection begins with the oldest message that was not acked.
  var byNick: [String: [ChatConnectionKey]] = [:]
  /// The nick that each client goes by now.
  var nickOf: [ClientID: Nick] = [:]
  /// Rooms with a reader, or with one on the way.
  var rooms: [RoomKey: Room] = [:]
  var reads: [ReadTicket: PendingRead] = [:]
  var appends: [AppendTicket: PendingAppend] = [:]
  var appendingBytes = 0
  /// Connections whose next command waits for room in the store's queue, in the order in which they came to it.
  var throttled = CircularBuffer<ChatConnectionKey>()
  /// Connections that may still have to say hello, in the order of their deadlines.
  private var greetings = CircularBuffer<Greeting>()
  private var lastTicket: UInt64 = 0

  struct Connection: Sendable {
    /// The client id that makes its message ids its own.
    var client: ClientID
    /// Nil before a hello was taken.
    var nick: Nick?
    var isWelcome = false
    var isWritable = true
    /// Whether a read of the store is under way for it; one at a time.
    var isReading = false
    /// Whether it waits in ``ChatHubMachine/throttled``.
    var isThrottled = false
    /// Commands that wait for their turn; at most as many as the driver leaves unsettled.
    var commands = CircularBuffer<PendingCommand>()
    var readers: [RoomKey: Reader] = [:]
    /// Rooms in which it is behind, each once, the next one to be fed first.
    var behind = CircularBuffer<RoomKey>()
    /// It was not told of an entry in a direct conversation that it does not read.
    var missedDirect = false
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
  }

  struct Room: Sendable {
    var head = RoomHead()
    /// Whether the head was read; before, it knows what was appended meanwhile.
    var isLoaded = false
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
    var append: RoomAppend
  }

  struct PendingRead: Sendable {
    var connection: ChatConnectionKey
    var purpose: Purpose

    enum Purpose: Sendable {
      case welcome(CommandTicket)
      case join(CommandTicket, RoomName, RoomKey, since: UInt64?)
      case history(CommandTicket, RoomName)
      case rooms(CommandTicket)
      /// The next entries for a reader that is behind.
      case page(RoomKey)
      /// Conversations that were written to while the connection was not writable.
      case missedDirect
    }
  }

  private struct Greeting: Sendable {
    var connection: ChatConnectionKey
    var deadline: MonotonicInstant
  }

  package init(settings: ChatHubSettings, server: String) {
    self.settings = settings
    self.server = server
  }

  package var nextDeadline: MonotonicInstant? { greetings.first?.deadline }

  package mutating func handle(
    _ event: ChatHubEvent, at now: MonotonicInstant, into actions: inout ActionQueue<ChatHubAction>
  ) {
    switch event {
    case .connected(let key, let fallback):
      connections[key] = Connection(client: fallback)
      greetings.append(Greeting(connection: key, deadline: now + settings.helloTimeout))
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
    case .timer:
      closeSilent(at: now, &actions)
    }
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
      guard let pending = connection.commands.first else {
        feed(key, &actions)
        return
      }
      if pending.isAppend, isAppendingFull {
        throttle(key)
        return
      }
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
    if let nick = connection.nick {
      byNick[nick.folded]?.removeAll { $0 == key }
      if byNick[nick.folded]?.isEmpty == true {
        byNick[nick.folded] = nil
        nickOf[connection.client] = nil
      }
      for (room, reader) in connection.readers.sorted(by: { $0.key.text < $1.key.text }) {
        leave(room, reader, key, nick, &actions)
      }
    }
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
    case .success(.act): true
    default: false
    }
  }
}
