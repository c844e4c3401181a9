import NIOCore

@testable import HookupCore

/// A client's and a server's machine, joined by a link without delay; disks that never fail. A test cuts, restarts and rolls back.
struct SessionPair {
  enum Side { case client, server }

  struct Node {
    var machine: SessionMachine
    var queue = ActionQueue<SessionMachine.Action>()
    var settings: SessionMachine.Settings
    /// The outbox: what is durable and not settled, and the number after the last.
    var outbox: [UInt64: UInt64] = [:]
    var nextSequence: UInt64 = 1
    var withdrawn: Set<UInt64> = []
    var identity: SessionIdentity
    var lastTicket: UInt64 = 0
    /// What the program was handed, as numbers on the wire.
    var delivered: [UInt64] = []
    var redelivered: [UInt64] = []
    /// The durable cursor.
    var committed: UInt64 = 0
    var committedTag: UInt64 = 0
    var committedEpoch: UInt64 = 0
    var refusals: [SessionHello.Refusal] = []
    var lastConnection: UInt64 = 0
    var reports: [SessionMachine.Report] = []
    var closes: [UInt16] = []
    var frames: [ResumeFrame] = []
    var commits = true
    var refuses: Set<UInt64> = []
    var remembers = true
  }

  var client: Node
  var server: Node
  var now = MonotonicInstant.zero
  /// What the client counts durably.
  var dials: UInt64 = 0
  var number: UInt64 = 0
  var isUp = false
  var seed: UInt64 = 1

  init(
    serverSends: Bool = false, _ change: (inout SessionMachine.Settings) -> Void = { _ in }
  ) {
    var settings = SessionMachine.Settings()
    change(&settings)
    let id = SessionID(high: 1, low: 2)
    client = Self.node(.client, settings, SessionIdentity(client: id, epoch: 1 << 32))
    server = Self.node(
      .server, settings, SessionIdentity(client: id, epoch: serverSends ? 1 << 32 : 0))
  }

  private static func node(
    _ role: SessionMachine.Resume.Role, _ settings: SessionMachine.Settings,
    _ identity: SessionIdentity
  ) -> Node {
    let machine = SessionMachine(
      settings: settings, window: SendWindow(nextSequence: 1, pending: []),
      random: RandomSource(seed: role == .client ? 1 : 2),
      resume: SessionMachine.Resume(
        role: role, identity: identity, incarnation: 1, remembersReceived: role == .client))
    return Node(machine: machine, settings: settings, identity: identity)
  }

  subscript(side: Side) -> Node {
    get { side == .client ? client : server }
    set { if side == .client { client = newValue } else { server = newValue } }
  }

  // MARK: What a test does

  mutating func feed(_ side: Side, _ event: SessionMachine.Event) {
    feedLater(side, event)
    while let action = self[side].queue.popFirst() { perform(action, side) }
  }

  /// The client's program sends messages that get `numbers`, and the disk takes none of them.
  mutating func sendToFullDisk(_ numbers: ClosedRange<UInt64>) {
    for number in numbers {
      client.machine.handle(
        .submitted(100 + number, bytes: 1, ackTimeout: nil), at: now, into: &client.queue)
    }
    client.machine.handle(
      .storeFailed(numbers, HookupError(.storage, "full")), at: now, into: &client.queue)
    _ = client.queue.drain()
  }

  mutating func send(_ side: Side = .client, bytes: Int = 10) {
    self[side].lastTicket += 1
    feed(side, .submitted(self[side].lastTicket, bytes: bytes, ackTimeout: nil))
  }

  /// Takes a message back.
  mutating func withdraw(_ sequence: UInt64) {
    feed(.client, .withdrawalRequested(99, sequence))
  }

  /// Dials and exchanges the first frames; then what follows, until all is quiet.
  mutating func connect(exchange: Bool = true) {
    if client.machine.state == .offline {
      feed(.client, .start)
    } else if case .retrying(let until) = client.machine.state {
      now = max(now, until)
      feed(.client, .timer)
    }
    guard client.machine.state == .connecting(number) else { return }
    dials += 1
    isUp = true
    feed(.client, .opened(number, .resume(connection: dials)))
    if exchange { settle() }
  }

  /// The connection is gone, and what was on the way with it.
  mutating func cut() {
    client.frames = []
    server.frames = []
    isUp = false
    feed(.client, .closed(number, code: 1006, reason: ""))
    feed(.server, .closed(number, code: 1006, reason: ""))
  }

  /// One frame from `side` to the other.
  @discardableResult
  mutating func carry(_ side: Side) -> ResumeFrame? {
    guard isUp, !self[side].frames.isEmpty else { return nil }
    let frame = self[side].frames.removeFirst()
    hear(side == .client ? .server : .client, frame)
    return frame
  }

  /// Frames and due timers until nothing is left; not the ones of retries.
  mutating func settle() {
    for _ in 0..<10_000 {
      if carry(.client) != nil || carry(.server) != nil { continue }
      var isQuiet = true
      for side in [Side.client, .server] {
        guard let due = self[side].machine.session?.ackDueAt else { continue }
        now = max(now, due)
        feed(side, .timer)
        isQuiet = false
      }
      if isQuiet { return }
    }
  }

  /// The process is gone and comes back with what is on its disk.
  mutating func restart(_ side: Side) {
    if isUp { cut() }
    seed += 1
    let node = self[side]
    var received = ReceiveWindow()
    if node.remembers, node.committedEpoch != 0 {
      received = ReceiveWindow(
        epoch: node.committedEpoch, committed: node.committed, tag: node.committedTag)
    }
    let pending = node.outbox.sorted { $0.key < $1.key }
      .map { (sequence: $0.key, bytes: 10, ackTimeout: Duration?.none, tag: $0.value) }
    self[side].machine = SessionMachine(
      settings: node.settings,
      window: SendWindow(
        nextSequence: node.nextSequence, pending: pending, withdrawn: node.withdrawn),
      random: RandomSource(seed: seed),
      resume: SessionMachine.Resume(
        role: side == .client ? .client : .server, identity: node.identity, incarnation: seed,
        received: received, remembersReceived: side == .client && node.remembers,
        lastConnection: node.lastConnection,
        refusals: node.remembers ? node.refusals : []))
    if side == .client { number = 0 }
  }

  // MARK: The driver

  private mutating func perform(_ action: SessionMachine.Action, _ side: Side) {
    switch action {
    case .open(let dialled): number = dialled
    case .close(let closed, let code, _):
      self[side].closes.append(code)
      if closed == number { hangUp(side, code: code) }
    case .abort(let aborted): if aborted == number { hangUp(side, code: 1006) }
    case .append(_, let sequence, let tag):
      self[side].outbox[sequence] = tag
      self[side].nextSequence = sequence + 1
      feedLater(side, .stored(through: sequence))
    case .load(let number, let from, let count, _):
      let found = self[side].outbox.keys.filter { $0 >= from }.sorted().prefix(count)
      feedLater(side, .loaded(number, Array(found)))
    case .settle(let sequence):
      self[side].outbox[sequence] = nil
      self[side].withdrawn.remove(sequence)
    case .withdraw(_, let sequence):
      self[side].withdrawn.insert(sequence)
      feedLater(side, .withdrawalStored(sequence))
    case .transmitNumbered(_, _, let wire, let tag, let isRedelivered):
      self[side].frames.append(
        .numbered(
          ResumeFrame.Numbered(
            sequence: wire, tag: tag, isRedelivered: isRedelivered, content: .text("\(wire)"))))
    case .frame(_, let frame): self[side].frames.append(frame)
    case .deliver(let sequence, let tag, let isRedelivered):
      self[side].delivered.append(sequence)
      if isRedelivered { self[side].redelivered.append(sequence) }
      if self[side].commits { commit(side, sequence, tag) }
    case .pass(let through, let tag): commit(side, through, tag)
    case .renew(let identity): self[side].identity = identity
    case .report(let report): self[side].reports.append(report)
    case .setReading, .refuse, .accept, .reject, .transmit, .discard, .finish, .refuseWithdrawal:
      break
    }
  }

  mutating func commit(_ side: Side, _ sequence: UInt64, _ tag: UInt64) {
    self[side].committed = sequence
    self[side].committedTag = tag
    self[side].committedEpoch = self[side].machine.session?.resume.received.epoch ?? 0
    if self[side].refuses.contains(sequence) {
      self[side].refusals.append(SessionHello.Refusal(sequence: sequence, reason: "no"))
      feedLater(side, .refused(sequence, reason: "no"))
    } else {
      feedLater(side, .committed(through: sequence))
    }
  }

  private mutating func feedLater(_ side: Side, _ event: SessionMachine.Event) {
    var node = self[side]
    node.machine.handle(event, at: now, into: &node.queue)
    self[side] = node
  }

  private mutating func hangUp(_ side: Side, code: UInt16) {
    guard isUp else { return }
    isUp = false
    // What was written before the close frame still arrives.
    while !self[side].frames.isEmpty {
      hear(side == .client ? .server : .client, self[side].frames.removeFirst())
    }
    client.frames = []
    server.frames = []
    feed(side == .client ? .server : .client, .closed(number, code: code, reason: ""))
  }

  mutating func hear(_ side: Side, _ frame: ResumeFrame) {
    let event: SessionMachine.Event
    switch frame {
    case .hello(let hello):
      let memory = server.memory(of: hello.sending.epoch)
      server.lastConnection = max(server.lastConnection, hello.connection)
      event = .hello(number, hello, memory)
    case .welcome(let welcome): event = .welcome(number, welcome)
    case .numbered(let message):
      event = .numbered(
        number, sequence: message.sequence, tag: message.tag,
        isRedelivered: message.isRedelivered)
    case .ack(let through, let credit):
      event = .acknowledged(number, through: through, credit: credit)
    case .nack(let sequence, let reason):
      event = .rejected(number, sequence: sequence, reason: reason)
    case .skip(let through, let tag, let reason):
      event = .skipped(number, through: through, tag: tag, reason)
    case .bye(let bye): event = .saidBye(number, bye)
    case .plain: return
    }
    feed(side, event)
  }
}

extension SessionPair.Node {
  /// What its store answers.
  func memory(of epoch: UInt64) -> ReceiveWindow.Memory {
    if !remembers { return .unknown }
    if SessionIdentity.isStale(epoch, beside: committedEpoch) { return .superseded }
    return committedEpoch == epoch ? .committed(committed, tag: committedTag) : .nothing
  }

  /// The numbers that were told as delivered.
  var confirmed: [UInt64] {
    reports.flatMap { report -> [UInt64] in
      if case .delivered(let range) = report { Array(range) } else { [] }
    }
  }

  var failed: [UInt64] {
    reports.compactMap { if case .failed(let sequence, _) = $0 { sequence } else { nil } }
  }

  /// The numbers that were told as withdrawn.
  var takenBack: [UInt64] {
    reports.compactMap { if case .withdrawn(let sequence) = $0 { sequence } else { nil } }
  }

  var breaks: [SessionBreak] {
    reports.compactMap { if case .broken(let broken) = $0 { broken } else { nil } }
  }
}
