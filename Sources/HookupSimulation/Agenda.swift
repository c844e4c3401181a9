import HookupCore

/// What is going to happen, by virtual time; at one instant in the order in which it was planned.
struct Agenda {
  struct Task {
    var time: MonotonicInstant
    var order: UInt64
    /// Whose process it belongs to, and which of its processes: it does not happen when that one is gone. Nil for the world itself.
    var owner: (node: Node, process: Int)?
    var body: (World) -> Void

    fileprivate func precedes(_ other: Task) -> Bool {
      (time, order) < (other.time, other.order)
    }
  }

  /// A binary heap, earliest first.
  private var heap: [Task] = []
  private var planned: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }
  var count: Int { heap.count }

  mutating func add(
    at time: MonotonicInstant, owner: (node: Node, process: Int)?, _ body: @escaping (World) -> Void
  ) {
    planned += 1
    heap.append(Task(time: time, order: planned, owner: owner, body: body))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Task? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      guard least != parent else { return top }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
