import HookupCore
import Testing

/// The smallest machine: counts events, orders every third, and wants a timer a second after each.
private struct Tally: Machine {
  enum Event: Equatable, Sendable { case tick, timer }
  enum Action: Equatable, Sendable {
    case third(Int)
    case late
  }
  private var count = 0
  private(set) var nextDeadline: MonotonicInstant?

  mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    switch event {
    case .tick:
      count += 1
      nextDeadline = now + .seconds(1)
      if count.isMultiple(of: 3) { actions.append(.third(count)) }
    case .timer:
      nextDeadline = nil
      actions.append(.late)
    }
  }
}

@Suite struct MachineTests {
  @Test func `a machine is driven by events and literal times`() {
    var machine = Tally()
    var actions = ActionQueue<Tally.Action>()
    #expect(machine.nextDeadline == nil)
    for second in 1...3 {
      machine.handle(.tick, at: MonotonicInstant(nanoseconds: Int64(second)), into: &actions)
    }
    #expect(actions.drain() == [.third(3)])
    #expect(machine.nextDeadline == MonotonicInstant(nanoseconds: 1_000_000_003))
    machine.handle(.timer, at: MonotonicInstant(nanoseconds: 1_000_000_003), into: &actions)
    #expect(actions.drain() == [.late])
    #expect(machine.nextDeadline == nil)
  }

  @Test func `orders come out in the order in which they went in`() {
    var queue = ActionQueue<Int>()
    #expect(queue.isEmpty)
    #expect(queue.popFirst() == nil)
    queue.append(1)
    queue.append(2)
    #expect(queue.count == 2)
    #expect(queue.popFirst() == 1)
    queue.append(3)
    #expect(queue.count == 2)
    #expect(queue.popFirst() == 2)
    #expect(queue.popFirst() == 3)
    #expect(queue.popFirst() == nil)
    #expect(queue.isEmpty)
  }

  @Test func `drain takes what is left, also after some were taken one by one`() {
    var queue = ActionQueue<Int>()
    for value in 1...5 { queue.append(value) }
    #expect(queue.popFirst() == 1)
    #expect(queue.drain() == [2, 3, 4, 5])
    #expect(queue.isEmpty)
    #expect(queue.drain() == [])
    queue.append(6)
    #expect(queue.count == 1)
    #expect(queue.drain() == [6])
  }

  @Test func `a queue that is emptied again and again starts anew each time`() {
    var queue = ActionQueue<Int>()
    for round in 0..<100 {
      for value in 0..<10 { queue.append(round * 10 + value) }
      var taken: [Int] = []
      while let action = queue.popFirst() { taken.append(action) }
      #expect(taken == (0..<10).map { round * 10 + $0 })
      #expect(queue.isEmpty)
      #expect(queue.count == 0)
    }
  }
}
