import HookupCore

/// What one seed stands for: how many clients and messages, how things are set up, and what goes wrong when.
package struct SimulationPlan: Sendable {
  package enum Fault: String, CaseIterable, Sendable {
    case cut, stall, halfOpen, loseFrame, dialsFail, serverClosesAtOnce
    case crashClient, crashServer, suspendClient, suspendServer
    case clientDiskFull, clientSyncFails, commitsFail, readerBehind
    // What breaks continuity:
    case restoreClient, restoreServer, cloneClient, damageOutbox, loseClientDisk

    package var breaks: Bool {
      switch self {
      case .restoreClient, .restoreServer, .cloneClient, .damageOutbox, .loseClientDisk: true
      default: false
      }
    }
  }

  package struct Event: Sendable {
    package var time: Duration
    package var fault: Fault
  }

  package var clients = 1
  package var messages = 12
  package var answers = 6
  package var span = Duration.seconds(60)
  package var window = 4
  package var credit = 4
  package var outboxMessages = 12
  package var waitsWhenFull = true
  package var awaitsGreeting = false
  /// Whether the server's cursor is in its effects' transaction, and the client's.
  package var serverStores = true
  package var clientStores = true
  /// Whether what the server sends survives its process.
  package var serverOutboxIsDurable = false
  package var refuseOneIn: UInt64 = 0
  /// A client takes one in so many of its messages back, if it can; 0 for none.
  package var withdrawOneIn: UInt64 = 0
  package var failsWhenDiskFull = false
  package var latency = Duration.milliseconds(5)
  package var faults: [Event] = []
  /// Crash this node at this I/O call; the exhaustive search's.
  package var crashes: [(node: Int, call: Int)] = []
  /// Cut the connection when this many frames have gone this way, the first time.
  package var cutUp: Int?
  package var cutDown: Int?
  package var spreadsOut = true

  package init() {}

  /// Draws one.
  package init(_ random: inout RandomSource) {
    clients = [1, 1, 1, 2, 2, 3, 4].randomElement(using: &random) ?? 1
    messages = Int.random(in: 1...24, using: &random)
    answers = Int.random(in: 0...12, using: &random)
    span = .seconds(Int.random(in: 1...120, using: &random))
    window = Int.random(in: 1...8, using: &random)
    credit = Int.random(in: 1...8, using: &random)
    outboxMessages = Int.random(in: 1...16, using: &random)
    waitsWhenFull = Int.random(in: 0..<4, using: &random) > 0
    awaitsGreeting = Int.random(in: 0..<4, using: &random) == 0
    serverStores = Int.random(in: 0..<4, using: &random) > 0
    clientStores = Int.random(in: 0..<4, using: &random) > 0
    serverOutboxIsDurable = Bool.random(using: &random)
    refuseOneIn = Bool.random(using: &random) ? UInt64.random(in: 2...6, using: &random) : 0
    failsWhenDiskFull = Bool.random(using: &random)
    latency =
      [.microseconds(100), .milliseconds(5), .milliseconds(80), .seconds(1)]
      .randomElement(using: &random) ?? .milliseconds(5)
    spreadsOut = Bool.random(using: &random)
    let mayBreak = Int.random(in: 0..<3, using: &random) == 0
    let kinds = Fault.allCases.filter {
      (mayBreak || !$0.breaks) && Bool.random(using: &random)
    }
    guard !kinds.isEmpty else { return }
    for _ in 0..<Int.random(in: 0...14, using: &random) {
      faults.append(
        Event(
          time: random.duration(upTo: span), fault: kinds.randomElement(using: &random) ?? .cut))
    }
    faults.sort { $0.time < $1.time }
  }
}
