/// When each client of a server that stops is to come back: one after the other over a window, so that they do not come all at once.
package struct DrainPlan: Hashable, Sendable {
  /// How long the window is for each client at most.
  package static let timeForEach = Duration.milliseconds(10)

  /// Milliseconds.
  package let window: Int
  package let clients: Int

  /// - Parameter window: at most so long; a few clients have less.
  package init(window: Duration, clients: Int) {
    let needed = Self.timeForEach * clients
    self.window = Int(min(window, needed).wholeMilliseconds)
    self.clients = clients
  }

  /// The time of the client at `place`, 0 up to the number of clients: in milliseconds, at the earliest and the latest. Nil without a
  /// window.
  package func slot(_ place: Int) -> ClosedRange<Int>? {
    guard window > 0, (0..<clients).contains(place) else { return nil }
    return window * place / clients...window * (place + 1) / clients
  }
}
