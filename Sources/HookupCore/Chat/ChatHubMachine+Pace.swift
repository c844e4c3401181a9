extension ChatHubMachine {
  /// Who goes faster than they may, and when their next command is due.
  struct Pace: Sendable {
    /// Now, as of the event that is being handled.
    var now = MonotonicInstant.zero
    /// The addresses that are connected, or were and are not forgotten yet.
    private var addresses: [String: Address] = [:]
    /// Connections that wait for their time, in the order of their deadlines.
    private var pauses: [(deadline: MonotonicInstant, key: ChatConnectionKey)] = []

    private struct Address: Sendable {
      var connections: Int
      var commands: TokenBucket
    }

    /// Addresses without a connection that are remembered: who connects anew has no new burst.
    static let maximumAbsent = 10_000

    var nextDeadline: MonotonicInstant? { pauses.first?.deadline }
    /// Connections that wait for their time; some of them may be gone.
    var paused: Int { pauses.count }

    mutating func arrived(_ address: String?) {
      guard let address else { return }
      addresses[address, default: Address(connections: 0, commands: TokenBucket(at: now))]
        .connections += 1
    }

    mutating func left(_ address: String?) {
      guard let address, let state = addresses[address] else { return }
      addresses[address]?.connections -= 1
      guard state.connections <= 1 else { return }
      if state.commands.isFull(at: now) { addresses[address] = nil }
      guard addresses.count > Self.maximumAbsent else { return }
      addresses = addresses.filter {
        $0.value.connections > 0 || !$0.value.commands.isFull(at: now)
      }
      guard addresses.count > Self.maximumAbsent else { return }
      addresses = addresses.filter { $0.value.connections > 0 }
    }

    /// Takes a command of somebody at `address`: nil, or how long it has to wait.
    mutating func take(_ address: String?, _ rate: TokenBucket.Rate) -> Duration? {
      guard let address else { return nil }
      return addresses[address]?.commands.take(rate, at: now)
    }

    mutating func pause(_ key: ChatConnectionKey, for wait: Duration) {
      let deadline = now + wait
      var low = 0
      var high = pauses.count
      while low < high {
        let middle = (low + high) / 2
        if pauses[middle].deadline <= deadline { low = middle + 1 } else { high = middle }
      }
      pauses.insert((deadline, key), at: low)
    }

    /// Those whose time has come.
    mutating func resume() -> [ChatConnectionKey] {
      let due = pauses.prefix { $0.deadline <= now }
      pauses.removeFirst(due.count)
      return due.map(\.key)
    }

    mutating func resumeAll() -> [ChatConnectionKey] {
      defer { pauses = [] }
      return pauses.map(\.key)
    }
  }

  /// How often a connection is told that it has to slow down.
  private static let slowNotice = Duration.seconds(10)

  /// Whether the connection's next command may be taken now; else it waits for its time, and nothing is lost.
  mutating func mayTake(
    _ key: ChatConnectionKey, _ actions: inout ActionQueue<ChatHubAction>
  ) -> Bool {
    guard let connection = connections[key] else { return false }
    let person = connection.nick?.folded
    if person.flatMap({ people[$0]?.isOperator }) == true { return true }
    // The person first: who waits for their own time takes nothing from those who share the address.
    var wait = person.flatMap { people[$0]?.commands.take(settings.personRate, at: pace.now) }
    if wait == nil { wait = pace.take(connection.address, settings.addressRate) }
    guard let wait else { return true }
    connections[key]?.isPaused = true
    pace.pause(key, for: wait)
    guard connection.slowedAt.map({ $0 + Self.slowNotice <= pace.now }) ?? true else {
      return false
    }
    connections[key]?.slowedAt = pace.now
    let message =
      "you send more than \(settings.personRate.perSecond) commands a second, or all at your address together "
      + "\(settings.addressRate.perSecond): what is beyond waits its turn, nothing is lost"
    actions.append(.send(.notice(code: .slowDown, message: message), to: [key]))
    return false
  }
}
