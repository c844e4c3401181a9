import HookupCore
import Logging
import NIOCore
import Synchronization

/// The chat, as a program or a screen uses it: rooms, messages, and what becomes of each message of one's own.
///
/// It is a ``HookupClient`` that speaks the chat protocol. What is said goes through the outbox, so with a profile
/// directory it survives the death of this program; a room goes on from the offset that was last told.
public final class ChatClient: Sendable {
  public struct Configuration: Sendable {
    public var nick: Nick
    /// Where the outbox and the client id live; nil keeps them in memory.
    public var directory: String?
    /// A client that only reads: it goes by the client id found in ``directory``, if there is one, but leaves the outbox there to whoever
    /// has its lock. What it says all the same is kept in memory. Default false.
    public var onlyReads = false
    /// The password of the account ``nick``, for the first login on this device. The token that comes back is kept in ``directory`` and
    /// is enough from then on; without a directory it lives as long as the client.
    public var password: String?
    /// How this device is called in the account's list of devices. At most 64 bytes.
    public var device = ""
    /// How long a message may wait for the server's ack before ``ChatUpdate/overdue(_:)``. Default 5 s.
    public var ackTimeout = Duration.seconds(5)
    /// The underlying client's settings. Buffer, subprotocol and greeting are set by the chat.
    public var client = ClientConfiguration()
    /// What is kept of the rooms from one run to the next; nil, the default, keeps nothing, and rooms begin near their end.
    public var history: (any ChatHistory)?
    /// How many updates may wait for the reader before the server is read no further. Default 1,024.
    public var maximumQueuedUpdates = 1_024

    public init(nick: Nick, directory: String? = nil) {
      self.nick = nick
      self.directory = directory
    }
  }

  /// What happens, in order; for one reader. It ends when the client does.
  public let updates: ChatUpdates

  private let configuration: Configuration
  private let token: ChatToken?
  private let client: HookupClient
  private let queue: EventQueue<ChatUpdate>
  private let core: Mutex<Core>
  let history: (any ChatHistory)?
  let historyReads = HistoryReads()

  private struct Core {
    var machine: ChatClientMachine
    var actions = ActionQueue<ChatClientMachine.Action>()
    var alarm = Alarm()
  }

  /// Opens the profile and its outbox; does not connect yet.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a bad URL, or a directory that holds messages queued under another nick;
  ///   ``HookupError/Code/storage``, ``HookupError/Code/locked``.
  public init(
    _ url: String, configuration: Configuration, logger: Logger = Logger(label: "hookup.chat"),
    onChange: @escaping @Sendable () -> Void = {}
  ) throws(HookupError) {
    var settings = configuration.client
    settings.formats = [ResumeFormat(), JSONProtocolFormat()]
    settings.requiresSubprotocol = true
    settings.awaitsReady = true
    settings.reportsSent = true
    settings.keepalive?.pingsAtOnce = true
    let id: ClientID
    var token: ChatToken?
    if let directory = configuration.directory {
      token = ChatToken(directory: directory, nick: configuration.nick)
    }
    if let directory = configuration.directory, !configuration.onlyReads {
      let profile = try ChatProfile.open(directory: directory, nick: configuration.nick)
      id = profile.client
      settings.buffer = .file(directory: profile.outboxDirectory)
    } else {
      id = ChatProfile.client(in: configuration.directory, nick: configuration.nick)
    }
    self.configuration = configuration
    client = try HookupClient(url, configuration: settings, logger: logger, onChange: onChange)
    queue = EventQueue(limit: configuration.maximumQueuedUpdates)
    updates = ChatUpdates(queue: queue)
    self.token = token
    history = configuration.history
    let credential =
      configuration.password.map(ChatHello.Credential.password)
      ?? token?.read().map(ChatHello.Credential.token)
    core = Mutex(
      Core(
        machine: ChatClientMachine(
          nick: configuration.nick, client: id, credential: credential,
          device: configuration.device)))
  }

  /// Connects and stays connected until ``close()``, cancellation, or a failure for good. To be called once.
  public func run() async throws {
    defer { queue.finish() }
    await restoreHistory()
    do {
      try await restore()
    } catch let error as HookupError where error.code == .closed {
      // Closed before it began: there is nothing to show, and the client ends as it was told to.
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [client, queue, historyReads] in
        // What is left to tell is bounded, and nobody may be reading any more.
        defer {
          queue.stopHoldingWriters()
          historyReads.finish()
        }
        try await client.run()
      }
      group.addTask { [self] in await readHistory() }
      group.addTask { [self] in
        for await event in client.events { await take(event) }
      }
      try await group.waitForAll()
    }
  }

  /// Says `text` in a room. Returns when it is in the outbox; what becomes of it comes as ``ChatUpdate/own(_:)``.
  /// - Throws: as ``HookupClient/send(_:)``; ``HookupError/Code/invalidArgument`` for a text that is empty or over the limit.
  /// - Parameter kind: ``RoomAct/Kind/said`` or ``RoomAct/Kind/me``.
  @discardableResult
  public func say(
    _ text: String, in room: RoomName, as kind: RoomAct.Kind = .said,
    replyingTo ref: UInt64? = nil
  ) async throws -> MessageID {
    let said = try await say([RoomAct(kind, text: text, ref: ref)], in: room) { _ in }
    if case .failure(let error)? = said.first?.outcome { throw error }
    return said[0].id
  }

  /// Says several texts in order, which share a disk write. Returns what the outbox made of each.
  /// - Parameter announce: told the messages' ids before anything else can be heard of them.
  @discardableResult
  public func say(
    contentsOf texts: [String], in room: RoomName, announce: ([MessageID]) -> Void = { _ in }
  ) async throws -> [(id: MessageID, outcome: Result<SendReceipt, any Error>)] {
    try await say(texts.map { RoomAct.say($0) }, in: room, announce: announce)
  }

  private func say(
    _ acts: [RoomAct], in room: RoomName, announce: ([MessageID]) -> Void
  ) async throws -> [(id: MessageID, outcome: Result<SendReceipt, any Error>)] {
    let milliseconds = wallClockMilliseconds()
    let messages = acts.map { act in
      var message = OwnMessage(
        id: MessageID.random(), sequence: 0, room: room, text: act.text,
        milliseconds: milliseconds, state: .buffered)
      message.kind = act.kind
      message.ref = act.ref
      return message
    }
    announce(messages.map(\.id))
    for message in messages { handle(.said(message)) }
    let fitting = zip(messages, acts).filter { Self.fault(of: $0.0.text) == nil }
    var taken: [MessageID: Result<SendReceipt, any Error>] = [:]
    do {
      let outcomes = try await client.send(
        contentsOf: fitting.map { message, act in
          .json(ChatCommand.act(room, id: message.id, act).json)
            .needsAck(within: configuration.ackTimeout)
        })
      for ((message, _), outcome) in zip(fitting, outcomes) { taken[message.id] = outcome }
    } catch {
      for message in messages { handle(.notAccepted(message.id, reason: "\(error)")) }
      throw error
    }
    return messages.map { message in
      let outcome = taken[message.id] ?? .failure(Self.fault(of: message.text) ?? Self.emptyText)
      switch outcome {
      case .success(let receipt): handle(.accepted(message.id, sequence: receipt.sequence))
      case .failure(let error): handle(.notAccepted(message.id, reason: "\(error)"))
      }
      return (message.id, outcome)
    }
  }

  /// What keeps a text from being said, whatever the server; better known before it is queued than after.
  private static func fault(of text: String) -> HookupError? {
    let limit = ChatLimits().textBytes
    if text.isEmpty { return emptyText }
    guard text.utf8.count > limit else { return nil }
    return HookupError(
      .messageTooBig,
      "a message of \(text.utf8.count) bytes is over the chat's limit of \(limit) bytes: split it")
  }

  private static let emptyText = HookupError(
    .invalidArgument, "an empty message cannot be said: write something")

  /// Reads a room: the entries after `since`, or the newest ones when nil, then everything new.
  public func join(_ room: RoomName, since: UInt64? = nil) { handle(.join(room, since: since)) }

  public func part(_ room: RoomName) { handle(.part(room)) }

  /// Does something in a room: through the outbox, like a message. What was refused comes as
  /// ``ChatUpdate/refused(code:message:room:)``.
  public func perform(_ act: RoomAct, in room: RoomName) async throws {
    try await client.send(
      .json(ChatCommand.act(room, id: MessageID.random(), act).json)
        .needsAck(within: configuration.ackTimeout))
  }

  /// Takes back a message that was not sent yet: nobody ever sees it. It ends as ``DeliveryState/withdrawn``.
  /// - Throws: as ``HookupClient/withdraw(_:)``; ``HookupError/Code/refused`` also for a message that is stored or failed already.
  public func withdraw(_ id: MessageID) async throws {
    guard let sequence = core.withLock({ $0.machine.sequence(of: id) }) else {
      throw HookupError(.refused, "the message has left the outbox: it is too late")
    }
    try await client.withdraw(SendReceipt(sequence: sequence))
  }

  /// Sets a room's topic.
  public func setTopic(_ text: String, of room: RoomName) async throws {
    try await perform(.topic(text), in: room)
  }

  /// Asks the server something that is not kept when there is no connection: whois, search, devices, away, register.
  public func ask(_ command: ChatCommand) { handle(.ask(command)) }

  /// Logs in with a password, when the server refused to take us for who we say we are.
  public func logIn(password: String) { handle(.logIn(password: password)) }

  /// Answered by ``ChatUpdate/members(_:_:)``.
  public func requestMembers(of room: RoomName) { handle(.ask(.members(room))) }

  /// Answered by ``ChatUpdate/notice(_:)``.
  public func requestRooms() { handle(.ask(.rooms(after: nil))) }

  public func reconnect() { client.reconnect() }
  public func goOffline() { client.goOffline() }
  public func close() { client.close() }

  /// Returns when nothing waits in the outbox any more; see ``HookupClient/drained()``.
  /// - Throws: ``HookupError/Code/closed`` when the client ends first; `CancellationError`.
  public func drained() async throws { try await client.drained() }

  /// How the connection and the outbox stand now.
  public func snapshot(pendingAcks limit: Int = 64) async -> ClientSnapshot {
    await client.snapshot(pendingAcks: limit)
  }

  /// Own messages that are neither stored nor failed.
  public var unsettledCount: Int { core.withLock { $0.machine.unsettledCount } }

  // MARK: Driving the machine

  /// Feeds one event and carries out what follows. Under the lock, so that updates and commands keep the machine's order: neither
  /// pushing to the queue nor posting to the event loop waits.
  func handle(_ event: ChatClientMachine.Event) {
    core.withLock { core in
      core.machine.handle(event, at: .now, into: &core.actions)
      while let action = core.actions.popFirst() {
        switch action {
        case .send(let command): client.post(.json(command.json))
        case .ready: client.ready()
        case .tell(let update): queue.push([update])
        case .keep(let token): self.token?.write(token)
        case .record(let record): history?.take(record)
        case .read(let room, let offset): historyReads.add(room, before: offset)
        }
      }
      core.alarm.set(core.machine.nextDeadline, on: client.eventLoop) { [weak self] in
        self?.handle(.timer)
      }
    }
  }

  private func take(_ event: ClientEvent) async {
    switch event {
    case .connected: handle(.connected)
    case .disconnected: handle(.disconnected)
    case .json(let json): if let event = try? ChatEvent.parse(json) { handle(.received(event)) }
    case .sent(let sequence): handle(.sent(sequence: sequence))
    case .acknowledged(let sequence): handle(.acknowledged(sequence: sequence))
    case .delivered(let range):
      for sequence in range { handle(.acknowledged(sequence: sequence)) }
    case .failed(let sequence, let reason): handle(.failed(sequence: sequence, reason: reason))
    case .withdrawn(let sequence): handle(.withdrawn(sequence: sequence))
    case .broken(let broken): queue.push([.notice(broken.message)])
    // The chat's server numbers nothing: its rooms have offsets.
    case .delivery(let delivery): delivery.confirm()
    case .ackFailed(_, let sequence, _): handle(.overdue(sequence: sequence))
    case .error(let error): queue.push([.notice(error.message)])
    case .text, .binary, .reconnecting: break
    }
    await queue.waitForRoom()
    await history?.waitForRoom()
  }

  /// Shows what an earlier run left in the outbox.
  private func restore() async throws {
    var first: UInt64 = 1
    while true {
      let page = try await client.pendingMessages(from: first)
      for (sequence, message) in page {
        // What was said since the start is known, and may be stored by now.
        guard sequence < client.firstNewSequence else { return }
        first = sequence + 1
        guard case .json(let json) = message.content, let command = try? ChatCommand(json: json),
          case .act(let room, let id, let act) = command, act.kind.isSpeech
        else { continue }
        var own = OwnMessage(
          id: id, sequence: sequence, room: room, text: act.text,
          milliseconds: wallClockMilliseconds(), state: .buffered)
        own.kind = act.kind
        own.ref = act.ref
        handle(.restored(own))
      }
      if page.isEmpty { return }
    }
  }
}

/// The updates of a ``ChatClient``, for one reader.
public struct ChatUpdates: AsyncSequence, Sendable {
  let queue: EventQueue<ChatUpdate>

  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: EventQueue<ChatUpdate>.AsyncIterator
    public mutating func next() async -> ChatUpdate? { await base.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: queue.makeAsyncIterator())
  }
}

extension MessageID {
  /// 128 random bits: nobody can guess it before it is stored.
  static func random() -> MessageID {
    var generator = SystemRandomNumberGenerator()
    // The digits are always allowed ones; the fallback is there to have no trap.
    return (try? MessageID(hex(generator.next()) + hex(generator.next()))) ?? .random()
  }
}
