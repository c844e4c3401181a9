import HookupCore

/// How a chat server stands, for an operator: what there is at this moment, and what happened since it began.
public struct ChatMeasures: Sendable {
  // What there is.
  public var connections = 0
  /// Persons, guests and accounts, with a connection.
  public var people = 0
  /// Rooms that somebody reads.
  public var openRooms = 0
  /// Entries that wait to be stored, and the bytes of their text.
  public var waitingEntries = 0
  public var waitingBytes = 0
  /// Connections whose next command waits for room in that queue, and those that go faster than they may.
  public var throttledConnections = 0
  public var pausedConnections = 0
  /// Why nothing can be stored now; nil when it can.
  public var storeFailure: String?

  /// What the tries to store have shown so far; also a failure that is not tried again, of a damaged file for instance.
  public var storeHealth = StoreHealth()

  // What happened.
  /// Connections that were opened.
  public var opened = 0
  /// Commands by their name, those that could not be read as `unreadable`.
  public var commands: [String: Int] = [:]
  /// Connections that the chat closed, by close code.
  public var closes: [Int: Int] = [:]
  public var storedEntries = 0
  public var duplicates = 0
  /// Refused commands by their code.
  public var refusals: [String: Int] = [:]
  public var reads = 0
  /// Tries to store that failed.
  public var storeFailures = 0
  /// Transactions that were committed.
  public var transactions: Int { batches.count }
  var batches = BucketCounts(bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000])
  var commits = BucketCounts(
    bounds: [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])

  /// How many names of commands are counted apart; a bound, should names ever come from outside.
  private static let maximumNames = 64

  mutating func count(_ command: Result<ChatCommand, ChatRefusal>) {
    let name = if case .success(let command) = command { command.name } else { "unreadable" }
    let isKnown = commands[name] != nil || commands.count < Self.maximumNames
    commands[isKnown ? name : "other", default: 0] += 1
  }

  /// In Prometheus' text format.
  public var prometheus: String {
    var text = PrometheusText()
    text.add("hookup_connections", .gauge, "Open connections.", Double(connections))
    text.add("hookup_people", .gauge, "Persons with a connection.", Double(people))
    text.add("hookup_open_rooms", .gauge, "Rooms that somebody reads.", Double(openRooms))
    text.add(
      "hookup_store_waiting_entries", .gauge, "Entries that wait to be stored.",
      Double(waitingEntries))
    text.add(
      "hookup_store_waiting_bytes", .gauge, "Bytes of text that wait to be stored.",
      Double(waitingBytes))
    text.add(
      "hookup_throttled_connections", .gauge,
      "Connections whose next command waits for the store's queue.", Double(throttledConnections))
    text.add(
      "hookup_paused_connections", .gauge, "Connections that go faster than they may, and wait.",
      Double(pausedConnections))
    text.add(
      "hookup_store_writable", .gauge, "1 when messages can be stored, else 0.",
      storeFailure == nil && !storeHealth.wantsProbe ? 1 : 0)
    let isDamaged = if case .damaged = storeHealth.state { true } else { false }
    text.add(
      "hookup_store_damaged", .gauge, "1 once a damaged page was found in the store, else 0.",
      isDamaged ? 1 : 0)
    text.add(
      "hookup_connections_total", .counter, "Connections that were opened.", Double(opened))
    text.add(
      "hookup_commands_total", .counter, "Commands of clients.", by: "command",
      commands.mapValues(Double.init))
    text.add(
      "hookup_closes_total", .counter, "Connections that the chat closed.", by: "code",
      Dictionary(uniqueKeysWithValues: closes.map { ("\($0)", Double($1)) }))
    text.add(
      "hookup_stored_entries_total", .counter, "Entries that were stored.", Double(storedEntries))
    text.add(
      "hookup_duplicates_total", .counter, "Entries that came again and were stored already.",
      Double(duplicates))
    text.add(
      "hookup_refusals_total", .counter, "Commands that were refused.", by: "code",
      refusals.mapValues(Double.init))
    text.add("hookup_store_reads_total", .counter, "Reads of the store.", Double(reads))
    text.add(
      "hookup_store_failures_total", .counter, "Tries to store that failed.",
      Double(storeFailures))
    text.add("hookup_commit_entries", "Changes of one transaction.", batches)
    text.add("hookup_commit_seconds", "How long one transaction took.", commits)
    return text.text
  }
}
