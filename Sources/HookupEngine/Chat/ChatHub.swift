import HookupCore
import Logging
import NIOCore

/// Drives a ``ChatHubMachine``: the connections on one side, the store on the other, one event loop in the middle.
final class ChatHub: @unchecked Sendable {
  // All that changes is touched on `loop` only; the rest is Sendable.

  /// What happened since the server began.
  var measures = ChatMeasures()
  let loop: any EventLoop
  let store: any ChatStore
  let clock: @Sendable () -> Int64
  let audit: @Sendable (AuditRecord) -> Void
  let logger: Logger
  let outstandingCommands: Int
  let appends = WorkQueue<Change>()
  let reads = WorkQueue<(ticket: ReadTicket, question: StoreRead)>()
  let questions = WorkQueue<AccountErrand>()
  /// Connections with an overflow that nobody hands on yet.
  let overflows = WorkQueue<ChatClientLink>()
  /// Told when the store begins to fail.
  let probes = WorkQueue<Void>()
  /// Nil when there are no accounts.
  let accounts: (any AccountDesk)?
  /// What ends waits that are under way: see ``pause(_:)``.
  var pauses: [Int: Scheduled<Void>] = [:]
  var lastPause = 0
  var isFinishing = false
  private var machine: ChatHubMachine
  private var actions = ActionQueue<ChatHubAction>()
  private(set) var links: [ChatConnectionKey: ChatClientLink] = [:]
  private var timer: (deadline: MonotonicInstant, task: Scheduled<Void>)?
  /// Connections whose event loops are to write when this turn is over.
  private var drains: [ChatClientLink] = []

  init(
    settings: ChatHubSettings, store: any ChatStore, accounts: (any AccountDesk)? = nil,
    loop: any EventLoop, clock: @escaping @Sendable () -> Int64,
    audit: @escaping @Sendable (AuditRecord) -> Void = { _ in }, logger: Logger
  ) {
    var settings = settings
    settings.hasAccounts = accounts != nil
    machine = ChatHubMachine(settings: settings, server: store.id)
    self.accounts = accounts
    outstandingCommands = settings.limits.outstandingCommands
    self.store = store
    self.loop = loop
    self.clock = clock
    self.audit = audit
    self.logger = logger
  }

  // MARK: From the connections, on any thread

  func connect(_ link: ChatClientLink, fallback: ClientID) {
    loop.execute {
      self.links[link.key] = link
      self.measures.opened += 1
      self.handle(.connected(link.key, fallback: fallback, address: link.address))
    }
  }

  func receive(
    _ link: ChatClientLink, _ ticket: CommandTicket, _ command: Result<ChatCommand, ChatRefusal>,
    _ acknowledgement: Acknowledgement?
  ) {
    loop.execute {
      if let acknowledgement { link.acknowledgements[ticket] = acknowledgement }
      self.measures.count(command)
      self.handle(.received(link.key, ticket, command))
    }
  }

  func disconnect(_ link: ChatClientLink) {
    link.gate.open()
    loop.execute {
      self.drop(link)
      self.handle(.disconnected(link.key))
    }
  }

  /// Ends the queues to the store when everything that was said before is in them.
  func finish() {
    loop.execute {
      self.timer?.task.cancel()
      self.timer = nil
      self.isFinishing = true
      for pause in self.pauses.values { pause.cancel() }
      self.appends.finish()
      self.reads.finish()
      self.questions.finish()
      self.overflows.finish()
      self.probes.finish()
    }
  }

  /// Hands on what did not fit into connections, for each of them until all of it did. A task for a connection that is slow, and none
  /// for the others.
  func pumpOverflows() async {
    await withDiscardingTaskGroup { group in
      while let links = await overflows.next() {
        for link in links { group.addTask { await self.pump(link) } }
      }
    }
  }

  private func pump(_ link: ChatClientLink) async {
    while true {
      let waiting = try? await loop.submit { self.takeOverflow(of: link) }.get()
      guard let waiting, !waiting.isEmpty else { return }
      for outgoing in waiting { await hand(outgoing, to: link) }
    }
  }

  private func hand(_ outgoing: ChatClientLink.Outgoing, to link: ChatClientLink) async {
    while true {
      switch link.hand(outgoing) {
      case .taken: return
      case .needsDrain:
        link.connection.eventLoop.execute { link.connection.drain() }
        return
      case .full:
        // Cancelled: the server stops, and what is left is of no use to anybody.
        guard (try? await link.connection.waitForRoom(wantsAck: false)) != nil else { return }
      }
    }
  }

  private func takeOverflow(of link: ChatClientLink) -> [ChatClientLink.Outgoing] {
    defer { link.overflow = [] }
    if link.overflow.isEmpty {
      link.isPumping = false
      handle(.writable(link.key, true))
    }
    return link.overflow
  }

  // MARK: On the event loop

  func handle(_ event: ChatHubEvent) {
    loop.assertInEventLoop()
    machine.milliseconds = clock()
    machine.handle(event, at: .now, into: &actions)
    while let action = actions.popFirst() { perform(action) }
    drain()
    schedule()
  }

  private func perform(_ action: ChatHubAction) {
    switch action {
    case .send(let event, let keys):
      if case .error(let refusal) = event, keys.count == 1 {
        links[keys[0]]?.refusal = refusal
        measures.refusals[refusal.code.rawValue, default: 0] += 1
      }
      send(event, to: keys)
    case .settle(let key, let ticket, let acknowledge):
      guard let link = links[key] else { return }
      settle(ticket, of: link, acknowledge: acknowledge)
    case .append(let ticket, var append):
      if let (key, command) = machine.command(of: ticket) {
        append.cursor = links[key]?.carryCursor(of: command)
      }
      appends.append(.entry(ticket, append))
    case .mark(let ticket, let mark): appends.append(.mark(ticket, mark))
    case .read(let ticket, let question):
      measures.reads += 1
      reads.append((ticket, question))
    case .identify(let ticket, let question): questions.append(.question(ticket, question))
    case .touch(let device, let nick): questions.append(.touch(device: device, of: nick))
    case .close(let key, let code, let reason):
      guard let link = links[key] else { return }
      drop(link)
      measures.closes[Int(code), default: 0] += 1
      link.connection.close(CloseCode(rawValue: code), reason: reason)
    }
  }

  /// Renders an event once, and a frame once for each wire format.
  private func send(_ event: ChatEvent, to keys: [ChatConnectionKey]) {
    let json = event.json
    var frames: [String: ByteBuffer] = [:]
    for key in keys {
      guard let link = links[key] else { continue }
      let format = link.connection.format
      if frames[format.subprotocol] == nil {
        guard let frame = try? format.encode(.message(.json(json))) else { continue }
        frames[format.subprotocol] = WebSocketFrameEncoder.encode(frame)
      }
      if let frame = frames[format.subprotocol] { send(.frame(frame), to: link) }
    }
  }

  func send(_ outgoing: ChatClientLink.Outgoing, to link: ChatClientLink) {
    guard !link.isPumping else {
      link.overflow.append(outgoing)
      return
    }
    switch link.hand(outgoing) {
    case .taken: break
    case .needsDrain: drains.append(link)
    case .full:
      link.overflow.append(outgoing)
      link.isPumping = true
      overflows.append(link)
      machine.handle(.writable(link.key, false), at: .now, into: &actions)
    }
  }

  /// One task for each event loop that has something to write.
  func drain() {
    guard !drains.isEmpty else { return }
    var loops: [ObjectIdentifier: (loop: any EventLoop, connections: [ServerConnection])] = [:]
    for link in drains {
      let loop = link.connection.eventLoop
      loops[ObjectIdentifier(loop), default: (loop, [])].connections.append(link.connection)
    }
    drains.removeAll(keepingCapacity: true)
    for (loop, connections) in loops.values {
      loop.execute { for connection in connections { connection.drain() } }
    }
  }

  /// Whether the store failed, and no batch waits that will show whether it still does.
  var wantsProbe: Bool {
    measures.storeHealth.wantsProbe && machine.storeFailure == nil && !isFinishing
  }

  /// How the server stands.
  func measure() async -> ChatMeasures {
    let now = try? await loop.submit {
      var measures = self.measures
      self.machine.measure(into: &measures)
      return measures
    }.get()
    return now ?? ChatMeasures()
  }

  func presences(after number: UInt64, limit: Int) async -> [ChatPresence] {
    let found = try? await loop.submit { self.machine.presences(after: number, limit: limit) }.get()
    return found ?? []
  }

  private func drop(_ link: ChatClientLink) {
    links[link.key] = nil
    link.overflow = []
    link.acknowledgements = [:]
    link.gate.open()
  }

  /// An operator's word. From any thread.
  func tell(_ event: ChatHubEvent) {
    loop.execute { self.handle(event) }
  }

  private func schedule() {
    guard machine.nextDeadline != timer?.deadline else { return }
    timer?.task.cancel()
    timer = machine.nextDeadline.map { deadline in
      let task = loop.scheduleTask(deadline: NIODeadline(deadline)) {
        self.timer = nil
        self.handle(.timer)
      }
      return (deadline, task)
    }
  }
}
