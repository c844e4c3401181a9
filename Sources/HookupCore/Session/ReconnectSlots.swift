/// When each client of a server that restarts is to come back: every one has a slot of its own, and the slots lie side by side, so
/// that they come evenly however many they are.
package struct ReconnectSlots: Hashable, Sendable {
  /// What a client heeds at most (``SessionMachine/longestRetryAfter``).
  package static let longest = Duration.seconds(600)
  /// What each client adds to the window: at most a hundred come back in a second as long as the window may grow.
  package static let perClient = Duration.milliseconds(10)

  private let start: Int64
  private let width: Int64
  /// Which slot each client has.
  private let order: [Int]

  /// - Parameters:
  ///   - clients: how many come back; at least 0.
  ///   - window: how long the slots last together; beyond ``longest``, with `start`, it is cut.
  ///   - start: when the first begins, counted from the end of the connection.
  ///   - random: draws who has which slot.
  package init(
    clients: Int, over window: Duration, from start: Duration, random: inout RandomSource
  ) {
    let longest = Self.longest.wholeMilliseconds
    self.start = Int64(min(max(0, start.wholeMilliseconds), longest))
    width = Int64(min(max(0, window.wholeMilliseconds), longest))
    order = (0..<max(0, clients)).shuffled(using: &random)
  }

  /// The window that so many clients need, up to `limit`: few are not kept waiting.
  package static func window(for clients: Int, atMost limit: Duration) -> Duration {
    min(limit, perClient * min(max(0, clients), 1_000_000_000))
  }

  package var count: Int { order.count }

  /// When client number `index`, from 0 on, comes back: milliseconds after the end of its connection.
  package subscript(index: Int) -> ClosedRange<Int> {
    let slot = Int64(order[index])
    return Int(edge(slot))...Int(edge(slot + 1))
  }

  /// Where slot number `slot` begins.
  private func edge(_ slot: Int64) -> Int64 {
    min(start + width * slot / Int64(order.count), Self.longest.wholeMilliseconds)
  }
}
