import HookupCore

/// What a fault that breaks continuity took, and whether both sides are told of it exactly.
extension DeliveryOracle {
  /// Where messages are, by node: in outboxes and in logs of effects.
  struct Copies {
    var outboxes: [Int: Set<UInt64>] = [:]
    var logs: [Int: [EffectStore.Effect]] = [:]

    var all: Set<UInt64> {
      var all: Set<UInt64> = []
      for bodies in outboxes.values { all.formUnion(bodies) }
      for log in logs.values { all.formUnion(log.lazy.map(\.body)) }
      return all
    }
  }

  /// An effect that a fault undid and that its sender no longer holds: somebody must be told its number.
  struct Loss {
    var body: UInt64
    var key: EffectStore.Key
    var sequence: UInt64
    var receiver: Int
    var sender: Int
  }

  /// A client and which side of its session was touched.
  struct Pair: Hashable {
    var rolledBack: Int
    var client: Int
  }

  func resumed(_ driver: SessionDriver) {
    guard !driver.isServer else { return }
    unresumed.remove(Pair(rolledBack: 0, client: driver.node.id))
    unresumed.remove(Pair(rolledBack: driver.node.id, client: driver.node.id))
  }

  /// A directory was restored, copied, damaged or lost.
  func continuityBroke(_ nodes: [Node], before: Copies, after: Copies) {
    guard let world else { return }
    logsChanged()
    for node in nodes { touched.insert(node.id) }
    let left = after.all
    for body in before.all.subtracting(left) { destroyed.insert(body) }
    defer {
      for node in nodes {
        let clients: [Node] = node === world.server ? world.clients : [node]
        for client in clients { unresumed.insert(Pair(rolledBack: node.id, client: client.id)) }
      }
    }
    for node in nodes {
      let held = before.outboxes[node.id] ?? []
      let holds = after.outboxes[node.id] ?? []
      missing[node.id, default: []].formUnion(held.subtracting(holds))
      missing[node.id]?.subtract(holds)
      revived.formUnion(nodes.count > 1 ? holds : holds.subtracting(held))
      // Who was rolled back cannot tell what the other side has lost.
      giveUp { $0.receiver == node.id || $0.sender == node.id }
      guard let log = before.logs[node.id], let rest = after.logs[node.id] else { continue }
      let kept = Set(rest.map(\.body))
      let isTransactional = node === world.server ? plan.serverStores : plan.clientStores
      if !isTransactional {
        // It does not know that it ever had them. What a sender is just hearing of is gone too.
        for effect in log where !kept.contains(effect.body) { destroyed.insert(effect.body) }
      }
      for effect in log where !kept.contains(effect.body) {
        // With the whole directory goes what was known of anybody; and who gave the numbering up knows it no more.
        guard !rest.isEmpty, !left.contains(effect.body),
          let sender = sender(of: effect.key, to: node.id, world),
          !unresumed.contains(Pair(rolledBack: sender, client: max(sender, node.id)))
        else { continue }
        losses.append(
          Loss(
            body: effect.body, key: effect.key, sequence: effect.sequence, receiver: node.id,
            sender: sender))
      }
    }
  }

  /// Nobody is left who could tell of these.
  private func giveUp(_ isHopeless: (Loss) -> Bool) {
    destroyed.formUnion(losses.lazy.filter(isHopeless).map(\.body))
    losses.removeAll(where: isHopeless)
  }

  /// Whether the receiver has another message under that number, of a copy that went on under the same numbering: what either side
  /// knows of the number is true, and both mean another message.
  func isTaken(_ loss: Loss) -> Bool {
    guard let world else { return false }
    return store(of: loss.receiver, world).log.contains {
      $0.key == loss.key && $0.sequence == loss.sequence && $0.body != loss.body
    }
  }

  /// A receipt came true: the effect is there, or was undone while its ack was on the way.
  func checkHeld(_ body: UInt64, _ sequence: UInt64, by driver: SessionDriver) {
    guard !touched.isEmpty, !reported.contains(body), !destroyed.contains(body), let world,
      let session = driver.machine.session
    else { return }
    let key = driver.sendingKey
    let receiver =
      driver.isServer ? world.clients.first { $0.saved?.client == driver.peerID() } : world.server
    let stores = [world.server.store] + world.clients.map(\.store)
    guard !stores.contains(where: { $0.log.contains { $0.body == body } }) else { return }
    guard let receiver, driver.isServer ? plan.clientStores : plan.serverStores else {
      destroyed.insert(body)
      return
    }
    losses.append(
      Loss(
        body: body, key: key, sequence: session.resume.identity.wire(sequence),
        receiver: receiver.id, sender: driver.node.id))
  }

  private func store(of node: Int, _ world: World) -> EffectStore {
    node == 0 ? world.server.store : world.clients[node - 1].store
  }

  /// Whose numbering this still is, if its receiver remembers some of it.
  private func sender(of key: EffectStore.Key, to receiver: Int, _ world: World) -> Int? {
    let store = store(of: receiver, world)
    guard store.isTransactional, store.cursors[key] != nil else { return nil }
    guard receiver == 0 else { return 0 }
    return world.clients.first { $0.saved?.client == key.client && $0.saved?.epoch == key.epoch }?
      .id
  }

  // MARK: Reports

  /// A machine reports a break: it must have a cause, and name what is gone and nothing else.
  func broken(_ broken: SessionBreak, by driver: SessionDriver) {
    reports += 1
    world?.note(driver.node, broken.message)
    switch broken {
    case .renumbered(let range):
      mayDouble.formUnion(range.compactMap { body($0, driver) })
      // Restored to a time before it had heard of the other side's numbering, it learns that it is a copy and not what it lost.
      if !driver.isServer, driver.key.epoch == 0 {
        giveUp { $0.receiver == driver.node.id }
      }
      // Of two copies one gives up the identity, and with it what it knew of what became of its messages.
      let client = (driver.node as? ClientNode)?.saved?.client
      if let client, client != driver.machine.session?.resume.identity.client {
        giveUp { $0.sender == driver.node.id }
      }
      // What comes back with a crash may have been forgotten by the other side meanwhile.
      let isCaused =
        driver.isServer
        ? !touched.isEmpty : touched.contains(driver.node.id) || touched.contains(0)
      if !isCaused, !renumbered.contains(driver.node.id) { falseAlarm(broken, driver) }
    case .restarted(let last):
      // Of what came after that message nothing is known, neither in that numbering nor in one between it and the new one.
      let key = driver.formerKey
      losses.removeAll {
        guard $0.receiver == driver.node.id, let key else { return false }
        if $0.key == key { return $0.sequence > last }
        return !driver.isServer && SessionIdentity.isStale(key.epoch, beside: $0.key.epoch)
      }
      if touched.isEmpty, renumbered.isEmpty, driver.isServer || plan.serverOutboxIsDurable {
        falseAlarm(broken, driver)
      }
    case .lost(let range):
      let key = driver.key
      losses.removeAll {
        $0.receiver == driver.node.id && $0.key == key && range.contains($0.sequence)
      }
      checkGone(range, key, driver.store().log, broken, driver)
    case .forgotten(let range):
      let bodies = Set(range.compactMap { body($0, driver) })
      losses.removeAll { bodies.contains($0.body) }
      reported.formUnion(bodies)
      if let body = driver.outbox.bodies.values.first(where: bodies.contains) {
        violation("\(driver.node.name) reports \(Self.name(body)), which it holds itself")
      }
      guard let identity = driver.machine.session?.resume.identity else { return }
      let wire = identity.wire(range.lowerBound)...identity.wire(range.upperBound)
      let link = driver.machine.openConnection.flatMap { driver.links[$0] }
      guard let link, let world else { return }
      let log = driver.isServer ? link.client.store.log : world.server.store.log
      checkGone(wire, driver.sendingKey, log, broken, driver)
    @unknown default: break
    }
  }

  /// What is reported gone is not there, and something took it.
  private func checkGone(
    _ range: ClosedRange<UInt64>, _ key: EffectStore.Key, _ log: [EffectStore.Effect],
    _ broken: SessionBreak, _ driver: SessionDriver
  ) {
    let remembers = driver.isServer == broken.isOfThisSide ? plan.clientStores : plan.serverStores
    // Of two copies of a client one may be delivering what the other is told to be gone.
    let hasCopies = world.map { $0.clients.count > plan.clients } ?? false
    if remembers, !hasCopies,
      let effect = log.first(where: { $0.key == key && range.contains($0.sequence) })
    {
      violation(
        "\(driver.node.name) reports \(Self.name(effect.body)), which is there: \(broken.message)")
    }
    // Who restarts cannot tell a number that failed at the disk, or that damage may have held, from one that was delivered.
    if touched.isEmpty, failedAtDisk.isEmpty, renumbered.isEmpty { falseAlarm(broken, driver) }
  }

  private func falseAlarm(_ broken: SessionBreak, _ driver: SessionDriver) {
    violation("\(driver.node.name) reports a break without a cause: \(broken.message)")
  }

  /// An outbox that could not prove itself whole goes on under a new numbering: all from the first it holds on may come twice, also
  /// what a later crash brings back.
  func renumbered(_ node: Node, _ bodies: [UInt64: UInt64]) {
    reports += 1
    renumbered.insert(node.id)
    mayDouble.formUnion(bodies.values)
    guard let first = bodies.keys.min(), let last = lastDriverOfNode[node.id] else { return }
    mayDouble.formUnion(numbers[last]?.lazy.filter { $0.key >= first }.map(\.value) ?? [])
  }

  /// The server's process took a ring with it.
  func ringLost(_ driver: SessionDriver) {
    guard let world else { return }
    giveUp { $0.sender == 0 }
    var held: Set<UInt64> = []
    for client in world.clients { held.formUnion(client.store.log.lazy.map(\.body)) }
    destroyed.formUnion(driver.outbox.bodies.values.filter { !held.contains($0) })
  }
}

extension SessionBreak {
  /// Whether it is about what this side sent.
  fileprivate var isOfThisSide: Bool {
    if case .forgotten = self { true } else { false }
  }
}
