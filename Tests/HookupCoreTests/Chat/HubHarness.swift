import HookupCore

/// A chat server's machine with names for what the tables of its tests speak of.
struct HubHarness {
  var machine: ChatHubMachine
  var now = MonotonicInstant.zero
  private var queue = ActionQueue<ChatHubAction>()
  private var lastCommand: UInt64 = 0

  init(_ change: (inout ChatHubSettings) -> Void = { _ in }) {
    var settings = ChatHubSettings()
    change(&settings)
    machine = ChatHubMachine(settings: settings, server: "store-1")
  }

  mutating func feed(_ event: ChatHubEvent) -> [ChatHubAction] {
    machine.handle(event, at: now, into: &queue)
    return queue.drain()
  }

  /// A command of connection `key`; its ticket is `command`.
  mutating func receive(
    _ key: UInt64, _ command: UInt64, _ text: ChatCommand
  ) -> [ChatHubAction] {
    feed(.received(.init(key), .init(command), .success(text)))
  }

  mutating func append(_ outcomes: (UInt64, RoomAppended)...) -> [ChatHubAction] {
    feed(
      .appended(
        outcomes.map { AppendedEntry(AppendTicket($0.0), $0.1) },
        milliseconds: ChatEventVectors.time))
  }

  mutating func answer(_ ticket: UInt64, _ answer: StoreAnswer) -> [ChatHubAction] {
    feed(.read(ReadTicket(ticket), answer))
  }

  /// Connects `key` as `nick`, through the welcome. The client id ends in the key.
  mutating func welcome(_ key: UInt64, _ nick: String, client id: ClientID? = nil) throws {
    _ = feed(.connected(.init(key), fallback: client(0xF0 + key)))
    try greet(key, nick, client: id)
  }

  /// Says hello on a connection that is open, through the welcome.
  mutating func greet(_ key: UInt64, _ nick: String, client id: ClientID? = nil) throws {
    let hello = ChatCommand.hello(nick: try Nick(nick), client: id ?? client(key))
    for case .read(let ticket, .person) in receive(key, 1_000, hello) {
      _ = feed(.read(ticket, .person(PersonRecord())))
    }
  }

  /// Joins a room and answers the reading of its head.
  mutating func join(
    _ key: UInt64, _ room: String = "ops", since: UInt64? = nil, head: RoomHead = RoomHead()
  ) throws -> [ChatHubAction] {
    let actions = receive(key, 2_000, .join(try RoomName(room), since: since))
    guard case .read(let ticket, .head) = actions.first else { return actions }
    return feed(.read(ticket, .head(head)))
  }

  /// One message said and stored under `offset`.
  mutating func say(
    _ key: UInt64, _ text: String, offset: UInt64, in room: String = "ops"
  ) throws -> [ChatHubAction] {
    for case .append(let ticket, _) in receive(key, 3_000, try said(text, in: room)) {
      return feed(
        .appended(
          [AppendedEntry(ticket, .stored(offset: offset))], milliseconds: ChatEventVectors.time))
    }
    return []
  }

  /// One act that was stored under `offset`.
  mutating func store(_ key: UInt64, _ act: RoomAct, offset: UInt64, in room: String = "ops") throws
    -> [ChatHubAction]
  {
    let command = ChatCommand.act(try RoomName(room), id: ChatEventVectors.id, act)
    guard case .append(let ticket, _)? = receive(key, 3_000, command).first else { return [] }
    return append((ticket.number, .stored(offset: offset)))
  }

  func said(_ text: String, in room: String = "ops") throws -> ChatCommand {
    .say(try RoomName(room), id: ChatEventVectors.id, text: text)
  }
}

func client(_ number: UInt64) -> ClientID {
  try! ClientID(hex(0) + hex(number))
}

func entry(_ offset: UInt64, _ text: String, from: String, room: String = "ops") -> RoomEntry {
  RoomEntry(
    room: try! RoomName(room), offset: offset, id: ChatEventVectors.id, from: try! Nick(from),
    milliseconds: ChatEventVectors.time, text: text)
}

func send(_ event: ChatEvent, to keys: UInt64...) -> ChatHubAction {
  .send(event, to: keys.map { ChatConnectionKey($0) })
}

func settle(_ key: UInt64, _ ticket: UInt64, acknowledge: Bool = true) -> ChatHubAction {
  .settle(ChatConnectionKey(key), CommandTicket(ticket), acknowledge: acknowledge)
}

/// The codes of the refusals among the actions.
func refusals(_ actions: [ChatHubAction]) -> [String] {
  actions.compactMap {
    if case .send(.error(let refusal), _) = $0 { refusal.code.rawValue } else { nil }
  }
}
