import HookupCore

/// Decides when the screen is painted: at once after a pause and for every key, at most once an interval while news
/// keeps coming.
public struct PaintPacer: Hashable, Sendable {
  /// The least time between two paints that no key asked for. 0 paints for every burst of news and costs a core in a
  /// flood; a second makes a lively room jump.
  public let interval: Duration
  private var lastPaint: MonotonicInstant?
  /// When the next paint is due; nil while the screen is up to date.
  public private(set) var due: MonotonicInstant?

  /// Default 33 ms, 30 frames a second.
  public init(interval: Duration = .milliseconds(33)) {
    self.interval = interval
  }

  /// Before this instant nothing that comes by itself is painted, so it need not be looked at either.
  public var nextPaint: MonotonicInstant {
    lastPaint.map { $0 + interval } ?? .zero
  }

  /// Something to be seen has changed that nobody here did.
  public mutating func changed(at now: MonotonicInstant) {
    let earliest = lastPaint.map { max(now, $0 + interval) } ?? now
    due = due.map { min($0, earliest) } ?? earliest
  }

  /// A key was pressed or the terminal has a new size: its effect is shown without delay.
  public mutating func changedByHand(at now: MonotonicInstant) {
    due = due.map { min($0, now) } ?? now
  }

  public mutating func painted(at now: MonotonicInstant) {
    lastPaint = now
    due = nil
  }

  /// The terminal could not take the frame now: it is due again an interval later.
  public mutating func postponed(at now: MonotonicInstant) {
    due = now + interval
  }
}
