import HookupCore

/// The server: a store, and a session for each client that has said hello since it started.
final class ServerNode: Node {
  struct Saved {
    var identity: SessionIdentity
    var outboxEpoch: UInt64
  }

  private struct Greeting {
    var hello: SessionHello
    var link: Link
    var prior: UInt64
  }

  var store: EffectStore
  /// The identities of what it sends, where that is durable.
  var saved: [SessionID: Saved] = [:]
  private(set) var drivers: [SessionID: SessionDriver] = [:]
  private var sessions: [UInt64: SessionID] = [:]
  private var greetings: [SessionID: [Greeting]] = [:]
  private var renewing: [SessionID: Int] = [:]

  init(store: EffectStore) {
    self.store = store
    super.init(id: 0, name: "server")
  }

  override var held: Set<UInt64> {
    var held: Set<UInt64> = []
    let disk = disk.platter
    for driver in drivers.values { held.formUnion(driver.outbox.bodies.values) }
    for (client, known) in saved where drivers[client] == nil {
      let found = JournaledOutbox.contents(of: disk, prefix: Self.prefix(client))
      let base = known.outboxEpoch == found.epoch ? known.identity.base : 0
      held.formUnion(found.bodies.lazy.filter { $0.key > base }.map(\.value))
    }
    return held
  }

  private static func prefix(_ client: SessionID) -> String { client.text + "/" }

  override func fall(_ world: World) {
    for driver in drivers.values where !(driver.outbox is JournaledOutbox) {
      world.oracle.ringLost(driver)
    }
    drivers = [:]
    sessions = [:]
    greetings = [:]
    renewing = [:]
    store.crash()
    world.after(world.random.duration(upTo: .seconds(3)), nil) { self.start($0) }
  }

  override func received(_ packet: Link.Packet, on link: Link, _ world: World) {
    switch packet {
    case .frame(.hello(let hello)): greet(hello, link, world)
    case .frame(let frame):
      guard let client = sessions[link.id], let driver = drivers[client] else { return }
      driver.received(frame, link.id, world)
    case .closed(let code, let reason):
      guard let client = sessions.removeValue(forKey: link.id), let driver = drivers[client]
      else { return }
      driver.closed(link, link.id, code: code, reason: reason, world)
    }
  }

  private func greet(_ hello: SessionHello, _ link: Link, _ world: World) {
    guard let client = hello.client else { return link.abort(self, world) }
    var hello = hello
    if world.mutation == .ignoreTags { hello.receiving.tag = 0 }
    if world.mutation == .forgetRefusals { hello.refusals = [] }
    var prior: UInt64 = 0
    world.io(
      self, "remembers dial \(hello.connection)",
      effect: { _ in
        prior = self.store.connections[client] ?? 0
        self.store.connections[client] = max(prior, hello.connection)
      },
      then: { world in
        self.greetings[client, default: []].append(
          Greeting(hello: hello, link: link, prior: prior))
        self.takeUp(client, world)
      })
  }

  /// Takes up the greetings of a client, unless something is being committed for it just now.
  private func takeUp(_ client: SessionID, _ world: World) {
    guard renewing[client, default: 0] == 0, drivers[client]?.isCommitting != true,
      var waiting = greetings[client], !waiting.isEmpty
    else { return }
    let greeting = waiting.removeFirst()
    greetings[client] = waiting
    guard greeting.link.isOpen(self) else { return takeUp(client, world) }
    guard let driver = drivers[client] ?? makeDriver(client, greeting, world) else {
      world.after(.milliseconds(200), self) { world in
        self.greetings[client, default: []].append(greeting)
        self.takeUp(client, world)
      }
      return
    }
    let link = greeting.link
    var hello = greeting.hello
    driver.links[link.id] = link
    driver.dialled[link.id] = hello.connection
    sessions[link.id] = client
    if world.mutation == .noFencing {
      hello.connection = max(
        hello.connection, (driver.machine.session?.resume.lastConnection ?? 0) + 1)
    }
    let memory =
      world.mutation == .noDuplicateFilter
      ? .nothing
      : store.memory(of: EffectStore.Key(client: client, epoch: hello.sending.epoch))
    driver.feed(.hello(link.id, hello, memory), world)
    if driver.machine.openConnection == link.id {
      world.oracle.checkOrder(client, greeting.hello.connection)
      driver.forgetDeliveries()
    }
    takeUp(client, world)
  }

  /// Nil when its outbox cannot be opened now.
  private func makeDriver(
    _ client: SessionID, _ greeting: Greeting, _ world: World
  ) -> SessionDriver? {
    // Later than any that the client knows of.
    let known = max(saved[client]?.identity.epoch ?? 0, greeting.hello.receiving.epoch)
    var identity = SessionIdentity(
      client: client, epoch: SessionIdentity.epoch(after: known, random: world.random.next()))
    let outbox: Outbox
    var recovered = JournaledOutbox.Recovered()
    if world.plan.serverOutboxIsDurable {
      let journal = JournaledOutbox(node: self, prefix: Self.prefix(client))
      guard let found = journal.recover(world) else { return nil }
      recovered = found
      outbox = journal
      if let known = saved[client], known.outboxEpoch == found.epoch {
        identity = known.identity
      } else {
        if saved[client] != nil { world.oracle.renumbered(self, outbox.bodies) }
        identity.base = (found.pending.first?.sequence ?? found.nextSequence) - 1
        saved[client] = Saved(identity: identity, outboxEpoch: found.epoch)
      }
    } else {
      outbox = Outbox(node: self)
    }
    let key = EffectStore.Key(client: client, epoch: greeting.hello.sending.epoch)
    let machine = SessionMachine(
      settings: world.settings,
      window: SendWindow(nextSequence: recovered.nextSequence, pending: recovered.pending),
      random: RandomSource(seed: world.random.next()),
      resume: SessionMachine.Resume(
        role: .server, identity: identity, incarnation: world.random.next(),
        lastConnection: greeting.prior,
        refusals: world.mutation == .forgetRefusals ? [] : store.cursors[key]?.refusals ?? []))
    let driver = SessionDriver(
      node: self, outbox: outbox, machine: machine, oracle: world.oracle, store: { self.store },
      setStore: { self.store = $0 }, peerID: { client })
    driver.idle = { [unowned self] in takeUp(client, $0) }
    driver.renew = { [unowned self] in renew(client, $0, $1) }
    drivers[client] = driver
    for entry in recovered.pending where entry.sequence <= identity.base {
      outbox.settle(entry.sequence, world)
    }
    return driver
  }

  private func renew(_ client: SessionID, _ identity: SessionIdentity, _ world: World) {
    renewing[client, default: 0] += 1
    world.io(
      self, "renews an identity", effect: { _ in self.saved[client]?.identity = identity },
      then: { world in
        self.renewing[client, default: 1] -= 1
        self.takeUp(client, world)
      })
  }
}
