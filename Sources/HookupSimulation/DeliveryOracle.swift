import HookupCore

/// Knows what was promised to whom, and compares it with what the stores hold. The first thing that is wrong ends the run.
final class DeliveryOracle {
  let plan: SimulationPlan
  unowned var world: World?
  private(set) var violations: [String] = []
  var hasFailed: Bool { !violations.isEmpty }

  private struct Word {
    var isConfirmed = false
    var isRejected = false
    var isDelivered = false
    var isFailed = false
    /// It is being taken back: whether it will be delivered depends on what crashes.
    var isWithdrawing = false
    var isWithdrawn = false
    /// Taking it back was told to have failed, and a crash found it on the disk all the same.
    var isDoubtful = false
    /// Whose outbox took it last.
    var node = 0
    /// The client's id when it was taken.
    var session: SessionID?
  }

  /// What a receiver's log was seen to hold.
  private struct View {
    var count = 0
    /// How often each surfaced, and whether one of them was marked.
    var seen: [UInt64: (count: Int, isMarked: Bool)] = [:]
    /// The last of each program's messages, by the identity under which they came.
    var last: [Sender: UInt64] = [:]
  }

  private struct Sender: Hashable {
    var program: UInt64
    var client: SessionID

    init(_ effect: EffectStore.Effect) {
      program = effect.body >> 32
      client = effect.key.client
    }
  }

  private var words: [UInt64: Word] = [:]
  private var views: [Int: View] = [:]
  /// Nodes whose directory was restored, copied, damaged or lost.
  var touched: Set<Int> = []
  /// Nodes that began a new numbering of their own accord, because their outbox could not prove itself whole.
  var renumbered: Set<Int> = []
  /// Messages whose last copy a fault took.
  var destroyed: Set<UInt64> = []
  /// Messages that a fault brought back into an outbox, or into a second one.
  var revived: Set<UInt64> = []
  /// Messages that a reported new numbering sends again.
  var mayDouble: Set<UInt64> = []
  /// Messages that a fault took out of a node's outbox.
  var missing: [Int: Set<UInt64>] = [:]
  /// Messages that their sender reported forgotten by the other side.
  var reported: Set<UInt64> = []
  /// Sides that were touched and have not spoken to the other one since: rolled back as well, it would not notice.
  var unresumed: Set<Pair> = []
  /// What was undone and has to be reported still.
  var losses: [Loss] = []
  var reports = 0
  private var lastConnection: [SessionID: UInt64] = [:]

  init(plan: SimulationPlan) { self.plan = plan }

  func violation(_ text: String) {
    violations.append(text)
    world?.note(nil, "VIOLATION: \(text)")
  }

  static func name(_ body: UInt64) -> String { "\(body >> 32)/\(body & 0xFFFF_FFFF)" }

  // MARK: Senders

  /// By driver: what it gave numbers to, or found in its outbox.
  private(set) var numbers: [Int: [UInt64: UInt64]] = [:]

  func appended(_ body: UInt64, sequence: UInt64, by driver: SessionDriver) {
    words[body, default: Word()].node = driver.node.id
    words[body]?.session = driver.machine.session?.resume.identity.client
    numbers[driver.id, default: [:]][sequence] = body
  }

  /// A driver begins with what its outbox holds.
  func began(_ driver: SessionDriver) -> Int {
    let id = numbers.count + 1
    var known: [UInt64: UInt64] = [:]
    if let epoch = (driver.outbox as? JournaledOutbox)?.epoch {
      // The files go on from what an earlier process, or the one they were copied from, gave numbers to.
      let last = lastDriver[epoch]?[driver.node.id] ?? lastDriver[epoch]?.values.max()
      known = last.flatMap { numbers[$0] } ?? [:]
      lastDriver[epoch, default: [:]][driver.node.id] = id
    }
    if !driver.isServer { lastDriverOfNode[driver.node.id] = id }
    numbers[id] = known.merging(driver.outbox.bodies) { _, held in held }
    return id
  }

  /// Who last opened the outbox of each epoch, by node.
  private(set) var lastDriverOfNode: [Int: Int] = [:]
  private var lastDriver: [UInt64: [Int: Int]] = [:]

  func body(_ sequence: UInt64, _ driver: SessionDriver) -> UInt64? {
    numbers[driver.id]?[sequence]
  }

  func confirmed(_ body: UInt64, by driver: SessionDriver) {
    words[body, default: Word()].isConfirmed = true
  }

  func confirmed(sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver) else {
      return violation("\(driver.node.name): number \(sequence), never sent, was accepted")
    }
    confirmed(body, by: driver)
  }

  func rejected(_ sequence: UInt64, by driver: SessionDriver) {
    failedAtDisk.insert(driver.node.id)
    if let body = body(sequence, driver) { rejected(body: body) }
  }

  func rejected(_ body: UInt64, by driver: SessionDriver, isBody: Bool = true) {
    rejected(body: body)
  }

  /// Nodes whose disk refused a message.
  private(set) var failedAtDisk: Set<Int> = []

  private func rejected(body: UInt64) {
    if words[body]?.isConfirmed == true {
      violation("\(Self.name(body)) was confirmed and then rejected")
    }
    words[body, default: Word()].isRejected = true
  }

  func delivered(_ sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver), let word = words[body] else { return }
    words[body]?.isDelivered = true
    if word.isWithdrawn {
      violation("\(Self.name(body)) was withdrawn and is reported delivered")
    }
    if world?.refusal(of: body) == nil { checkHeld(body, sequence, by: driver) }
    // Of a message that came back nobody remembers that it was refused.
    if revived.contains(body) { return }
    if world?.refusal(of: body) != nil, !word.isFailed, word.isConfirmed {
      violation("\(Self.name(body)) was refused and is reported delivered")
    }
  }

  func failed(_ sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver) else { return }
    words[body]?.isFailed = true
    if world?.refusal(of: body) == nil {
      violation("\(Self.name(body)) is reported failed and nobody refused it")
    }
  }

  func withdrawing(_ sequence: UInt64, by driver: SessionDriver) {
    if let body = body(sequence, driver) { words[body]?.isWithdrawing = true }
  }

  func notWithdrawn(_ sequence: UInt64, by driver: SessionDriver) {
    if let body = body(sequence, driver) { words[body]?.isWithdrawing = false }
  }

  func withdrawn(_ sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver), let word = words[body] else { return }
    words[body]?.isWithdrawn = true
    if word.isDelivered { violation("\(Self.name(body)) was delivered and is reported withdrawn") }
  }

  // MARK: Journals

  /// Promise 8: what was confirmed and not settled is there after a crash.
  func recovered(_ bodies: [UInt64: UInt64], withdrawn: Set<UInt64>, by client: ClientNode) {
    let found = Set(bodies.values).union(missing[client.id] ?? [])
    for (body, word) in words
    where word.node == client.id && word.isConfirmed && !word.isDelivered && !word.isFailed
      && !word.isWithdrawn && !word.isDoubtful
    {
      if !found.contains(body) {
        violation("\(client.name): \(Self.name(body)) was confirmed and is not in the outbox")
      }
    }
    // Whether a withdrawal that was under way came to be is decided now.
    for (sequence, body) in bodies {
      let wasUnderWay = words[body]?.isWithdrawing == true
      words[body]?.isWithdrawing = false
      guard withdrawn.contains(sequence), words[body]?.isWithdrawn == false else { continue }
      if wasUnderWay {
        words[body]?.isWithdrawn = true
      } else {
        words[body]?.isDoubtful = true
      }
    }
    let rising = bodies.sorted { $0.key < $1.key }.map(\.value)
    if rising != rising.sorted() { violation("\(client.name): the outbox came back out of order") }
  }

  // MARK: Receivers

  func logsChanged() { views = [:] }

  /// Promises 2 and 3, for what was just committed.
  func checkLog(_ store: EffectStore, by driver: SessionDriver) {
    let node = driver.node
    var view = views[node.id] ?? View()
    if view.count > store.log.count { view = View() }
    let isFresh = view.count == 0 && store.log.count > 1
    for effect in store.log[view.count...] {
      if !isFresh { check(effect, view, store, node) }
      view.seen[effect.body, default: (0, false)].count += 1
      if effect.isRedelivered { view.seen[effect.body]?.isMarked = true }
      let sender = Sender(effect)
      view.last[sender] = max(view.last[sender] ?? 0, effect.body & 0xFFFF_FFFF)
      // What was lost has come again.
      losses.removeAll { $0.body == effect.body && $0.receiver == node.id }
    }
    view.count = store.log.count
    views[node.id] = view
  }

  private func check(
    _ effect: EffectStore.Effect, _ view: View, _ store: EffectStore, _ node: Node
  ) {
    let name = Self.name(effect.body)
    let mayDouble = mayDouble.contains(effect.body)
    if world?.refusal(of: effect.body) != nil { violation("\(name) was refused and has an effect") }
    if let seen = view.seen[effect.body] {
      // Of two clones one does not know that the other, which marks it, was first.
      guard
        effect.isRedelivered
          || seen.isMarked && (mayDouble || revived.contains(effect.body))
      else {
        return violation("\(name) surfaces twice at the \(node.name), unmarked")
      }
      guard mayDouble || !store.isTransactional else {
        return violation("\(name) surfaces twice at the \(node.name), in one transactional store")
      }
      return
    }
    if let last = view.last[Sender(effect)], last > effect.body & 0xFFFF_FFFF, !mayDouble,
      // What a fault brought back comes late, and so may what is marked where nobody remembers.
      !revived.contains(effect.body), store.isTransactional || !effect.isRedelivered
    {
      violation("\(name) comes after number \(last) of its sender")
    }
  }

  // MARK: Queues and connections

  func checkQueues(_ driver: SessionDriver, actions: Int) {
    let window = driver.machine.window
    if window.inFlightCount > plan.window {
      violation("\(driver.node.name): \(window.inFlightCount) in flight, at most \(plan.window)")
    }
    if driver.pipeline.count > 2 * plan.credit + 4 {
      violation("\(driver.node.name): \(driver.pipeline.count) deliveries wait")
    }
    if window.count > max(plan.outboxMessages, driver.recovered),
      !driver.isServer || !plan.serverOutboxIsDurable
    {
      violation("\(driver.node.name): \(window.count) in the outbox")
    }
    if actions > 200 { violation("\(driver.node.name): \(actions) actions of one event") }
  }

  /// Promise 9.
  func checkConnections(_ client: ClientNode) {
    let open = client.links.filter { $0.isOpen(client) }.count
    if open > 2 { violation("\(client.name) has \(open) connections") }
  }

  /// A connection of a lower count never follows one of a higher.
  func checkOrder(_ client: SessionID, _ connection: UInt64) {
    if let last = lastConnection[client], connection <= last, touched.isEmpty {
      violation("connection \(connection) was taken after \(last)")
    }
    lastConnection[client] = connection
  }

  // MARK: The end

  /// Promise 1, when all is quiet.
  func checkAll() {
    guard let world else { return }
    var held: [UInt64: Int] = [:]
    for effect in world.server.store.log { held[effect.body, default: 0] += 1 }
    for client in world.clients {
      for effect in client.store.log { held[effect.body, default: 0] += 1 }
    }
    for loss in losses where !isTaken(loss) {
      violation("\(Self.name(loss.body)) was undone, and nobody is told number \(loss.sequence)")
    }
    for (body, word) in words.sorted(by: { $0.key < $1.key }) {
      let isHeld = held[body] != nil
      if body >> 32 > 1_000 {
        // What the server sent to an identity that its client gave up, as it said.
        let client = world.clients[Int(body >> 32) % 1_000 - 1]
        if client.saved?.client != word.session, reports > 0 || touched.contains(client.id) {
          continue
        }
      }
      if word.isConfirmed, !isHeld, !word.isFailed, !word.isWithdrawing, !word.isWithdrawn,
        !word.isDoubtful, !destroyed.contains(body), !reported.contains(body)
      {
        violation("\(Self.name(body)) was confirmed and is forgotten")
      }
      if word.isFailed, isHeld, !revived.contains(body) {
        violation("\(Self.name(body)) is reported failed and has its effect")
      }
      if word.isWithdrawn, isHeld {
        violation("\(Self.name(body)) was withdrawn and has its effect")
      }
    }
    if !plan.faults.contains(where: { $0.fault.breaks }), plan.clientStores, plan.serverStores,
      renumbered.isEmpty
    {
      for (body, count) in held where count > 1 { violation("\(Self.name(body)) is there twice") }
    }
  }

  /// Promise 7.
  func checkEnd(_ client: ClientNode) {
    guard let driver = client.driver else {
      return violation("\(client.name) is not there at the end")
    }
    if !driver.isFinished { violation("\(client.name) did not finish") }
    if let deadline = driver.machine.nextDeadline {
      violation("\(client.name) is finished and waits for \(deadline.nanoseconds) ns")
    }
  }
}
