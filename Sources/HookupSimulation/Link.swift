import HookupCore

/// One connection: frames in order, both ways, until something happens to it.
final class Link {
  enum Packet {
    case frame(ResumeFrame)
    case closed(code: UInt16, reason: String)
  }

  /// One direction, named by its sender.
  private struct Way {
    var lastArrival = MonotonicInstant.zero
    /// What would arrive later than this never does.
    var goodUntil: MonotonicInstant?
    var isOpen = true
    var carried = 0
    /// The frame, counted from 1, that gets lost alone: what a broken proxy does.
    var losing: Int?
    var hasLost = false
    /// The frame, counted from 1, during which the connection is cut.
    var cuttingAt: Int?
  }

  /// Silence that both sides take for death: a ping after 15 s, and 10 s for its answer.
  static let patience = Duration.seconds(25)

  /// The client's name for it, and the server's.
  let number: UInt64
  let id: UInt64
  let client: ClientNode
  let server: ServerNode
  var latency: Duration
  private var up: Way
  private var down: Way

  init(
    id: UInt64, number: UInt64, client: ClientNode, server: ServerNode, latency: Duration,
    losing: Int?, cuttingAt: (up: Int?, down: Int?)
  ) {
    self.id = id
    self.number = number
    self.client = client
    self.server = server
    self.latency = latency
    up = Way(losing: losing, cuttingAt: cuttingAt.up)
    down = Way(losing: losing.map { $0 + 1 }, cuttingAt: cuttingAt.down)
  }

  private func isClient(_ node: Node) -> Bool { node === client }
  private func other(_ node: Node) -> Node { node === client ? server : client }

  private subscript(from node: Node) -> Way {
    get { isClient(node) ? up : down }
    set { if isClient(node) { up = newValue } else { down = newValue } }
  }

  /// Whether `node` still holds its end.
  func isOpen(_ node: Node) -> Bool { self[from: node].isOpen }

  private func drop(_ node: Node) {
    self[from: node].isOpen = false
    node.links.removeAll { $0 === self }
  }

  // MARK: What the ends do

  func send(_ packet: Packet, from node: Node, _ world: World) {
    guard isOpen(node) else { return }
    self[from: node].carried += 1
    let way = self[from: node]
    // Acks and what else says the state of things is not lost alone: without a gap nobody can notice.
    if let losing = way.losing, losing <= way.carried, case .frame(.numbered) = packet {
      self[from: node].losing = nil
      self[from: node].hasLost = true
      return world.note(node, "the network loses a frame of connection \(id)")
    }
    // A skip says where it ends and not where it begins: over TCP nothing before it can be missing.
    if way.hasLost, case .frame(.skip) = packet { return cut(world) }
    if let last = way.cuttingAt, last <= way.carried {
      if last == way.carried { cut(world, inFlight: false) }
      return
    }
    transport(packet, from: node, world)
  }

  private func transport(_ packet: Packet, from node: Node, _ world: World) {
    let jitter = world.random.duration(upTo: latency)
    let arrival = max(self[from: node].lastArrival, world.now + latency + jitter)
    self[from: node].lastArrival = arrival
    let peer = other(node)
    world.plan(at: arrival, owner: (peer, peer.process)) { world in
      if let end = self[from: node].goodUntil, end < arrival { return }
      guard self.isOpen(peer) else { return }
      if case .closed = packet {
        // The answer to a close frame goes back and both sides are done.
        self.transport(packet, from: peer, world)
        self.drop(peer)
      }
      peer.received(packet, on: self, world)
    }
  }

  /// A closing handshake begins; its end comes as a packet, within 10 s.
  func close(_ node: Node, code: UInt16, reason: String, _ world: World) {
    guard isOpen(node) else { return }
    transport(.closed(code: code, reason: reason), from: node, world)
    world.after(.seconds(10), node) { world in
      self.end(node, "no answer to the close frame", world)
    }
    // The answer comes through an end that still listens.
  }

  func abort(_ node: Node, _ world: World) {
    guard isOpen(node) else { return }
    drop(node)
    world.after(.zero, node) { world in
      node.received(.closed(code: 1006, reason: "aborted"), on: self, world)
    }
    reset(from: node, world)
  }

  /// The process of `node` is gone.
  func vanish(_ node: Node, _ world: World) {
    self[from: node].isOpen = false
    if Int.random(in: 0..<4, using: &world.random) == 0 {
      // The computer went with it: nobody says so.
      silence(from: node, world)
    } else {
      reset(from: node, world)
    }
  }

  private func end(_ node: Node, _ reason: String, _ world: World) {
    guard isOpen(node) else { return }
    drop(node)
    node.received(.closed(code: 1006, reason: reason), on: self, world)
  }

  /// Tells the other side, if the way is good.
  private func reset(from node: Node, _ world: World) {
    let peer = other(node)
    guard isOpen(peer) else { return }
    if let good = self[from: node].goodUntil, good < world.now {
      return silence(from: node, world)
    }
    let arrival = max(self[from: node].lastArrival, world.now + latency)
    world.plan(at: arrival, owner: (peer, peer.process)) { world in
      self.end(peer, "reset by peer", world)
    }
  }

  // MARK: What happens to it

  /// Nothing more arrives from `node`: its peer notices in time.
  func silence(from node: Node, _ world: World) {
    let peer = other(node)
    if self[from: node].goodUntil == nil { self[from: node].goodUntil = world.now }
    world.after(Self.patience, peer) { world in
      guard self.isOpen(peer) else { return }
      self.drop(peer)
      peer.received(.closed(code: 1006, reason: "silent"), on: self, world)
      self.reset(from: peer, world)
    }
  }

  /// Both ways end; of what is in flight a part still arrives.
  func cut(_ world: World, inFlight: Bool = true) {
    world.note(nil, "connection \(id) is cut")
    for node in [client, server] as [Node] {
      let good = world.now + (inFlight ? world.random.duration(upTo: latency * 2) : .seconds(1))
      self[from: node].goodUntil = min(self[from: node].goodUntil ?? good, good)
      let peer = other(node)
      world.plan(at: good + .milliseconds(1), owner: (peer, peer.process)) { world in
        self.end(peer, "connection reset", world)
      }
    }
  }

  /// Nothing arrives for a while, in either direction.
  func stall(_ pause: Duration, _ world: World) {
    up.lastArrival = max(up.lastArrival, world.now + pause)
    down.lastArrival = max(down.lastArrival, world.now + pause)
  }
}
