import HookupCore

/// A client: its disk with outbox, identity and received effects, and a program that sends.
final class ClientNode: Node {
  struct Saved {
    var client: SessionID
    var connections: UInt64 = 0
    var epoch: UInt64
    var base: UInt64 = 0
    var outboxEpoch: UInt64
  }

  /// What is in its directory beside the outbox, each a small file that is replaced as a whole.
  var saved: Saved?
  var store: EffectStore
  private(set) var driver: SessionDriver?
  /// Bodies the program still has to send.
  private var unsent: [UInt64] = []
  private var renewing = 0
  private var dials: [UInt64] = []
  /// Whose later messages carry another sender: clones have a number of their own.
  let sender: UInt64

  init(id: Int, store: EffectStore) {
    sender = UInt64(id)
    self.store = store
    super.init(id: id, name: "client \(id)")
  }

  func submit(_ body: UInt64, _ world: World) {
    guard isUp, let driver else { return unsent.append(body) }
    driver.send(body, world)
  }

  var isQuiet: Bool {
    guard isUp, let driver, unsent.isEmpty, driver.pipeline.isEmpty,
      driver.machine.window.count == 0
    else { return false }
    return !driver.isSending && driver.machine.openConnection != nil && driver.machine.isResumed
  }

  override var held: Set<UInt64> {
    if let driver { return Set(driver.outbox.bodies.values) }
    let found = JournaledOutbox.contents(of: disk.platter, prefix: "")
    let base = saved?.outboxEpoch == found.epoch ? saved?.base ?? 0 : 0
    return Set(found.bodies.lazy.filter { $0.key > base }.map(\.value))
  }

  override func run(_ world: World) {
    renewing = 0
    dials = []
    world.io(
      self, "opens its outbox", effect: { _ in },
      then: { world in
        let outbox = JournaledOutbox(node: self, prefix: "")
        guard let recovered = outbox.recover(world) else {
          world.note(self, "cannot open its outbox now")
          return self.crash(world)
        }
        world.oracle.recovered(outbox.bodies, withdrawn: recovered.withdrawn, by: self)
        self.identify(outbox, recovered, world)
      })
  }

  private func identify(
    _ outbox: JournaledOutbox, _ recovered: JournaledOutbox.Recovered, _ world: World
  ) {
    let first = recovered.pending.first?.sequence ?? recovered.nextSequence
    var next =
      saved
      ?? Saved(
        client: SessionID(high: world.random.next(), low: world.random.next()),
        epoch: SessionIdentity.epoch(after: 0, random: world.random.next()), base: first - 1,
        outboxEpoch: recovered.epoch)
    // A base that numbers to come would lie below: the outbox is older than the identity.
    if next.outboxEpoch != recovered.epoch || next.base >= recovered.nextSequence {
      next.epoch = SessionIdentity.epoch(after: next.epoch, random: world.random.next())
      next.base = first - 1
      next.outboxEpoch = recovered.epoch
      world.note(self, "its outbox was damaged: a new numbering")
      world.oracle.renumbered(self, outbox.bodies)
    }
    world.io(
      self, "keeps its identity", effect: { _ in self.saved = next },
      then: { self.begin(outbox, recovered, next, $0) })
  }

  private func begin(
    _ outbox: JournaledOutbox, _ recovered: JournaledOutbox.Recovered, _ saved: Saved,
    _ world: World
  ) {
    var received = ReceiveWindow()
    var refusals: [SessionHello.Refusal] = []
    if let key = store.latest, let cursor = store.cursors[key] {
      received = ReceiveWindow(epoch: key.epoch, committed: cursor.committed, tag: cursor.tag)
      refusals = world.mutation == .forgetRefusals ? [] : cursor.refusals
    }
    let machine = SessionMachine(
      settings: world.settings,
      window: SendWindow(
        nextSequence: recovered.nextSequence, pending: recovered.pending,
        withdrawn: recovered.withdrawn),
      random: RandomSource(seed: world.random.next()),
      resume: SessionMachine.Resume(
        role: .client,
        identity: SessionIdentity(client: saved.client, epoch: saved.epoch, base: saved.base),
        incarnation: world.random.next(), received: received,
        remembersReceived: store.isTransactional, refusals: refusals))
    let driver = SessionDriver(
      node: self, outbox: outbox, machine: machine, oracle: world.oracle, store: { self.store },
      setStore: { self.store = $0 }, peerID: { SessionID(high: 0, low: 0) })
    driver.dial = { [unowned self] in dial($0, $1) }
    driver.renew = { [unowned self] in renew($0, $1) }
    self.driver = driver
    // What a crash brought back from a numbering that is over had its end before.
    for entry in recovered.pending where entry.sequence <= saved.base {
      outbox.settle(entry.sequence, world)
    }
    driver.feed(.start, world)
    let bodies = unsent
    unsent = []
    for body in bodies { driver.send(body, world) }
  }

  override func fall(_ world: World) {
    driver = nil
    store.crash()
    world.after(world.random.duration(upTo: .seconds(3)), nil) { self.start($0) }
  }

  // MARK: Dialling

  private func renew(_ identity: SessionIdentity, _ world: World) {
    renewing += 1
    world.io(
      self, "renews its identity",
      effect: { _ in
        self.saved?.client = identity.client
        self.saved?.epoch = identity.epoch
        self.saved?.base = identity.base
      },
      then: { world in
        self.renewing -= 1
        guard self.renewing == 0 else { return }
        let dials = self.dials
        self.dials = []
        for number in dials { self.dial(number, world) }
      })
  }

  private func dial(_ number: UInt64, _ world: World) {
    guard renewing == 0 else { return dials.append(number) }
    let connection = (saved?.connections ?? 0) + 1
    world.io(
      self, "counts dial \(connection)", effect: { _ in self.saved?.connections = connection },
      then: { world in
        world.after(world.plan.latency * 3, self) { self.connect(number, connection, $0) }
      })
  }

  private func connect(_ number: UInt64, _ connection: UInt64, _ world: World) {
    guard let driver else { return }
    guard world.server.isUp, world.server.suspendedUntil == nil, world.dialsFailUntil <= world.now
    else {
      return driver.feed(
        .openFailed(
          number,
          SessionMachine.OpenFailure(error: HookupError(.connectFailed, "nobody answers"))), world)
    }
    let link = world.connect(self, number: number)
    driver.links[number] = link
    driver.feed(.opened(number, .resume(connection: connection)), world)
    world.oracle.checkConnections(self)
    if world.closesAtOnceUntil > world.now {
      link.close(world.server, code: 1013, reason: "overloaded", world)
    }
  }

  override func received(_ packet: Link.Packet, on link: Link, _ world: World) {
    guard let driver else { return }
    switch packet {
    case .frame(let frame): driver.received(frame, link.number, world)
    case .closed(let code, let reason):
      driver.closed(link, link.number, code: code, reason: reason, world)
    }
  }
}
