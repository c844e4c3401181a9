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
    /// Something broke continuity: it may be lost, or come twice.
    var isExcused = false
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
    var last: [UInt64: UInt64] = [:]
  }

  private var words: [UInt64: Word] = [:]
  private var views: [Int: View] = [:]
  /// Nodes whose continuity was broken by a fault, and those that said so.
  private var broken: Set<Int> = []
  /// Nodes that began a new numbering of their own accord, because their outbox could not prove itself whole.
  private var renumbered: Set<Int> = []
  private(set) var reports = 0
  private var lastConnection: [SessionID: UInt64] = [:]

  init(plan: SimulationPlan) { self.plan = plan }

  func violation(_ text: String) {
    violations.append(text)
    world?.note(nil, "VIOLATION: \(text)")
  }

  static func name(_ body: UInt64) -> String { "\(body >> 32)/\(body & 0xFFFF_FFFF)" }

  // MARK: Senders

  /// By driver: what it gave numbers to, or found in its outbox.
  private var numbers: [Int: [UInt64: UInt64]] = [:]

  func appended(_ body: UInt64, sequence: UInt64, by driver: SessionDriver) {
    words[body, default: Word()].node = driver.node.id
    words[body]?.session = driver.machine.session?.resume.identity.client
    numbers[driver.id, default: [:]][sequence] = body
  }

  /// A driver begins with what its outbox holds.
  func began(_ driver: SessionDriver) -> Int {
    numbers[numbers.count + 1] = driver.outbox.bodies
    return numbers.count
  }

  private func body(_ sequence: UInt64, _ driver: SessionDriver) -> UInt64? {
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
  private var failedAtDisk: Set<Int> = []

  private func rejected(body: UInt64) {
    if words[body]?.isConfirmed == true {
      violation("\(Self.name(body)) was confirmed and then rejected")
    }
    words[body, default: Word()].isRejected = true
  }

  func delivered(_ sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver), let word = words[body] else { return }
    words[body]?.isDelivered = true
    if word.isExcused || broken.contains(driver.node.id) { return }
    if world?.refusal(of: body) != nil, !word.isFailed, word.isConfirmed {
      violation("\(Self.name(body)) was refused and is reported delivered")
    }
  }

  func failed(_ sequence: UInt64, by driver: SessionDriver) {
    guard let body = body(sequence, driver) else { return }
    words[body]?.isFailed = true
    if world?.refusal(of: body) == nil, !broken.contains(driver.node.id) {
      violation("\(Self.name(body)) is reported failed and nobody refused it")
    }
  }

  func broken(_ broken: SessionBreak, by driver: SessionDriver) {
    reports += 1
    if case .restarted = broken, !plan.serverOutboxIsDurable || !renumbered.isEmpty { return }
    guard self.broken.isEmpty else { return }
    // After a restart a sender cannot tell a number that failed at the disk from one that was delivered: a false alarm, no loss.
    if failedAtDisk.contains(driver.node.id) || !renumbered.isEmpty || driver.isServer {
      switch broken {
      case .forgotten, .lost: return
      default: break
      }
    }
    violation("\(driver.node.name) reports a break without a cause: \(broken.message)")
  }

  func renumbered(_ node: Node) {
    reports += 1
    // A crash in the middle of a batch can look like damage to the last one: then messages may come twice, marked, and none is lost.
    renumbered.insert(node.id)
  }

  /// The server's process took a ring with it.
  func ringLost(_ driver: SessionDriver) {
    for body in driver.outbox.bodies.values { words[body]?.isExcused = true }
  }

  func continuityBreaks(_ node: Node) {
    broken.insert(node.id)
    let own = UInt64(node.id)
    for body in words.keys {
      let sender = body >> 32
      if node.id == 0 || sender == own || sender == own + 1_000 || words[body]?.node == node.id {
        words[body]?.isExcused = true
      }
    }
  }

  // MARK: Journals

  /// Promise 8: what was confirmed and not settled is there after a crash.
  func recovered(_ bodies: [UInt64: UInt64], by client: ClientNode, isDamaged: Bool) {
    guard !broken.contains(client.id) else { return }
    let found = Set(bodies.values)
    for (body, word) in words
    where word.node == client.id && word.isConfirmed && !word.isDelivered && !word.isFailed {
      if !found.contains(body) {
        violation("\(client.name): \(Self.name(body)) was confirmed and is not in the outbox")
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
      view.last[effect.body >> 32] = max(
        view.last[effect.body >> 32] ?? 0, effect.body & 0xFFFF_FFFF)
    }
    view.count = store.log.count
    views[node.id] = view
  }

  private func check(
    _ effect: EffectStore.Effect, _ view: View, _ store: EffectStore, _ node: Node
  ) {
    let name = Self.name(effect.body)
    let word = words[effect.body]
    let sender = Int(effect.body >> 32) % 1_000
    let isBroken =
      word?.isExcused == true || broken.contains(0) || broken.contains(sender)
      || renumbered.contains(effect.body >> 32 > 1_000 ? 0 : sender)
    let mayBreak = isBroken && reports > 0
    if world?.refusal(of: effect.body) != nil { violation("\(name) was refused and has an effect") }
    if let seen = view.seen[effect.body] {
      // Of two clones one does not know that the other, which marks it, was first.
      guard effect.isRedelivered || mayBreak && seen.isMarked else {
        return violation("\(name) surfaces twice at the \(node.name), unmarked")
      }
      guard mayBreak || !store.isTransactional else {
        return violation("\(name) surfaces twice at the \(node.name), in one transactional store")
      }
      return
    }
    if let last = view.last[effect.body >> 32], last > effect.body & 0xFFFF_FFFF, !isBroken {
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
    // A crash right after an append that failed may bring back what was refused, beside what had its place then.
    let limit = max(plan.outboxMessages, 1) * (failedAtDisk.contains(driver.node.id) ? 2 : 1)
    if window.count > limit, !driver.isServer || !plan.serverOutboxIsDurable {
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
    if let last = lastConnection[client], connection <= last, broken.isEmpty {
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
    for (body, word) in words.sorted(by: { $0.key < $1.key }) where !word.isExcused {
      let isHeld = held[body] != nil
      if body >> 32 > 1_000, reports > 0 {
        // What the server sent to an identity that its client gave up, as it said.
        let client = world.clients[Int(body >> 32) % 1_000 - 1]
        if client.saved?.client != word.session { continue }
      }
      // A server that remembers nothing cannot tell an outbox from an older copy of it by tags.
      if !plan.serverStores, broken.contains(word.node) { continue }
      if word.isConfirmed, !isHeld, !word.isFailed {
        violation("\(Self.name(body)) was confirmed and is forgotten")
      }
      if word.isFailed, isHeld {
        violation("\(Self.name(body)) is reported failed and has its effect")
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
