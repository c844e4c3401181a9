/// Holds the peer to an end of each message that it has begun, so that half a message cannot hold memory for ever.
///
/// A message has the grace time, and more for each byte that came since: whoever sends at least ``leastBytesPerSecond`` is never
/// cut off before its bytes are. Time in which this side does not read does not count.
struct MessagePace: Sendable {
  /// The slowest that a message may come once its grace time is over, bytes a second: less than the slowest modem.
  static let leastBytesPerSecond = 1_024
  /// How late a deadline may be looked at and still prove anything: later, it was this process that slept.
  private static let provenLateness: Duration = .seconds(1)

  private let configuration: WebSocketMachine.Configuration
  private var receivedBytes = 0
  /// When the message under way must be complete; nil while there is none, or while nobody reads.
  private(set) var deadline: MonotonicInstant?

  init(_ configuration: WebSocketMachine.Configuration) {
    self.configuration = configuration
  }

  /// Nil: messages may take as long as they like.
  private var grace: Duration? { configuration.messageTimeout }

  /// Bytes were read. `isUnderWay`: they end within a frame or a message; `isNew`: which began among them.
  mutating func received(_ bytes: Int, isUnderWay: Bool, isNew: Bool, at now: MonotonicInstant) {
    guard isUnderWay else {
      deadline = nil
      return
    }
    guard let grace else { return }
    guard let deadline, !isNew else { return start(grace, at: now) }
    // What cannot be the message's, pings for instance, buys no time.
    let counted = min(bytes, configuration.maximumMessageBytes - receivedBytes)
    receivedBytes += counted
    self.deadline =
      deadline + .nanoseconds(Int64(counted) * (1_000_000_000 / Int64(Self.leastBytesPerSecond)))
  }

  /// Whether the peer has taken too long.
  mutating func timePassed(at now: MonotonicInstant) -> Bool {
    guard let grace, let deadline, deadline <= now else { return false }
    guard now - deadline > Self.provenLateness else { return true }
    // The bytes may lie unread in the socket.
    self.deadline = now + grace
    return false
  }

  /// Nobody reads the socket from now on.
  mutating func suspend() { deadline = nil }

  /// The socket is read again: a message that is under way has its whole time.
  mutating func resume(isUnderWay: Bool, at now: MonotonicInstant) {
    if isUnderWay, let grace { start(grace, at: now) }
  }

  private mutating func start(_ grace: Duration, at now: MonotonicInstant) {
    receivedBytes = 0
    deadline = now + grace
  }
}
