/// A protocol as a value: what happened goes in, orders come out, and nothing else changes.
///
/// A driver (NIO, a test with literal times, a simulator) feeds one event, performs the actions that were
/// queued, feeds what came of them back as further events, and then waits for the next event or for
/// ``nextDeadline``, whichever is first; when the deadline passes it feeds the machine's own timer event.
/// A machine reads no clock, draws no randomness of its own (it holds a seeded generator) and knows no I/O.
package protocol Machine: Sendable {
  associatedtype Event: Equatable, Sendable
  associatedtype Action: Equatable, Sendable

  /// Takes one event that happened at `now` and appends the orders that follow from it.
  mutating func handle(
    _ event: Event, at now: MonotonicInstant, into actions: inout ActionQueue<Action>)

  /// When the machine wants its timer event, at the latest; nil when it waits for nothing.
  var nextDeadline: MonotonicInstant? { get }
}

/// The orders of one or more events, in the order in which they are to be carried out.
///
/// A driver keeps one queue and drains it again and again: the storage is reused, so a steady stream of
/// actions allocates nothing.
package struct ActionQueue<Action: Sendable>: Sendable {
  // Inlinable: a driver in another module would otherwise run this unspecialised, several times slower.
  @usableFromInline var actions: [Action] = []
  @usableFromInline var head = 0

  @inlinable
  package init() {}

  @inlinable
  package var isEmpty: Bool { head == actions.count }
  package var count: Int { actions.count - head }

  @inlinable
  package mutating func append(_ action: Action) {
    actions.append(action)
  }

  /// Takes the oldest order, or nil when all are taken.
  @inlinable
  package mutating func popFirst() -> Action? {
    guard head < actions.count else { return nil }
    let action = actions[head]
    head += 1
    if head == actions.count {
      actions.removeAll(keepingCapacity: true)
      head = 0
    }
    return action
  }

  /// Takes all orders at once, oldest first: what a test compares.
  package mutating func drain() -> [Action] {
    defer {
      actions.removeAll(keepingCapacity: true)
      head = 0
    }
    return head == 0 ? actions : Array(actions[head...])
  }
}
