import HookupCore

/// A computer with one program on it: a disk that stays, and a process that comes and goes.
class Node {
  let id: Int
  let name: String
  /// Counts processes: what was planned for an earlier one does not happen.
  private(set) var process = 0
  private(set) var isUp = false
  var suspendedUntil: MonotonicInstant?
  var disk = SimulatedDisk()
  /// I/O calls so far, over all processes: the places where an exhaustive search crashes it.
  var calls = 0
  /// Its open ends of connections.
  var links: [Link] = []

  init(id: Int, name: String) {
    self.id = id
    self.name = name
  }

  final func start(_ world: World) {
    guard !isUp else { return }
    process += 1
    isUp = true
    world.note(self, "starts")
    run(world)
  }

  final func crash(_ world: World) {
    guard isUp else { return }
    process += 1
    isUp = false
    suspendedUntil = nil
    world.note(self, "crashes")
    let open = links
    links = []
    for link in open { link.vanish(self, world) }
    disk.crash(&world.random)
    fall(world)
  }

  /// The messages that it still has to send: what its process holds, else what the next one will find.
  var held: Set<UInt64> { [] }
  /// The process begins: reads its disk, goes to work.
  func run(_ world: World) {}
  /// The process is gone, the disk has settled.
  func fall(_ world: World) {}
  func received(_ packet: Link.Packet, on link: Link, _ world: World) {}
}
