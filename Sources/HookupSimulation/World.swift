import HookupCore

/// One run of the simulated world, all from one seed: clients, a server, links, disks and what goes wrong with them, in one
/// thread and in virtual time.
final class World {
  let plan: SimulationPlan
  let mutation: Mutation?
  var random: RandomSource
  /// What the clients' people decide: apart, so that a seed without whims is the run that it was.
  var whims: RandomSource
  private(set) var now = MonotonicInstant.zero
  private var agenda = Agenda()
  private(set) var trace: Trace
  private(set) var steps = 0
  let oracle: DeliveryOracle
  let server: ServerNode
  private(set) var clients: [ClientNode] = []
  let settings: SessionMachine.Settings
  private var lastLink: UInt64 = 0
  private var isOver = false

  // What is wrong at the moment.
  var dialsFailUntil = MonotonicInstant.zero
  var closesAtOnceUntil = MonotonicInstant.zero
  var commitsFailUntil = MonotonicInstant.zero
  private var framesToLose = 0
  private var linksToStall = 0
  private var damaged: Set<String> = []

  static let stepLimit = 400_000
  static let patience = Duration.seconds(900)

  init(
    plan: SimulationPlan, random: RandomSource, whims: RandomSource, mutation: Mutation?,
    isTraced: Bool
  ) {
    self.plan = plan
    self.random = random
    self.whims = whims
    self.mutation = mutation
    trace = Trace(isOn: isTraced)
    var settings = SessionMachine.Settings()
    settings.maximumMessages = plan.outboxMessages
    settings.inFlightMessages = plan.window
    settings.receiveWindow = plan.credit
    settings.whenFull = plan.waitsWhenFull ? .wait : .refuse
    settings.awaitsGreeting = plan.awaitsGreeting
    self.settings = settings
    server = ServerNode(
      store: EffectStore(isTransactional: plan.serverStores, keepsOneCursor: false))
    oracle = DeliveryOracle(plan: plan)
    oracle.world = self
  }

  // MARK: Time

  func plan(
    at time: MonotonicInstant, owner: (node: Node, process: Int)?, _ body: @escaping (World) -> Void
  ) {
    agenda.add(at: max(time, now), owner: owner, body)
  }

  /// Happens after `delay`, if the process of `node` still lives.
  func after(_ delay: Duration, _ node: Node?, _ body: @escaping (World) -> Void) {
    plan(at: now + delay, owner: node.map { ($0, $0.process) }, body)
  }

  /// An I/O call of `node`: the effect, then what the process does about it. It may crash before either.
  func io(
    _ node: Node, _ name: @autoclosure @escaping () -> String,
    effect: @escaping (World) -> Void, then: @escaping (World) -> Void
  ) {
    let half = Duration.microseconds(100 + Int64(random.next() % 3_000))
    after(half, node) { world in
      guard world.call(node, name()) else { return }
      effect(world)
      world.after(half, node) { world in
        guard world.call(node, "has done: " + name()) else { return }
        then(world)
      }
    }
  }

  /// Counts it; false when the node crashes here.
  private func call(_ node: Node, _ name: @autoclosure () -> String) -> Bool {
    node.calls += 1
    if plan.crashes.contains(where: { $0.node == node.id && $0.call == node.calls }) {
      note(node, "crash at call \(node.calls), before it \(name())")
      node.crash(self)
      return false
    }
    if trace.isOn { note(node, "\(name()) [\(node.calls)]") }
    return true
  }

  func note(_ node: Node?, _ text: @autoclosure () -> String, isEvent: Bool = false) {
    guard trace.isOn else { return }
    let milliseconds = Double(now.nanoseconds / 1_000) / 1_000
    trace.add("\(milliseconds) \(node?.name ?? "world"): \(text())")
  }

  // MARK: The run

  func run() {
    note(nil, "\(plan)")
    for index in 0..<plan.clients {
      clients.append(
        ClientNode(
          id: index + 1,
          store: EffectStore(isTransactional: plan.clientStores, keepsOneCursor: true)))
    }
    server.start(self)
    for client in clients { client.start(self) }
    planMessages()
    planFaults()
    after(plan.span, nil) { $0.heal() }
    while let task = agenda.popFirst(), steps < Self.stepLimit, !oracle.hasFailed {
      now = max(now, task.time)
      if let (node, process) = task.owner {
        guard node.process == process else { continue }
        if let until = node.suspendedUntil, until > now {
          agenda.add(at: until, owner: task.owner, task.body)
          continue
        }
      }
      steps += 1
      task.body(self)
    }
    if steps >= Self.stepLimit { oracle.violation("it goes on and on: \(steps) steps") }
    if !oracle.hasFailed, !isOver { oracle.violation("everything stands still") }
    // Closures hold the nodes and the nodes the drivers.
    if !oracle.hasFailed {
      for client in clients { oracle.checkEnd(client) }
    }
    agenda = Agenda()
  }

  private func planMessages() {
    for client in clients {
      for index in 0..<plan.messages {
        let body = client.sender << 32 | UInt64(index)
        plan(at: messageTime(index, plan.messages), owner: nil) { client.submit(body, $0) }
      }
      for index in 0..<plan.answers {
        let body = (1_000 + client.sender) << 32 | UInt64(index)
        plan(at: messageTime(index, plan.answers), owner: nil) { $0.answer(body, client) }
      }
    }
  }

  private func messageTime(_ index: Int, _ count: Int) -> MonotonicInstant {
    let gap = plan.spreadsOut ? plan.span / (count + 1) : .milliseconds(2)
    return .zero + gap * index + random.duration(upTo: gap)
  }

  /// The server's program sends, as soon as the client is there.
  private func answer(_ body: UInt64, _ client: ClientNode) {
    guard let id = client.saved?.client, server.isUp, let driver = server.drivers[id],
      // Order is the program's: what waits goes first.
      !answering.contains(where: { $0.client === client })
    else {
      answering.append((body, client))
      if answering.count == 1 { retryAnswers() }
      return
    }
    driver.send(body, self)
  }

  private var answering: [(body: UInt64, client: ClientNode)] = []

  private func retryAnswers() {
    after(.milliseconds(300), nil) { world in
      let all = world.answering
      world.answering = []
      for (body, client) in all { world.answer(body, client) }
    }
  }

  private func heal() {
    note(nil, "the last fault is over")
    dialsFailUntil = .zero
    closesAtOnceUntil = .zero
    commitsFailUntil = .zero
    framesToLose = 0
    linksToStall = 0
    for node in [server] + clients as [Node] {
      node.disk.isFull = false
      node.disk.failingSyncs = 0
    }
    awaitQuiet(until: now + Self.patience)
  }

  private func awaitQuiet(until limit: MonotonicInstant) {
    after(.seconds(1), nil) { world in
      if world.isQuiet { return world.finish() }
      guard world.now < limit else {
        return world.oracle.violation("not quiet \(Self.patience) after the last fault")
      }
      world.awaitQuiet(until: limit)
    }
  }

  private var isQuiet: Bool {
    guard answering.isEmpty, clients.allSatisfy(\.isQuiet) else { return false }
    return clients.allSatisfy { client in
      guard let id = client.saved?.client, let driver = server.drivers[id] else { return false }
      // Both ends of one connection: a dead one may not have been noticed yet.
      let link = driver.machine.openConnection.flatMap { driver.links[$0] }
      return link?.client === client && driver.pipeline.isEmpty
        && driver.machine.window.count == 0
    }
  }

  private func finish() {
    note(nil, "all is quiet")
    oracle.checkAll()
    isOver = true
    for client in clients { client.driver?.feed(.stop, self) }
  }

  // MARK: Links

  func connect(_ client: ClientNode, number: UInt64) -> Link {
    lastLink += 1
    let losing = framesToLose > 0 ? Int.random(in: 2...9, using: &random) : nil
    if losing != nil { framesToLose -= 1 }
    let isFirst = lastLink == 1
    let link = Link(
      id: lastLink, number: number, client: client, server: server,
      latency: max(.microseconds(10), random.duration(upTo: plan.latency * 2)), losing: losing,
      cuttingAt: (isFirst ? plan.cutUp : nil, isFirst ? plan.cutDown : nil))
    client.links.append(link)
    server.links.append(link)
    if linksToStall > 0 {
      linksToStall -= 1
      link.stall(.seconds(Int.random(in: 9...40, using: &random)), self)
    }
    return link
  }

  /// Whether the receiving program refuses a message for good.
  func refusal(of body: UInt64) -> String? {
    guard plan.refuseOneIn > 0 else { return nil }
    return body.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15).low >> 33 % plan.refuseOneIn == 0
      ? "not wanted" : nil
  }

  // MARK: Faults

  private func planFaults() {
    for event in plan.faults {
      if event.fault == .restoreServer {
        plan(at: .zero + random.duration(upTo: event.time), owner: nil) { $0.keepServer() }
      }
      if event.fault == .restoreClient {
        plan(at: .zero + random.duration(upTo: event.time), owner: nil) { $0.keepClients() }
      }
      plan(at: .zero + event.time, owner: nil) { $0.happen(event.fault) }
    }
  }

  func addClient(_ client: ClientNode) { clients.append(client) }

  private func happen(_ fault: SimulationPlan.Fault) {
    note(nil, "fault: \(fault.rawValue)")
    guard let client = clients.randomElement(using: &random) else { return }
    let link = client.links.last
    let pause = Duration.milliseconds(Int.random(in: 1...40_000, using: &random))
    switch fault {
    case .cut: link?.cut(self)
    case .stall:
      // A connection may be slow from its first frame on: then a hello can come after a later one.
      if let link, Bool.random(using: &random) {
        link.stall(pause, self)
      } else {
        linksToStall += 1
      }
    case .halfOpen: link?.silence(from: Bool.random(using: &random) ? client : server, self)
    case .loseFrame: framesToLose += 1
    case .dialsFail: dialsFailUntil = now + pause
    case .serverClosesAtOnce: closesAtOnceUntil = now + pause
    case .crashClient: client.crash(self)
    case .crashServer: server.crash(self)
    case .suspendClient: suspend(client, pause)
    case .suspendServer: suspend(server, pause)
    case .clientDiskFull:
      client.disk.isFull = true
      after(pause, nil) { _ in client.disk.isFull = false }
    case .clientSyncFails: client.disk.failingSyncs += Int.random(in: 1...2, using: &random)
    case .commitsFail: commitsFailUntil = now + pause
    case .readerBehind:
      client.driver?.feed(.readerIsBehind(true), self)
      after(pause, client) { client.driver?.feed(.readerIsBehind(false), $0) }
    case .restoreClient, .restoreServer, .cloneClient, .damageOutbox, .loseClientDisk:
      breakContinuity(fault, client)
    }
  }

  private func suspend(_ node: Node, _ pause: Duration) {
    guard node.isUp, node.suspendedUntil == nil else { return }
    let until = now + pause
    node.suspendedUntil = until
    let process = node.process
    plan(at: until, owner: nil) { _ in
      if node.process == process { node.suspendedUntil = nil }
    }
    // Who hears nothing for too long gives up on it.
    if pause > Link.patience { for link in node.links { link.silence(from: node, self) } }
  }

  // MARK: Backups

  struct ClientBackup {
    var disk: SimulatedDisk
    var saved: ClientNode.Saved?
    var store: EffectStore
  }

  private var clientBackups: [Int: ClientBackup] = [:]
  private var serverBackup:
    (disk: SimulatedDisk, saved: [SessionID: ServerNode.Saved], store: EffectStore)?

  private func keepClients() {
    for client in clients {
      clientBackups[client.id] = ClientBackup(
        disk: client.disk.platter, saved: client.saved, store: client.store)
    }
  }

  private func keepServer() {
    serverBackup = (server.disk.platter, server.saved, server.store)
  }

  private func breakContinuity(_ fault: SimulationPlan.Fault, _ client: ClientNode) {
    let before = copies()
    guard let touched = breakOff(fault, client) else { return }
    oracle.continuityBroke(touched, before: before, after: copies())
  }

  /// Where everything is now that a process would find again.
  private func copies() -> DeliveryOracle.Copies {
    var copies = DeliveryOracle.Copies()
    for node in [server] + clients as [Node] { copies.outboxes[node.id] = node.held }
    copies.logs[0] = server.store.log
    for client in clients { copies.logs[client.id] = client.store.log }
    return copies
  }

  /// The nodes that it touched; nil when it could not happen.
  private func breakOff(_ fault: SimulationPlan.Fault, _ client: ClientNode) -> [Node]? {
    switch fault {
    case .restoreClient:
      guard let backup = clientBackups[client.id] else { return nil }
      client.crash(self)
      client.disk = backup.disk
      client.saved = backup.saved
      client.store = backup.store
      client.store.crash()
    case .restoreServer:
      guard let backup = serverBackup else { return nil }
      server.crash(self)
      server.disk = backup.disk
      server.saved = backup.saved
      server.store = backup.store
      server.store.crash()
      return [server]
    case .cloneClient:
      guard clients.count < 6, client.saved != nil else { return nil }
      let clone = ClientNode(id: clients.count + 1, store: client.store)
      clone.disk = client.disk.platter
      clone.saved = client.saved
      clone.store.crash()
      clients.append(clone)
      clone.start(self)
      for index in 0..<3 {
        let body = clone.sender << 32 | UInt64(index)
        after(.milliseconds(50 * index), nil) { clone.submit(body, $0) }
      }
      return [client, clone]
    case .damageOutbox:
      client.crash(self)
      guard let name = client.disk.names.randomElement(using: &random),
        let count = client.disk[name]?.durable.count, count > 0, !damaged.contains(name)
      else { return nil }
      // Damage on damage can look like the file of a later version, which is left alone.
      damaged.insert(name)
      client.disk.flip(bit: Int.random(in: 0..<count * 8, using: &random), of: name)
    default:
      client.crash(self)
      client.disk = SimulatedDisk()
      client.saved = nil
      client.store = EffectStore(isTransactional: plan.clientStores, keepsOneCursor: true)
    }
    return [client]
  }
}
