import HookupCore
import NIOCore

/// Drives one session machine, of either side, in virtual time: performs what it orders, feeds what came of it.
final class SessionDriver {
  /// Counts drivers.
  private(set) var id = 0
  let node: Node
  let outbox: Outbox
  private(set) var machine: SessionMachine
  private var actions = ActionQueue<SessionMachine.Action>()
  /// The open connections by the machine's number of them.
  var links: [UInt64: Link] = [:]
  /// What `send` was called with, by ticket, and later by number.
  private var tickets: [UInt64: UInt64] = [:]
  private var lastTicket: UInt64 = 0
  /// How often the client had dialled for each connection.
  var dialled: [UInt64: UInt64] = [:]
  private var armed: MonotonicInstant?
  /// The content of the numbered frame that is being fed.
  private var incoming: UInt64 = 0
  /// Received and not yet committed, in order; the first is being committed when `isCommitting`.
  private(set) var pipeline: [Delivery] = []
  private(set) var isCommitting = false
  private var receipts: [UInt64: Receipt] = [:]
  /// How many messages it began with: what was settled may come back with a crash, beyond the limit.
  private(set) var recovered = 0
  private(set) var isFinished = false
  /// The numbering that was received before the last one began.
  private(set) var formerKey: EffectStore.Key?

  private enum Receipt: Int { case accepted, sent, settled }

  /// Where the other side's messages have their effect.
  var store: () -> EffectStore
  var setStore: (EffectStore) -> Void
  var peerID: () -> SessionID
  var dial: (UInt64, World) -> Void = { _, _ in }
  var renew: (SessionIdentity, World) -> Void = { _, _ in }
  /// Called between two commits.
  var idle: (World) -> Void = { _ in }

  init(
    node: Node, outbox: Outbox, machine: SessionMachine, oracle: DeliveryOracle,
    store: @escaping () -> EffectStore,
    setStore: @escaping (EffectStore) -> Void, peerID: @escaping () -> SessionID
  ) {
    self.node = node
    self.outbox = outbox
    self.machine = machine
    self.store = store
    self.setStore = setStore
    self.peerID = peerID
    outbox.driver = self
    id = oracle.began(self)
    recovered = machine.window.count
  }

  /// Whether a `send` waits for its place in the outbox.
  var isSending: Bool { !tickets.isEmpty }

  var isServer: Bool { machine.session?.resume.role == .server }

  func send(_ body: UInt64, _ world: World) {
    if world.mutation == .bypass, let number = machine.openConnection, let link = links[number] {
      world.oracle.appended(body, sequence: 0, by: self)
      world.oracle.confirmed(body, by: self)
      link.send(.frame(.plain(.binary(Self.content(body)))), from: node, world)
      return
    }
    lastTicket += 1
    tickets[lastTicket] = body
    feed(.submitted(lastTicket, bytes: 8, ackTimeout: nil), world)
  }

  static func content(_ body: UInt64) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(body)
    return buffer
  }

  // MARK: Events

  func feed(_ event: SessionMachine.Event, _ world: World) {
    world.note(node, "\(event)", isEvent: true)
    let receiving = key
    machine.handle(event, at: world.now, into: &actions)
    world.oracle.checkQueues(self, actions: actions.count)
    while let action = actions.popFirst() {
      if case .report(.broken(.restarted)) = action { formerKey = receiving }
      perform(action, world)
    }
    arm(world)
  }

  private func arm(_ world: World) {
    guard let deadline = machine.nextDeadline else { return }
    if let armed, armed <= deadline { return }
    let time = max(deadline, world.now)
    armed = time
    world.plan(at: time, owner: (node, node.process)) { world in
      guard self.armed == time else { return }
      self.armed = nil
      if let due = self.machine.nextDeadline, due <= world.now {
        self.feed(.timer, world)
      } else {
        self.arm(world)
      }
    }
  }

  /// A frame has come on the connection that the machine calls `number`.
  func received(_ frame: ResumeFrame, _ number: UInt64, _ world: World) {
    switch frame {
    case .hello: break
    case .welcome(var hello):
      if world.mutation == .ignoreTags { hello.receiving.tag = 0 }
      if world.mutation == .forgetRefusals { hello.refusals = [] }
      feed(.welcome(number, hello), world)
    case .numbered(let message):
      guard case .binary(var content) = message.content,
        let body = content.readInteger(as: UInt64.self)
      else { return }
      incoming = body
      let received = machine.session?.resume.received.received ?? 0
      if machine.openConnection == number {
        if world.mutation == .acceptGaps, message.sequence > received + 1 {
          feed(
            .skipped(number, through: message.sequence - 1, tag: 0, .withdrawn), world)
        }
      }
      feed(
        .numbered(
          number, sequence: message.sequence, tag: message.tag,
          isRedelivered: message.isRedelivered), world)
    case .plain(let content):
      if case .binary(var bytes) = content, let body = bytes.readInteger(as: UInt64.self) {
        var store = store()
        store.log.append(
          EffectStore.Effect(
            body: body, key: key, sequence: 0, isRedelivered: false))
        setStore(store)
      }
    case .ack(let through, let credit):
      feed(.acknowledged(number, through: through, credit: credit), world)
    case .nack(let sequence, let reason):
      feed(.rejected(number, sequence: sequence, reason: reason), world)
    case .skip(let through, let tag, let reason):
      feed(.skipped(number, through: through, tag: tag, reason), world)
    case .bye(let bye): feed(.saidBye(number, bye), world)
    }
  }

  func closed(_ link: Link, _ number: UInt64, code: UInt16, reason: String, _ world: World) {
    if links[number] === link { links[number] = nil }
    feed(.closed(number, code: code, reason: reason), world)
  }

  // MARK: Actions

  private func perform(_ action: SessionMachine.Action, _ world: World) {
    world.note(node, "  → \(action)", isEvent: true)
    switch action {
    case .open(let number): dial(number, world)
    case .close(let number, let code, let reason):
      links[number]?.close(node, code: code, reason: reason, world)
    case .abort(let number): links[number]?.abort(node, world)
    case .setReading: break
    case .append(let ticket, let sequence, let tag):
      guard let body = tickets.removeValue(forKey: ticket) else {
        return world.oracle.violation("append for an unknown ticket \(ticket)")
      }
      world.oracle.appended(body, sequence: sequence, by: self)
      outbox.append(sequence, tag: tag, body: body, world)
    case .refuse(let ticket, _):
      if let body = tickets.removeValue(forKey: ticket) { world.oracle.rejected(body, by: self) }
    case .accept(let range):
      for sequence in range { accepted(sequence, world) }
    case .reject(let range, _):
      for sequence in range { world.oracle.rejected(sequence, by: self) }
    case .withdraw(_, let sequence):
      world.oracle.withdrawing(sequence, by: self)
      outbox.withdraw(sequence, world)
    case .refuseWithdrawal: break
    case .load(let number, let from, let count, _):
      world.io(
        node, "reads", effect: { _ in },
        then: { world in
          let found = self.outbox.load(
            from: from, count: count, through: self.machine.window.durable)
          self.feed(.loaded(number, found), world)
        })
    case .transmit, .discard: break
    case .transmitNumbered(let number, let sequence, let wire, let tag, let isRedelivered):
      guard let body = outbox.bodies[sequence] else {
        return world.oracle.violation("number \(sequence) is to be sent and is not in the outbox")
      }
      links[number]?.send(
        .frame(
          .numbered(
            ResumeFrame.Numbered(
              sequence: wire, tag: tag, isRedelivered: isRedelivered,
              content: .binary(Self.content(body))))), from: node, world)
      if world.mutation == .pruneAtSend { outbox.settle(sequence, world) }
    case .frame(let number, .welcome(var welcome)) where world.mutation == .noFencing:
      welcome.connection = dialled[number] ?? welcome.connection
      links[number]?.send(.frame(.welcome(welcome)), from: node, world)
    case .frame(let number, let frame):
      links[number]?.send(.frame(frame), from: node, world)
    case .deliver(let sequence, let tag, let isRedelivered):
      deliver(sequence, tag, isRedelivered, world)
    case .pass(let through, let tag):
      pipeline.append(
        Delivery(
          key: key, base: machine.session?.resume.received.committed ?? 0, sequence: through,
          tag: tag, body: nil, isRedelivered: false))
      commit(world)
    case .renew(let identity): renew(identity, world)
    case .settle(let sequence): outbox.settle(sequence, world)
    case .report(let report): told(report, world)
    case .finish: isFinished = true
    }
  }

  // MARK: Receipts

  private func accepted(_ sequence: UInt64, _ world: World) {
    if receipts[sequence] != nil {
      world.oracle.violation("\(node.name): number \(sequence) was accepted twice")
    }
    receipts[sequence] = .accepted
    world.oracle.confirmed(sequence: sequence, by: self)
    considerWithdrawing(sequence, world)
  }

  private func considerWithdrawing(_ sequence: UInt64, _ world: World) {
    guard !isServer, world.plan.withdrawOneIn > 0,
      world.whims.next() % world.plan.withdrawOneIn == 0
    else { return }
    let patience = world.plan.spreadsOut ? Duration.seconds(2) : .milliseconds(3)
    world.after(world.whims.duration(upTo: patience), node) {
      self.feed(.withdrawalRequested(sequence, sequence), $0)
    }
  }

  private func told(_ report: SessionMachine.Report, _ world: World) {
    switch report {
    case .sent(let sequence): move(sequence, to: .sent, world)
    case .delivered(let range):
      for sequence in range {
        move(sequence, to: .settled, world)
        world.oracle.delivered(sequence, by: self)
      }
    case .failed(let sequence, _):
      move(sequence, to: .settled, world)
      world.oracle.failed(sequence, by: self)
    case .withdrawn(let sequence):
      move(sequence, to: .settled, world)
      world.oracle.withdrawn(sequence, by: self)
    case .broken(let broken):
      world.oracle.broken(broken, by: self)
    case .connected(let number):
      world.oracle.resumed(self)
      if world.plan.awaitsGreeting {
        world.after(.milliseconds(3), node) { self.feed(.greeted(number), $0) }
      }
    default: break
    }
  }

  private func move(_ sequence: UInt64, to receipt: Receipt, _ world: World) {
    let now = receipts[sequence]
    if now == .settled {
      world.oracle.violation(
        "\(node.name): number \(sequence) is settled and became \(receipt)")
    }
    if now == .sent, receipt == .accepted {
      world.oracle.violation("\(node.name): the receipt of \(sequence) went back")
    }
    receipts[sequence] = receipt
  }

  // MARK: Deliveries

  var key: EffectStore.Key {
    EffectStore.Key(
      client: peerID(), epoch: machine.session?.resume.received.epoch ?? 0)
  }

  /// What the other side knows this side's numbering by.
  var sendingKey: EffectStore.Key {
    EffectStore.Key(
      client: isServer
        ? SessionID(high: 0, low: 0) : machine.session?.resume.identity.client ?? peerID(),
      epoch: machine.session?.resume.identity.epoch ?? 0)
  }

  private func deliver(
    _ sequence: UInt64, _ tag: UInt64, _ isRedelivered: Bool, _ world: World
  ) {
    let delivery = Delivery(
      key: key, base: machine.session?.resume.received.committed ?? 0, sequence: sequence,
      tag: tag, body: incoming, isRedelivered: isRedelivered)
    pipeline.append(delivery)
    if world.mutation == .ackBeforeCommit {
      let key = key
      world.after(.zero, node) { world in
        if self.key == key { self.feed(.committed(through: sequence), world) }
      }
    }
    commit(world)
  }

  /// Throws away what was delivered on a connection that was fenced. Nothing may be being committed.
  func forgetDeliveries() { pipeline = [] }

  private func commit(_ world: World) {
    guard !isCommitting else { return }
    // A new connection is taken up between two commits, when what is committed is known exactly.
    idle(world)
    guard !isCommitting, let next = pipeline.first else { return }
    isCommitting = true
    var applied: EffectStore.Applied?
    let refusal = next.body.flatMap { world.refusal(of: $0) }
    let split = world.mutation == .twoTransactions
    world.io(
      node, split ? "stores \(next.sequence)" : "commits \(next.sequence)",
      effect: { world in
        guard world.now >= world.commitsFailUntil || !self.isServer else { return }
        let before = self.store()
        var after = before
        applied = after.apply(
          next, refusal: refusal, filters: world.mutation != .noDuplicateFilter)
        if split {
          let cursors = after.cursors
          after.cursors = before.cursors
          self.setStore(after)
          world.after(.milliseconds(1), self.node) { _ in
            var store = self.store()
            store.cursors = cursors
            self.setStore(store)
          }
        } else {
          self.setStore(after)
        }
        world.oracle.checkLog(after, by: self)
      },
      then: { world in
        if split {
          world.after(.milliseconds(2), self.node) { self.committed(next, applied, $0) }
        } else {
          self.committed(next, applied, world)
        }
      })
  }

  private func committed(_ next: Delivery, _ applied: EffectStore.Applied?, _ world: World) {
    isCommitting = false
    pipeline.removeFirst()
    // What is of a numbering that is over concerns the machine no more.
    let isCurrent = next.key == key
    switch applied {
    case .committed:
      if isCurrent, world.mutation != .ackBeforeCommit {
        feed(.committed(through: next.sequence), world)
      }
    case .refused(let reason):
      if isCurrent { feed(.refused(next.sequence, reason: reason), world) }
    case .gap:
      world.oracle.violation("\(node.name): number \(next.sequence) was to be committed over a gap")
    case nil:
      let wasAwaited = isCurrent || pipeline.contains { $0.key == key }
      pipeline = []
      if wasAwaited {
        feed(.commitFailed(HookupError(.storage, "the store fails")), world)
      }
    }
    commit(world)
  }
}
